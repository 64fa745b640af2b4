"""The difference between what there is and what is wanted: fields, order, secrets, and what pruning leaves alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.domain.plan import SEALED, Action, Item, Kind, Plan, Ref, compare, differences, references

ORG = Ref(kind=Kind.ORGANIZATION, code="acme")
SITE = Ref(kind=Kind.SITE, code="MI-1", organization="acme")
ASSET = Ref(kind=Kind.ASSET, code="TILL", organization="acme")
CONTACT = Ref(kind=Kind.CONTACT, code="night", organization="acme")
DESK = Ref(kind=Kind.DESK, code="a")
OTHER = Ref(kind=Kind.DESK, code="b")
LINK = Ref(kind=Kind.LINK, code="a-b")
COVERAGE = Ref(kind=Kind.COVERAGE, code="everywhere", organization="acme")


def items(*things: tuple[Ref, Mapping[str, Any]]) -> dict[Ref, Item]:
    return {ref: Item(ref=ref, document=document) for ref, document in things}


WORLD = items(
    (COVERAGE, {"organization": "acme", "link": "a-b"}),
    (LINK, {"upstream": "a", "downstream": "b"}),
    (OTHER, {"organization": "acme"}),
    (DESK, {"organization": "acme"}),
    (ASSET, {"organization": "acme", "site": "MI-1"}),
    (SITE, {"organization": "acme", "contacts": ["night"]}),
    (CONTACT, {"organization": "acme"}),
    (ORG, {"code": "acme"}),
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({}, {"a": 1}, [("", {}, None), ("a", None, 1)]),
        ({"x": 0, "a": 1}, {"x": 0}, [("a", 1, None)]),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1, "d": 3}}}, [("a.b.d", 2, 3)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        ({"a": {"b": 1}}, {"a": {}}, [("a", None, {}), ("a.b", 1, None)]),
        ({"a": "1"}, {"a": 1}, [("a", "1", 1)]),
    ],
    ids=["same", "changed", "new", "gone", "deep", "order of a list", "emptied", "kind of value"],
)
def test_fields_that_differ(before: dict[str, Any], after: dict[str, Any], expected: list[Any]) -> None:
    old, new = Item(ref=DESK, document=before), Item(ref=DESK, document=after)

    assert [(each.path, each.before, each.after) for each in differences(old, new)] == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"s": "digest-1"}, {"s": "digest-1"}, []),
        ({"s": "digest-1"}, {"s": "digest-2"}, [("s", SEALED, SEALED)]),
        ({}, {"s": "digest-1"}, [("s", None, SEALED)]),
        ({"s": "digest-1"}, {}, [("s", SEALED, None)]),
    ],
    ids=["same", "changed", "new", "gone"],
)
def test_of_a_secret_only_that_it_differs(
    before: dict[str, str], after: dict[str, str], expected: list[Any]
) -> None:
    old, new = (Item(ref=DESK, document={"a": 1}, secrets=secrets) for secrets in (before, after))

    found = list(differences(old, new))

    assert [(each.path, each.before, each.after) for each in found] == expected
    assert "digest" not in repr(found) + repr(old)


def test_things_are_made_before_those_that_stand_on_them() -> None:
    made = compare({}, WORLD)

    assert [change.ref for change in made] == [ORG, CONTACT, SITE, ASSET, DESK, OTHER, LINK, COVERAGE]
    assert {change.action for change in made} == {Action.CREATE}


def test_what_is_not_named_stays_unless_pruned() -> None:
    wanted = {ORG: WORLD[ORG]}

    assert [change.action for change in compare(WORLD, wanted)] == [Action.UNCHANGED]


def test_pruning_goes_from_the_top_down() -> None:
    wanted = {ORG: WORLD[ORG]}

    pruned = compare(WORLD, wanted, prune=True)[1:]

    assert [change.ref for change in pruned] == [COVERAGE, LINK, OTHER, DESK, ASSET, SITE, CONTACT]
    assert {change.action for change in pruned} == {Action.REMOVE}


def test_what_is_in_use_stays_with_all_it_stands_on() -> None:
    pruned = {change.ref: change for change in compare(WORLD, {}, prune=True, in_use={LINK: "tickets"})}

    kept = {ref: change.why for ref, change in pruned.items() if change.action is Action.IN_USE}
    assert kept == {
        LINK: "tickets",
        DESK: "link a-b refers to it",
        OTHER: "link a-b refers to it",
        ORG: kept[ORG],
    }
    assert kept[ORG] in {"desk a refers to it", "desk b refers to it"}


def test_what_a_wanted_thing_stands_on_stays() -> None:
    wanted = {ASSET: WORLD[ASSET], ORG: WORLD[ORG]}

    pruned = {change.ref: change.action for change in compare(WORLD, wanted, prune=True)}

    assert pruned[SITE] is pruned[CONTACT] is Action.IN_USE
    assert pruned[DESK] is Action.REMOVE


def test_references() -> None:
    assert set(references(SITE, WORLD[SITE].document)) == {ORG, CONTACT}
    assert set(references(LINK, WORLD[LINK].document)) == {DESK, OTHER}
    assert set(references(COVERAGE, WORLD[COVERAGE].document)) == {ORG, LINK}
    assert set(references(ORG, WORLD[ORG].document)) == set()


def test_a_plan_counts_and_knows_whether_it_does_anything() -> None:
    quiet = Plan(version=1, changes=compare(WORLD, WORLD))
    busy = Plan(version=1, changes=compare(WORLD, {}, prune=True, in_use={ORG: "tickets"}))

    assert (quiet.effective, quiet.count()["unchanged"]) == ((), 8)
    assert (len(busy.effective), busy.count()["in_use"]) == (7, 1)
