"""Private stays private, whatever the links say: canaries in notes, names, files and other people's tickets are looked for in
every byte that was sent, every desk, every line of log, every row and every explanation of the other side (D6, T15)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.errors import NotFound
from gateway.flows.explain import explain
from gateway.store import schema
from gateway.store.scope import Scope
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import MINUTE, Cast, Stage

EDGES = ("customer>vendor", "vendor>partner", "vendor>other")
CODES = ("customer", "vendor", "partner", "other")
WAYS = {(up, down): True for up, _, down in (edge.partition(">") for edge in EDGES)}
NAMINGS = ("name", "masked", "role", "organization", "nobody")
RULES = st.fixed_dictionaries(
    {
        "people_down": st.sampled_from(NAMINGS),
        "people_up": st.sampled_from(NAMINGS),
        "comments_down": st.sampled_from(("publish", "land_as_internal", "stop")),
        "comments_up": st.sampled_from(("publish", "land_as_internal", "stop")),
        "internal_notes_down": st.booleans(),
        "internal_notes_up": st.booleans(),
        "fields_down": st.sampled_from((["title", "priority"], ["title", "description", "custom.*"], [])),
        "fields_up": st.sampled_from((["assignee"], [])),
        "attachment_types": st.sampled_from(([], ["image/*"])),
    }
)
PROPERTY = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True, kw_only=True)
class Canary:
    """A word, the desk where it was said, and at which others it may stand. `taken_back`: it was public for a while, so
    messages of then, kept as they came for as long as messages are kept, may hold it."""

    word: str
    desk: str
    readers: frozenset[str] = frozenset()
    taken_back: bool = False


def way(origin: str, reader: str) -> list[str]:
    """The codes from one desk to another; every way leads over the vendor."""
    if "vendor" in (origin, reader):
        return [origin, reader]
    return [origin, "vendor", reader]


def may_learn(rules: dict[str, Any], origin: str, reader: str, name: str, allowed: Any) -> bool:
    """Whether each link on the way says `allowed` for what is called `name_down` or `name_up`."""
    for here, there in pairwise(way(origin, reader)):
        down = (here, there) in WAYS
        link = rules[f"{here}>{there}" if down else f"{there}>{here}"]
        if link[f"{name}_{'down' if down else 'up'}"] != allowed:
            return False
    return {origin, reader} != {"partner", "other"}  # siblings never see each other


def scene(rules: dict[str, Any], blunt: bool) -> tuple[Stage, list[Canary]]:
    """A ticket at four desks, at each of which people say what is not for all."""
    tempers = {"partner": PLAIN if not blunt else _without_notes()}
    stage = Stage(
        *EDGES, cast=Cast(tempers=tempers, links={edge: {"crosses": rule} for edge, rule in rules.items()})
    )
    stage.open(**{"custom.margin": "MARGINcustomer"}, text="ask NAMEcustomer")
    stage.set("vendor", "delegate", "partner, other")
    canaries = list(_played(stage, rules))
    stage.person("partner", "rival").open(title="TITLErival", text="TEXTrival")
    stage.person("partner", "rival").comment(stage.id("partner"), "WORDrival")
    stage.wait(20 * MINUTE)
    return stage, [
        *canaries,
        *(Canary(word=f"{kind}rival", desk="partner") for kind in ("TITLE", "TEXT", "WORD")),
    ]


def _without_notes() -> Any:
    return replace(PLAIN, private_comments=False)


def _played(stage: Stage, rules: dict[str, Any]) -> Iterator[Canary]:
    customs = {
        code
        for code in CODES
        if "custom.*"
        in rules.get(f"{'customer' if code == 'vendor' else 'vendor'}>{code}", {}).get("fields_down", [])
    }
    yield Canary(word="MARGINcustomer", desk="customer", readers=frozenset(customs))
    for code in CODES:
        others = [one for one in CODES if one != code]
        by, ticket = f"name{code}", stage.id(code)
        person = stage.person(code, by)
        named = frozenset(one for one in others if may_learn(rules, code, one, "people", "name"))
        yield Canary(word=f"name{code}", desk=code, readers=named)
        person.comment(ticket, f"public of {code}, regards name{code}")
        person.attach(ticket, f"by name{code}.txt", f"file of {code}".encode(), public=True)
        person.set(ticket, "assignee", f"name{code}")
        notes = frozenset(one for one in others if may_learn(rules, code, one, "internal_notes", True))
        if stage.hub.desks[code].person("x").cabinet.temper.private_comments:
            person.comment(ticket, f"NOTE{code}", public=False)
            yield Canary(word=f"NOTE{code}", desk=code, readers=notes)
            person.attach(ticket, f"FILE{code}.txt", f"BYTES{code}".encode(), public=False)
            yield Canary(word=f"BYTES{code}", desk=code, readers=notes)
            gone = person.comment(ticket, f"GONE{code}")
            stage.wait()
            person.show(ticket, gone, public=False)
            yield Canary(word=f"GONE{code}", desk=code, readers=notes, taken_back=True)
        stage.wait()


def standing(stage: Stage, code: str) -> str:
    """All that a desk holds, its files' bytes too."""
    cabinet = stage.hub.desks[code].person("x").cabinet
    return repr(stage.docs(code)) + repr(list(cabinet.blobs.values()))


def rows_of(stage: Stage, *, messages: bool) -> dict[str, str]:
    """Organization id → every row that is its own."""
    found: dict[str, str] = {}
    with stage.hub.database.read() as db:
        for table in schema.METADATA.tables.values():
            if "org_id" in table.c and (messages or table.name != "message"):
                for row in db.execute(select(table)):
                    found[row.org_id] = found.get(row.org_id, "") + repr(tuple(row))
    return found


def explained(stage: Stage, code: str) -> str:
    """What the gateway tells an organization of its assignment, if it tells it anything."""
    try:
        return repr(
            explain(stage.hub.context, Scope.of(f"org_{code}"), stage.hop(code).id, now=stage.hub.now)
        )
    except NotFound:
        return ""


@PROPERTY
@given(rules=st.fixed_dictionaries(dict.fromkeys(EDGES, RULES)), blunt=st.booleans())
def test_a_canary_stands_nowhere_but_where_it_may(
    caplog: pytest.LogCaptureFixture, rules: dict[str, Any], blunt: bool
) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        stage, canaries = scene(rules, blunt)
        rows = {kept: rows_of(stage, messages=kept) for kept in (True, False)}
        told = {code: explained(stage, code) for code in CODES}

    for one in canaries:
        assert one.word.lower() not in caplog.text.lower(), f"{one} stands in the log"
        for code in CODES:
            if code == one.desk or code in one.readers:
                continue
            for place, text in (
                ("desk", standing(stage, code)),
                ("rows", rows[not one.taken_back].get(f"org_{code}", "")),
                ("explanation", told[code]),
            ):
                assert one.word.lower() not in text.lower(), f"{one} stands in the {place} of {code}"


def test_what_may_be_read_is_read() -> None:
    """The scene says something: with open links every canary of a note and a name reaches its readers."""
    rule = {
        "internal_notes_down": True,
        "internal_notes_up": True,
        "people": "name",
        "fields_down": [],
        "fields_up": ["assignee"],
    }
    rules = {edge: {**rule, "people_down": "name", "people_up": "name"} for edge in EDGES}

    stage, canaries = scene(rules, blunt=False)

    for one in canaries:
        for code in one.readers:
            assert one.word.lower() in standing(stage, code).lower(), (one, code)
