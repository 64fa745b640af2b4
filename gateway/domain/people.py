"""How people are named to others: the links on the way from where somebody is to where it is read say how much of them may
be shown. Who may read their words at all is `gateway.domain.audience`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.domain.case import Case
from gateway.domain.marks import keyed
from gateway.domain.model import Content, Hop, Link

RULES = ("nobody", "organization", "role", "masked", "name")
"""How much of somebody is shown, the least first."""
REQUESTER, AGENT, TECHNICIAN = "requester", "agent", "technician"
_WORDS: Mapping[str, Mapping[str, str]] = {
    REQUESTER: {"en": "Requester", "ru": "Заявитель", "it": "Richiedente"},
    AGENT: {"en": "Agent", "ru": "Сотрудник", "it": "Operatore"},
    TECHNICIAN: {"en": "Technician", "ru": "Инженер", "it": "Tecnico"},
    "person": {"en": "Person {mark}", "ru": "Лицо {mark}", "it": "Persona {mark}"},
}
_SHORTEST = 3
"""A name of fewer letters is not looked for in texts: it would be found in other words."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody at the desk of a hop: the name people read there, the desk's own id of them, their role."""

    hop: Hop
    name: str
    native: str = ""
    role: str = AGENT


@dataclass(frozen=True, kw_only=True)
class Naming:
    """That words of ours call somebody at the hop `of` by `name`, which `rule` allowed then; `instead` is the organization."""

    of: str
    name: str
    instead: str
    rule: str

    @property
    def kept(self) -> Mapping[str, str]:
        """As it stands beside the words until they leave."""
        return {"of": self.of, "name": self.name, "instead": self.instead, "as": self.rule}


def author(case: Case, content: Content) -> Party:
    """Who wrote it."""
    return Party(
        hop=case.hops[content.origin_hop_id],
        name=content.author,
        native=str(content.source.get("author", "")),
        role=str(content.source.get("role", AGENT)),
    )


def rule(link: Link, *, down: bool) -> str:
    """How the link lets people be named in that direction."""
    crossing = link.crossing
    return (crossing.people_down if down else crossing.people_up) or crossing.people


def way(case: Case, reader: Hop, origin: Hop) -> Iterator[tuple[Link, bool]]:
    """The links from `origin` to `reader`, each with whether the way there goes down."""
    here, there = case.upwards(reader), case.upwards(origin)
    ups = [(one, False) for one in there if one not in here]
    downs = [(one, True) for one in reversed(here) if one not in there]
    for hop, down in (*ups, *downs):
        link = case.link(hop)
        if link is not None:
            yield link, down


def naming(case: Case, reader: Hop, origin: Hop) -> str:
    """The least that a link on the way allows; a sibling's people are never named."""
    found = list(way(case, reader, origin))
    rules = [rule(link, down=down) for link, down in found]
    if len({down for _, down in found}) > 1:
        rules.append("organization")
    return min(rules, key=RULES.index, default="name")


def shown(case: Case, reader: Hop, who: Party) -> str:
    """What the reader's desk may call somebody; empty where it learns the organization at most."""
    allowed = naming(case, reader, who.hop)
    if allowed == "name":
        return who.name
    return _instead(case, reader, who, allowed) if who.name else ""


def _instead(case: Case, reader: Hop, who: Party, allowed: str) -> str:
    language = case.desk(reader).language
    if allowed == "masked":
        return _word("person", language).format(mark=_mark(case, reader, who))
    return _word(who.role, language) if allowed == "role" else ""


def _word(name: str, language: str) -> str:
    words = _WORDS.get(name, _WORDS[AGENT])
    return words.get(language, words["en"])


def _mark(case: Case, reader: Hop, who: Party) -> str:
    """The same person has the same pseudonym on a link for ever, and another on every other link."""
    links = (link for link, down in way(case, reader, who.hop) if rule(link, down=down) == "masked")
    link = next(links)
    return keyed(case.directory.salt, "mask", link.id, who.hop.desk_id, who.native or who.name)[:6].upper()


def without_names(case: Case, reader: Hop, origin: Hop, text: str) -> str:
    """A text of `origin` without the names of its people, where the reader may not learn them: what somebody writes below
    a letter or into the name of a file gives them away as well as the line above it."""
    if naming(case, reader, origin) == "name":
        return text
    for who in sorted(_known(case, origin), key=lambda one: -len(one.name)):
        text = _replaced(text, who.name, shown(case, reader, who) or _organization(case, reader, origin))
    return text


def _organization(case: Case, reader: Hop, origin: Hop) -> str:
    return case.directory.organization_name(case.towards(reader, origin).org_id)


def _known(case: Case, origin: Hop) -> Iterable[Party]:
    """Everybody who spoke at the desks of that hop's organization in this case, each once."""
    found: dict[str, Party] = {}
    for content in case.all_contents():
        who = author(case, content)
        if who.hop.org_id == origin.org_id and len(who.name) >= _SHORTEST and not who.name.startswith("per_"):
            found.setdefault(who.name, who)
    return found.values()


def _replaced(text: str, name: str, instead: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: instead, text, flags=re.IGNORECASE)
