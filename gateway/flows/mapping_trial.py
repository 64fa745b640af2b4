"""What the rules of a link would do: to one real ticket or a sample, and to the values of the last days. Nothing is written."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import mapping
from gateway.domain.directory import Directory
from gateway.domain.model import Desk, Field, Hop, HopStatus, Link, Side
from gateway.domain.rules import passing
from gateway.domain.rules.documents import rules_from
from gateway.domain.rules.evaluate import TEXTS
from gateway.domain.rules.model import LinkRules
from gateway.errors import NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.mappings import Which, place
from gateway.patterns import compiled
from gateway.store import cases, mappings
from gateway.store.db import Db

Row = dict[str, Any]
MOST_SHOWN = 200
"""Characters of a value in a row."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Which link, which way; `draft_of`: with that side's newest version in the place of the one in effect."""

    link: str
    down: bool = True
    draft_of: Side | None = None


@dataclass(frozen=True, kw_only=True)
class _Ground:
    directory: Directory
    link: Link
    rules: LinkRules
    down: bool

    @property
    def source(self) -> Desk:
        return self.directory.desk(self.link.upstream_desk_id if self.down else self.link.downstream_desk_id)

    @property
    def target(self) -> Desk:
        return self.directory.desk(self.link.downstream_desk_id if self.down else self.link.upstream_desk_id)


def of_sample(context: Context, trial: Trial, fields: Mapping[str, str | None]) -> list[Row]:
    """What becomes of these fields, in the words of the desk they come from. Raises NotFound."""
    with context.database.read() as db:
        return list(_rows(_ground(context, db, trial), fields))


def of_ticket(context: Context, trial: Trial, ticket_id: str, *, now: datetime) -> list[Row]:
    """What becomes of a real ticket, as its desk was last seen. Raises NotFound."""
    with context.database.read() as db:
        ground = _ground(context, db, trial)
        occasion = context.occasion(db, now)
        found = cases.load(db, OPERATOR, [ticket_id], occasion, lock=False).get(ticket_id)
        hops = [hop for hop in found.hops.values() if hop.desk_id == ground.source.id] if found else []
        if not hops:
            what = f"ticket {ticket_id} has nothing at desk {ground.source.code}"
            raise NotFound(what, cure="interdesk tickets list shows the tickets")
        return list(_rows(ground, hops[-1].shadow))


def _ground(context: Context, db: Db, trial: Trial) -> _Ground:
    at = place(context, db, Which(link=trial.link, side=trial.draft_of or Side.UPSTREAM))
    directory = context.directory(db)
    rules = directory.rules_of(at.link)
    if trial.draft_of is not None:
        known = mappings.versions(db, OPERATOR, at.link.id, trial.draft_of)
        if not known:
            raise NotFound("there is no version yet", cure="interdesk mapping draft LINK FILE makes one")
        newest = rules_from(known[-1].document, compiled, version=known[-1].number)
        rules = replace(rules, **{trial.draft_of.value: newest})
    return _Ground(directory=directory, link=at.link, rules=rules, down=trial.down)


def _rows(ground: _Ground, fields: Mapping[str, str | None]) -> Iterator[Row]:
    """One row for each field that crosses, is made, or is held."""
    hop, unread = _read(ground, fields)
    over = passing.over(ground.rules, hop, ground.link, down=ground.down)
    for name in sorted({*over.made, *unread, *over.middle}):
        made, middle = over.made.get(name), over.middle.get(name)
        value = made.value if made is not None else None
        target = _written(ground.target, name, value)
        yield {
            "field": name,
            "source": _short(fields.get(name)),
            "canonical": _short(hop.facts.get(name, fields.get(name) if name in TEXTS else None)),
            "outgoing": _short(middle.value if middle is not None else hop.facts.get(name)),
            "incoming": _short(value),
            "target": _short(target),
            "rule": ", ".join(
                dict.fromkeys(one.rule for one in (middle, made) if one is not None and one.rule)
            ),
            "note": _note(name in unread, made, target),
        }


def _note(is_unread: bool, made: Any, target: str | None) -> str:
    if is_unread:
        return "held: the desk's profile does not know this value"
    if made is not None and made.held is not None:
        return f"held: {made.held!r} is not in the table"
    if made is not None and made.value is not None and target is None:
        return "told in words: the desk has no field or word for it"
    return ""


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"


def _read(ground: _Ground, fields: Mapping[str, str | None]) -> tuple[Hop, set[str]]:
    """A hop as it would be with these native fields, and the fields that its profile cannot read."""
    known, unread = dict[str, str](), set[str]()
    for name, native in fields.items():
        if not native or not (name in mapping.CARRIED or mapping.is_free(name)):
            continue
        try:
            known[name] = mapping.canonical(ground.source, _codes(ground, name), name, native)
        except mapping.UnknownWord:
            unread.add(name)
    hop = Hop(
        id="",
        org_id="",
        ticket_id="",
        desk_id=ground.source.id,
        status=HopStatus.IN_PROGRESS,
        facts=known,
        shadow=fields,
    )
    return hop, unread


def _codes(ground: _Ground, field: str) -> frozenset[str]:
    table = ground.directory.sites if field == Field.SITE else ground.directory.assets
    return frozenset(code for _, code in table)


def _written(desk: Desk, name: str, value: str | None) -> str | None:
    if value is None or name in TEXTS:
        return value
    try:
        return mapping.native(desk, name, value)
    except ValueError:
        return None


def coverage(context: Context, link: str, *, days: int, now: datetime) -> list[Row]:
    """Field, value, how many tickets show it, and who does not know it; both ways. Raises NotFound."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    with context.database.read() as db:
        for down in (True, False):
            ground = _ground(context, db, Trial(link=link, down=down))
            since = now - timedelta(days=days)
            for shadow in mappings.seen(db, OPERATOR, ground.source.id, since=since):
                found.update((*lack, "down" if down else "up") for lack in _lacks(ground, shadow))
    return [
        {"field": field, "value": value, "tickets": count, "where": where, "direction": direction}
        for (field, value, where, direction), count in sorted(
            found.items(), key=lambda pair: (-pair[1], pair[0])
        )
    ]


def _lacks(ground: _Ground, fields: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    """(field, value, who does not know it) of one ticket."""
    hop, unread = _read(ground, fields)
    may = passing.allowed(ground.link, down=ground.down)
    status = fields.get(Field.STATUS)
    if status and mapping.status_of(ground.source, status) is None:
        yield Field.STATUS.value, status, f"the profile of {ground.source.code}"
    for name in sorted(unread):
        if mapping.among(may, name):
            yield name, fields.get(name) or "", f"the profile of {ground.source.code}"
    over = passing.over(ground.rules, hop, ground.link, down=ground.down)
    for made in over.held:
        yield made.field, made.held or "", made.rule
    for name, value in over.facts.items():
        if name == Field.PRIORITY and _written(ground.target, name, value) is None:
            yield name, value, f"the profile of {ground.target.code}"
