"""Looks: taken under a fence, judged only if nothing newer is known, put off when the desk does not answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import marks
from gateway.domain.model import Snapshot
from gateway.errors import DeskDenied, DeskGone, DeskThrottled, DeskUnavailable, InterdeskError
from gateway.flows import observe
from gateway.store import locks, looks, rows
from gateway.testing.loopback.temper import PLAIN, Hooks
from tests.flows.scenes.stage import Cast, Stage

THIN = replace(PLAIN, hooks=Hooks.THIN)
ROOM = {"dsk_customer": 9, "dsk_vendor": 9}


def quiet() -> Stage:
    stage = Stage("customer>vendor", cast=Cast(tempers={"customer": THIN, "vendor": THIN}))
    stage.open()
    return stage


def want(stage: Stage, remote_id: str | None = None, code: str = "vendor") -> None:
    with stage.hub.database.write() as db:
        wish = looks.Wish(
            org_id=f"org_{code}", desk_id=f"dsk_{code}", remote_id=remote_id or stage.id(code),
            due_at=stage.hub.now, why="test",
        )  # fmt: skip
        looks.want(db, [wish])


def claim(stage: Stage) -> list[observe.Look]:
    return observe.claim(stage.hub.context, now=stage.hub.now, capacity=ROOM)


def fetched(stage: Stage, look: observe.Look) -> observe.Looked:
    wire = stage.hub.wires[look.desk.id]
    shown: Snapshot = wire.ask(look.connector.fetch(look.claim.remote_id, look.desk, since=look.since))
    return observe.Looked(look=look, snapshot=shown, started_at=stage.hub.now)


def judge(stage: Stage, *looked: observe.Looked) -> None:
    observe.judge_looks(stage.hub.context, looked, now=stage.hub.now)


def waiting(stage: Stage) -> list[Any]:
    with stage.hub.database.read() as db:
        return list(db.execute(rows.look.select().order_by(rows.look.c.remote_id)))


# -- judged -----------------------------------------------------------------------------------------------------------------------


def test_what_is_seen_is_judged_and_the_wish_is_gone() -> None:
    stage = quiet()
    stage.person("vendor").set(stage.id("vendor"), "status", "open")
    want(stage)

    [look] = claim(stage)
    judge(stage, fetched(stage, look))

    assert stage.is_("vendor").value == "in_progress"
    assert waiting(stage) == []


def test_a_look_starts_after_what_was_seen_before() -> None:
    stage = quiet()
    stage.set("vendor", "status", "open")
    want(stage)

    [look] = claim(stage)

    assert look.since == stage.hop("vendor").position is not None


def test_a_snapshot_from_before_something_we_know_by_now_is_thrown_away_and_fetched_again() -> None:
    """Rule 2: between the first byte of the look and its judgement a write of ours was settled."""
    stage = quiet()
    want(stage)
    [look] = claim(stage)
    old = fetched(stage, look)
    stage.person("customer").comment(stage.id("customer"), "hello")
    stage.hub.run(timedelta(seconds=1))
    assert stage.heard("vendor") == ["hello"]

    judge(stage, old)

    [again] = waiting(stage)
    assert (again.error, again.due_at) == ("taken too early", stage.hub.now)
    stage.wait()
    assert stage.discrepancies() == []


def test_who_looked_too_late_changes_nothing() -> None:
    stage = quiet()
    stage.person("vendor").set(stage.id("vendor"), "status", "open")
    want(stage)
    [slow] = claim(stage)
    seen = fetched(stage, slow)
    stage.hub.clock.advance(observe.LEASE + timedelta(seconds=1))
    [fast] = claim(stage)

    judge(stage, seen)
    assert stage.is_("vendor").value == "offered"

    judge(stage, fetched(stage, fast))
    assert stage.is_("vendor").value == "in_progress"


def test_a_hint_that_comes_meanwhile_asks_for_another_look() -> None:
    stage = quiet()
    want(stage)
    [look] = claim(stage)
    want(stage)

    judge(stage, fetched(stage, look))

    assert len(waiting(stage)) == 1


def test_a_ticket_with_a_write_under_way_is_left_alone_until_that_is_settled() -> None:
    stage = quiet()
    stage.person("customer").comment(stage.id("customer"), "hello")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    stage.hub.worker.claim_looks()
    stage.hub.worker.fetch()
    stage.hub.worker.judge()
    assert stage.hub.worker.claim() == 1
    want(stage)

    assert claim(stage) == []

    stage.hub.worker.send()
    stage.hub.worker.settle()
    assert len(claim(stage)) == 1


# -- not judged -------------------------------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[InterdeskError, timedelta]] = {
    "down": (DeskUnavailable("down"), timedelta(seconds=4)),
    "throttled": (DeskThrottled("slow", retry_after=timedelta(minutes=7)), timedelta(minutes=7)),
    "throttled without a wish": (DeskThrottled("slow"), timedelta(seconds=4)),
}


@pytest.mark.parametrize(("error", "pause"), ERRORS.values(), ids=ERRORS.keys())
def test_a_desk_that_is(error: InterdeskError, pause: timedelta) -> None:
    stage = quiet()
    want(stage)
    [look] = claim(stage)

    judge(stage, observe.Looked(look=look, error=error, started_at=stage.hub.now))

    [again] = waiting(stage)
    assert again.due_at >= stage.hub.now + pause
    assert (again.attempts, again.lease_until) == (1, None)
    assert again.error == str(error)


def test_a_desk_that_lets_us_in_no_more_is_held() -> None:
    stage = quiet()
    want(stage)
    [look] = claim(stage)

    judge(stage, observe.Looked(look=look, error=DeskDenied("401"), started_at=stage.hub.now))

    with stage.hub.database.read() as db:
        held = {row.code: row.held for row in db.execute(rows.desk.select())}
    assert "401" in held["vendor"]
    assert held["customer"] == ""


def gone(stage: Stage) -> None:
    [look] = claim(stage)
    judge(stage, observe.Looked(look=look, error=DeskGone("404"), started_at=stage.hub.now))


def test_a_ticket_that_is_gone_is_believed_the_second_time_and_not_too_soon() -> None:
    stage = quiet()
    want(stage)

    gone(stage)
    assert "desk.deleted" not in stage.happened()
    assert claim(stage) == []

    stage.hub.clock.advance(observe.GONE_TWICE)
    gone(stage)
    assert stage.happened()[-1] == "desk.deleted"
    assert stage.hop("vendor").refetch_at is None
    assert waiting(stage) == []


def test_a_hint_that_brings_the_second_look_forward_does_not_make_it_agree() -> None:
    stage = quiet()
    want(stage)
    gone(stage)

    for _ in range(3):
        stage.hub.clock.advance(observe.GONE_TWICE / 4)
        want(stage)
        gone(stage)
        assert "desk.deleted" not in stage.happened()
        assert claim(stage) == []

    stage.hub.clock.advance(observe.GONE_TWICE / 4)
    gone(stage)
    assert stage.happened()[-1] == "desk.deleted"


def test_a_ticket_that_was_there_in_between_is_gone_for_the_first_time_again() -> None:
    stage = quiet()
    want(stage)
    gone(stage)
    stage.hub.clock.advance(observe.GONE_TWICE)
    [look] = claim(stage)
    want(stage)  # while it is looked at
    judge(stage, fetched(stage, look))

    stage.hub.clock.advance(timedelta(hours=1))
    gone(stage)
    assert "desk.deleted" not in stage.happened()

    stage.hub.clock.advance(observe.GONE_TWICE)
    gone(stage)
    assert stage.happened()[-1] == "desk.deleted"


def test_another_failure_between_the_two_is_no_agreement() -> None:
    stage = quiet()
    want(stage)
    gone(stage)
    stage.hub.clock.advance(observe.GONE_TWICE)
    [look] = claim(stage)
    judge(stage, observe.Looked(look=look, error=DeskUnavailable("x"), started_at=stage.hub.now))

    stage.hub.clock.advance(timedelta(minutes=1))
    gone(stage)

    assert "desk.deleted" not in stage.happened()


def test_a_stranger_that_is_gone_is_forgotten() -> None:
    stage = quiet()
    want(stage, remote_id="4711")

    gone(stage)
    stage.hub.clock.advance(observe.GONE_TWICE)
    gone(stage)

    assert (waiting(stage), "desk.deleted" in stage.happened()) == ([], False)


# -- tickets we do not know -------------------------------------------------------------------------------------------------------


def look_at(
    stage: Stage, remote_id: str, change: Callable[[Snapshot], Snapshot] = lambda shown: shown
) -> None:
    want(stage, remote_id)
    [look] = claim(stage)
    seen = fetched(stage, look)
    assert seen.snapshot is not None
    judge(stage, replace(seen, snapshot=change(seen.snapshot)))


def test_of_a_stranger_nothing_is_kept() -> None:
    stage = quiet()
    number = stage.person("vendor").open("SECRET of somebody else")

    look_at(stage, number)

    assert waiting(stage) == []
    with stage.hub.database.read() as db:
        kept = [
            str(row) for table in (rows.hop, rows.content, rows.event) for row in db.execute(table.select())
        ]
    assert "SECRET" not in " ".join(kept)


def stranger(stage: Stage, remote_id: str, *, shows: str = "") -> None:
    """A look that is due at a ticket nobody knows is made: the desk shows this other one, or else fails."""
    stage.hub.clock.advance(timedelta(minutes=2))
    [look] = claim(stage)
    assert look.claim.remote_id == remote_id
    if not shows:
        judge(stage, observe.Looked(look=look, error=DeskUnavailable("x"), started_at=stage.hub.now))
        return
    seen = fetched(stage, look)
    assert seen.snapshot is not None
    judge(stage, replace(seen, snapshot=replace(seen.snapshot, remote_id=shows)))


def test_a_ticket_that_became_ours_while_we_waited_for_the_lock_is_no_copy_of_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its create was settled between our asking who it is and our reading its ticket."""
    stage = quiet()
    want(stage, stage.id("vendor"))
    [look] = claim(stage)
    seen = fetched(stage, look)
    with monkeypatch.context() as before:
        before.setattr(locks, "find_or_lock", lambda _db, _keys: {})
        judge(stage, seen)

    assert stage.discrepancies() == []
    assert [(row.remote_id, row.error) for row in waiting(stage)] == [
        (stage.id("vendor"), "it became ours meanwhile")
    ]
    stage.wait()
    assert (waiting(stage), stage.heard("vendor")) == ([], [])


@pytest.mark.parametrize("before", ["", "99"], ids=["a failure", "a third ticket"])
def test_once_another_ticket_is_a_mistake_whatever_went_wrong_before(before: str) -> None:
    stage = quiet()
    number = stage.person("customer").open("The till is dead")
    want(stage, number, "customer")

    stranger(stage, number, shows=before)
    stranger(stage, number, shows="7")

    assert [row.remote_id for row in waiting(stage)] == [number]


def test_the_same_other_ticket_twice_is_a_merge() -> None:
    stage = quiet()
    number = stage.person("customer").open("The till is dead")
    want(stage, number, "customer")

    stranger(stage, number, shows="7")
    stranger(stage, number, shows="7")

    assert [(row.remote_id, row.why) for row in waiting(stage)] == [("7", "merged")]


def test_a_marker_of_another_installation_makes_no_ticket_of_ours() -> None:
    stage = quiet()
    number = stage.person("vendor").open("somebody else's", marker="idk-another")

    look_at(stage, number)

    assert (waiting(stage), len(stage.case.hops)) == ([], 2)


def test_a_marker_of_ours_that_nobody_remembers_waits_for_its_source_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage("customer>vendor", "vendor>north", cast=Cast(tempers={"vendor": THIN}))
    stage.open()
    forgotten = marks.marker(stage.hub.context.directory_now.salt, "a link", "made after the backup")
    number = stage.person("vendor").open("a copy", delegate="north", marker=forgotten)

    for _ in range(3):
        look_at(stage, number)
        stage.hub.clock.now = waiting(stage)[0].due_at

    assert "does not remember" in waiting(stage)[0].error
    assert len(stage.case.hops) == 2
    assert [one.levelname for one in caplog.records if "waits for its source" in one.getMessage()] == [
        "WARNING"
    ]


def test_where_no_marker_can_be_seen_a_ticket_that_may_be_ours_in_the_making_waits() -> None:
    stage, number = _creating()

    look_at(stage, number, _without_marker)

    [again] = waiting(stage)
    assert again.error == "may be one we are making"
    assert again.due_at == stage.hub.now + observe.DEFER


def test_a_look_that_waited_for_a_create_is_due_when_that_is_settled() -> None:
    stage, number = _creating()
    for _ in range(3):
        look_at(stage, number, _without_marker)
        stage.hub.clock.now = waiting(stage)[0].due_at
    look_at(stage, number, _without_marker)
    assert waiting(stage)[0].due_at > stage.hub.now

    stage.hub.worker.send()
    stage.hub.worker.settle()

    assert [row.due_at for row in waiting(stage) if row.remote_id == number] == [stage.hub.now]


def test_what_a_look_waits_for_may_wait_for_a_person_for_days() -> None:
    stage, number = _creating()
    look_at(stage, number, _without_marker)

    pauses = []
    for _ in range(7):
        stage.hub.clock.now = waiting(stage)[0].due_at
        look_at(stage, number, _without_marker)
        pauses.append(waiting(stage)[0].due_at - stage.hub.now)
    assert pauses[:2] == [2 * observe.DEFER, 4 * observe.DEFER]
    assert pauses[-2:] == [observe.DEFER_MOST] * 2


def _creating() -> tuple[Stage, str]:
    """At a desk that is upstream of one link and downstream of another a create of ours is under way, and a ticket of its own is
    new there."""
    stage = Stage("customer>vendor", "vendor>north", cast=Cast(tempers={"vendor": THIN}))
    stage.hub.desks["vendor"].faults = lambda _call: None
    stage.open()
    number = stage.person("vendor").open("the vendor's own", delegate="north")
    stage.person("customer").open("another", delegate="vendor")
    for code, hook in stage.hub.hooks():
        if code == "customer":
            stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    assert stage.hub.worker.claim() == 1, "a create is under way"
    return stage, number


def _without_marker(shown: Snapshot) -> Snapshot:
    return replace(shown, fields={name: value for name, value in shown.fields.items() if name != "marker"})
