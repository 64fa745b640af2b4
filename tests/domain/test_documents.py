"""From documents to nouns: what a document leaves out is the default, what it says is taken as it is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.documents import (
    asset_from,
    condition_from,
    coverage_from,
    desk_from,
    length,
    link_from,
    manifest_from,
    merged_profile,
    moment,
    organization_from,
    profile_from,
    site_from,
)
from gateway.domain.model import (
    ActKind,
    ActRow,
    Carry,
    Choice,
    CommandKind,
    Condition,
    HopStatus,
    IdempotencyTier,
    LinkState,
    Manifest,
    Priority,
    Profile,
    Reason,
    ReasonFrom,
    StatusRow,
)
from tests.builders import PROPERTY

# -- lengths and moments ------------------------------------------------------------------------------------------------------

LENGTHS = {
    "90s": timedelta(seconds=90),
    "15m": timedelta(minutes=15),
    "4h": timedelta(hours=4),
    "3d": timedelta(days=3),
    "1h 30m": timedelta(minutes=90),
    "1h30m": timedelta(minutes=90),
    "0.5h": timedelta(minutes=30),
}


@pytest.mark.parametrize(("text", "expected"), LENGTHS.items())
def test_a_length(text: str, expected: timedelta) -> None:
    assert length(text) == expected


@pytest.mark.parametrize("text", ["", "5", "4 hours", "h", "4w", "-4h", "4h and more", "1e3s"])
def test_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="not a length of time"):
        length(text)


@PROPERTY
@given(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_joined_lengths_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    expected = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    assert length(f"{days}d {hours}h {minutes}m {seconds}s") == expected


def test_a_moment_has_its_offset() -> None:
    assert moment("2026-03-01T09:00:00+01:00") == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert moment(None) is None
    with pytest.raises(ValueError, match="has no offset"):
        moment("2026-03-01T09:00:00")


# -- profiles -----------------------------------------------------------------------------------------------------------------

WORDS = {
    "statuses": {
        "New": "offered",
        "Open": "in_progress",
        "Started": "in_progress",
        "Waiting CAB": {"status": "held", "reason": "requester_approval"},
    },
    "priorities": {"1": "critical", "0": "critical", "4": "low"},
}


def test_a_profile_reads_every_word_and_writes_the_first_of_several() -> None:
    profile = profile_from(WORDS)

    assert profile.statuses[3] == StatusRow(
        native="Waiting CAB", status=HopStatus.HELD, reason=Reason.REQUESTER_APPROVAL
    )
    assert profile.write_statuses == {
        HopStatus.OFFERED: "New",
        HopStatus.IN_PROGRESS: "Open",
        HopStatus.HELD: "Waiting CAB",
    }
    assert profile.write_priorities == {Priority.CRITICAL: "1", Priority.LOW: "4"}


def test_what_is_written_may_be_said_apart() -> None:
    more = {"write_statuses": {"in_progress": "Started"}, "write_priorities": {"critical": "0"}}
    profile = profile_from(WORDS | more)

    assert profile.write_statuses[HopStatus.IN_PROGRESS] == "Started"
    assert profile.write_statuses[HopStatus.OFFERED] == "New"
    assert profile.write_priorities[Priority.CRITICAL] == "0"


def test_an_empty_profile_is_the_default() -> None:
    assert profile_from({}) == Profile()


BASE = profile_from(
    WORDS | {"to_verify": "Open", "defaults": {"queue": "a", "type": "b"}, "automatic_actors": ["robot"]}
)


def test_a_desks_own_profile_is_laid_over_its_connectors_part_by_part() -> None:
    own = merged_profile(
        BASE, {"defaults": {"queue": "own"}, "automatic_actors": ["cron"], "sites": {"x": "MI-1"}}
    )

    assert own.statuses == BASE.statuses
    assert own.write_statuses == BASE.write_statuses
    assert (own.to_verify, own.defaults) == ("Open", {"queue": "own", "type": "b"})
    assert (own.automatic_actors, own.sites) == (("robot", "cron"), {"x": "MI-1"})


def test_own_statuses_replace_all_of_the_connectors() -> None:
    own = merged_profile(BASE, {"statuses": {"Go": "in_progress"}, "to_verify": None})

    assert [row.native for row in own.statuses] == ["Go"]
    assert own.write_statuses == {HopStatus.IN_PROGRESS: "Go"}
    assert own.write_priorities == BASE.write_priorities
    assert own.to_verify is None


def test_a_written_word_alone_changes_only_itself() -> None:
    own = merged_profile(BASE, {"write_statuses": {"in_progress": "Started"}})

    assert own.write_statuses == {**BASE.write_statuses, HopStatus.IN_PROGRESS: "Started"}
    assert own.statuses == BASE.statuses


# -- manifests and desks ------------------------------------------------------------------------------------------------------


def manifest(**more: Any) -> Manifest:
    plain: dict[str, Any] = {
        "name": "able", "title": "Able", "version": "1.0.0", "quality": "draft", "auth": [{"kind": "basic"}],
        "settings": {}, "tiers": {"create": "marker_field"},
        "capabilities": {"history": True, "attachments": True, "writable": ["title"], "granularity": "1m"},
        "profile": WORDS,
        "side_effects": [{"after": "comment", "field": "status", "old": "New", "new": "Open"}],
    }  # fmt: skip
    return manifest_from(plain | more)


def test_a_manifest_says_what_it_says_and_the_rest_is_the_default() -> None:
    one = manifest()

    assert (one.settle_window, one.search_lag) == (timedelta(seconds=90), timedelta())
    assert (one.rate_per_minute, one.concurrency, one.conflict_is_stale) == (600, 4, False)
    assert one.capabilities.granularity == timedelta(minutes=1)
    assert one.capabilities.writable == {"title"}
    assert one.tiers == {CommandKind.CREATE: IdempotencyTier.MARKER_FIELD}
    assert one.side_effects[0].new == "Open"


def desk(**more: Any) -> Any:
    ids = {"id": "dsk_1", "code": "north", "org_id": "org_1", "connector": "able", "version": 3}
    return desk_from(ids | more, manifest=manifest(settle_window="2m"))


def test_a_desk_is_its_document_over_its_connector() -> None:
    one = desk(zone="Europe/Rome", poll_every="5m", language="it", settings={"queue": "x"})

    assert (one.id, one.code, one.version, one.zone, one.language) == (
        "dsk_1",
        "north",
        3,
        "Europe/Rome",
        "it",
    )
    assert (one.poll_every, one.refetch_every) == (timedelta(minutes=5), timedelta(minutes=15))
    assert one.settle_window == timedelta(minutes=2)
    assert one.tiers == manifest().tiers
    assert one.profile.statuses == profile_from(WORDS).statuses


def test_a_desk_may_wait_longer_than_its_product() -> None:
    assert desk(settle_window="10m").settle_window == timedelta(minutes=10)


@pytest.mark.parametrize("name", ["history", "attachments", "private_comments"])
def test_a_setting_may_take_an_ability_away_and_never_give_one(name: str) -> None:
    assert getattr(desk(settings={name: False}).capabilities, name) is False
    assert desk(settings={name: True}).capabilities == desk().capabilities


# -- links --------------------------------------------------------------------------------------------------------------------

IDS = {
    "id": "lnk_1", "code": "a-b", "org_id": "org_a", "upstream_desk_id": "dsk_a", "downstream_desk_id": "dsk_b",
    "upstream_org_id": "org_a", "downstream_org_id": "org_b",
}  # fmt: skip


def test_a_link_without_words_lets_the_usual_cross() -> None:
    link = link_from(IDS)

    assert (link.state, link.passage.when, link.passage.choose) == (LinkState.ACTIVE, None, Choice.ALWAYS)
    assert (link.crossing.comments_down, link.crossing.comments_up) == (Carry.PUBLISH, Carry.PUBLISH)
    assert (link.crossing.siblings, link.crossing.addressed_notes) == (False, False)
    assert (link.hop_limit, link.confirm_within) == (8, timedelta(days=3))


def test_a_link_says_what_passes_crosses_and_means() -> None:
    link = link_from(
        IDS
        | {
            "state": "paused",
            "passes": {"when": {"field": "queue", "value": "it"}, "choose": "coverage", "delegate_as": "B"},
            "crosses": {
                "fields_down": ["title"],
                "fields_up": [],
                "comments_up": "land_as_internal",
                "attachment_types": ["image/*"],
                "people": "nobody",
            },
            "acts": [{"act": "declined", "field": "status", "value": "no", "reason_from": "nowhere"}],
            "answer_within": {"critical": "15m", "default": "2h"},
            "confirm_within": "5d",
            "parent_means": {"pending": "held"},
            "create": {"queue": "acme"},
            "hop_limit": 3,
            "valid_from": "2026-03-01T00:00:00+00:00",
        }
    )

    assert (link.state, link.hop_limit, link.create) == (LinkState.PAUSED, 3, {"queue": "acme"})
    assert (link.passage.choose, link.passage.delegate_as) == (Choice.COVERAGE, "B")
    assert link.crossing.fields_down == {"title"}
    assert (link.crossing.fields_up, link.crossing.comments_up) == (frozenset(), Carry.LAND_AS_INTERNAL)
    assert link.acts == (
        ActRow(act=ActKind.DECLINED, field="status", value="no", reason_from=ReasonFrom.NOWHERE),
    )
    assert link.answer_within == {Priority.CRITICAL: timedelta(minutes=15)}
    assert (link.answer_within_default, link.confirm_within) == (timedelta(hours=2), timedelta(days=5))
    assert link.parent_means == {HopStatus.PENDING: "held"}
    assert link.valid_from == datetime(2026, 3, 1, tzinfo=UTC)


CONDITIONS: dict[str, tuple[dict[str, Any], Condition]] = {
    "a field": ({"field": "queue", "value": "it"}, Condition(field="queue", value="it")),
    "an operator": ({"field": "queue", "op": "set"}, Condition(field="queue", op="set")),
    "several values": (
        {"field": "queue", "op": "in", "value": ["a", "b"]},
        Condition(field="queue", op="in", value=("a", "b")),
    ),
    "a number is a word": ({"field": "queue", "value": 3}, Condition(field="queue", value="3")),
    "all": ({"all": [{"field": "a"}]}, Condition(all=(Condition(field="a"),))),
    "any": ({"any": []}, Condition(any=())),
    "not": ({"not": {"field": "a"}}, Condition(negated=Condition(field="a"))),
}


@pytest.mark.parametrize(("document", "expected"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_of(document: dict[str, Any], expected: Condition) -> None:
    assert condition_from(document) == expected


# -- places -------------------------------------------------------------------------------------------------------------------


def test_organizations_sites_and_assets() -> None:
    place = {"id": "x", "org_id": "org_1", "code": "MI-1"}

    assert organization_from({"id": "o", "code": "acme", "name": "Acme", "other": 1}).name == "Acme"
    assert site_from(place | {"group": "lombardy", "zone": "Europe/Rome"}).group == "lombardy"
    assert asset_from(place | {"site": "MI-1", "serial": "9"}).site_code == "MI-1"


def test_coverage_is_a_row_for_each_stretch_of_its_hours() -> None:
    document = {"org_id": "org_1", "link_id": "lnk_1", "rank": 2, "group": "lombardy", "service": "net"}

    rows = coverage_from(document | {"hours": "Mon-Fri 08:00-18:00; Sat 22:00-02:00 UTC"}, zone="Europe/Rome")

    assert [(row.opens_minute, row.closes_minute, row.zone) for row in rows] == [
        (480, 1080, "Europe/Rome"),
        (1320, 1440, "UTC"),
        (0, 120, "UTC"),
    ]
    assert rows[2].days == {6}
    assert {(row.rank, row.site_group, row.service) for row in rows} == {(2, "lombardy", "net")}


def test_coverage_without_hours_is_always() -> None:
    [row] = coverage_from({"org_id": "org_1", "link_id": "lnk_1"})

    assert (row.days, row.opens_minute, row.closes_minute, row.rank) == (frozenset(range(7)), 0, 1440, 1)


@pytest.mark.parametrize(("more", "basis"), [({}, "desk"), ({"time_basis": "observed"}, "observed")])
def test_r3_whose_times_count_is_said_of_a_desk_or_of_a_link(more: dict[str, str], basis: str) -> None:
    ids = {"id": "lnk_1", "code": "a-b", "org_id": "org_a"}
    ends = {f"{end}_{what}_id": "x" for end in ("upstream", "downstream") for what in ("desk", "org")}
    assert desk(**more).time_basis == basis
    assert link_from(ids | ends | more).time_basis == basis
