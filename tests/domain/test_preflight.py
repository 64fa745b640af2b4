"""What a desk says of itself, against its profile and settings: each check, whether it must pass, and its cure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.model import Actor, DeskFacts
from gateway.domain.preflight import Asked, Check, checks, passes, worse
from gateway.testing.hub import Hub
from gateway.testing.plan import Plan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def asked() -> Asked:
    """A desk that is well."""
    hub = Hub(Plan(desks={"north": "plain"}))
    with hub.database.read() as db:
        desk = hub.context.directory(db).desk_by_code("north")
    assert desk is not None
    rows = desk.profile.statuses
    return Asked(
        desk=desk,
        manifest=hub.context.connector(desk).manifest,
        facts=DeskFacts(
            product="Desk",
            version="1",
            account=Actor(id="7", name="Interdesk"),
            statuses=tuple(row.native for row in rows),
            priorities=tuple(desk.profile.priorities),
        ),
        ahead=timedelta(seconds=2),
        has_secret=True,
        heard_at=NOW - timedelta(hours=1),
    )


def named(found: list[Check], name: str) -> Check:
    [one] = [check for check in found if check.name == name]
    return one


def test_a_desk_that_is_well_passes_all(asked: Asked) -> None:
    found = checks(asked, now=NOW)
    assert [check.name for check in found if not check.fine] == []
    assert passes(found)


@pytest.mark.parametrize(
    ("name", "changed", "must", "told"),
    [
        ("credentials", {"facts": None, "refusal": ("IDK-1205: no", "give it a key")}, True, "IDK-1205"),
        ("permissions", {"missing": ("permission to reply",)}, True, "permission to reply"),
        ("marker", {"missing": ("custom field 4 (marker) cannot be searched",)}, True, "(marker)"),
        ("reads beyond", {"sees_beyond": ("project secret",)}, False, "project secret"),
        ("statuses", {"statuses": ("new", "waiting for CAB")}, True, "the desk does not have"),
        ("priorities", {"priorities": ("urgent", "high", "normal", "low", "P0")}, False, "P0"),
        ("webhook", {"heard_at": None}, False, "nothing has come in"),
        ("webhook", {"heard_at": NOW - timedelta(days=8)}, False, "last heard"),
        ("webhook", {"has_secret": False}, False, "no secret"),
        ("clock", {"ahead": timedelta(seconds=-90)}, False, "90 s behind"),
        ("clock", {"ahead": timedelta(minutes=6)}, True, "360 s ahead"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(
    asked: Asked, name: str, changed: dict[str, object], must: bool, told: str
) -> None:
    assert asked.facts is not None
    own = {key: value for key, value in changed.items() if key in Asked.__dataclass_fields__}
    said = {key: value for key, value in changed.items() if key not in own}
    odd = replace(asked, **own) if own else replace(asked, facts=replace(asked.facts, **said))  # type: ignore[arg-type]
    found = checks(odd, now=NOW)
    check = named(found, name)
    assert (check.fine, check.must) == (False, must)
    assert told in check.what
    assert check.cure
    assert passes(found) is not must


def test_a_desk_that_tells_only_the_statuses_in_use_lacks_none(asked: Asked) -> None:
    assert asked.facts is not None
    few = replace(asked.facts, statuses=("new",), only_in_use=True)
    assert named(checks(replace(asked, facts=few), now=NOW), "statuses").fine


def test_a_clock_that_nobody_tells_is_no_fault(asked: Asked) -> None:
    assert named(checks(replace(asked, ahead=None), now=NOW), "clock").fine


def test_doubt_that_ends_before_the_search_finds_is_refused(asked: Asked) -> None:
    hasty = replace(asked, desk=replace(asked.desk, settle_window=timedelta(seconds=1)))
    lag = named(checks(hasty, now=NOW), "search lag")
    assert (lag.fine, lag.must) == (False, True)


def test_only_what_got_worse_is_news(asked: Asked) -> None:
    well = checks(asked, now=NOW)
    ill = checks(replace(asked, facts=None, refusal=("no", "yes")), now=NOW)
    assert [check.name for check in worse(well, ill)] == ["credentials"]
    assert worse(ill, ill) == []
    assert worse(ill, well) == []
