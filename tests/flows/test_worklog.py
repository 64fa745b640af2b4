"""Work logged on a chain of three: told one link up and nowhere else, decided there, accepted by silence, handed on anew."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.case import Because
from gateway.domain.model import Capabilities
from gateway.domain.worklog import Unit, Work, WorkKind, WorkLine, WorkState
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import worklog
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.worklog import Onward, Way
from gateway.store import cases, worklogs
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.store.worklogs import Asked
from tests.flows.scenes.stage import MINUTE, Cast, Stage

DAY = timedelta(days=1)
WORDS, MONEY = "CANARY-WORDS", "4711.13"


@pytest.fixture
def stage() -> Stage:
    """customer > vendor > north, everybody at work."""
    found = Stage("customer>vendor", "vendor>north")
    found.open()
    found.set("vendor", "status", "open")
    found.delegate("vendor", "north")
    found.set("north", "status", "open")
    found.wait(MINUTE)
    return found


def order(found: Stage, actor: str = "nora", reason: str = "") -> Order:
    return Order(actor=actor, now=found.hub.now, reason=reason)


def work(found: Stage, **more: Any) -> Work:
    plain: dict[str, Any] = {
        "kind": WorkKind.LABOUR,
        "amount": Decimal(87),
        "unit": Unit.MINUTES,
        "at": found.hub.now,
        "price": Decimal(MONEY),
        "currency": "EUR",
        "worker": "Nora North",
        "text": WORDS,
    }
    return Work(**(plain | more))


def log(found: Stage, code: str = "north", **more: Any) -> WorkLine:
    made = worklog.log(found.hub.context, found.hop(code).id, work(found, **more), order(found))
    found.wait()
    return now_is(found, made)


def now_is(found: Stage, line: WorkLine) -> WorkLine:
    with found.hub.database.read() as db:
        kept = worklogs.get(db, OPERATOR, line.id)
    assert kept is not None
    return kept


def told(found: Stage, code: str) -> str:
    """Everything that the gateway wrote at a desk."""
    return "\n".join(found.read(code))


def test_a_line_is_told_one_link_up_as_an_internal_note_and_nowhere_else(stage: Stage) -> None:
    line = log(stage)

    [note] = [one for one in stage.read("vendor", public=False) if line.id in one]
    for canary in ("87 min", f"{MONEY} EUR", WORDS):
        assert canary in note
    for secret in ("87", MONEY, WORDS, line.id, "Nora"):
        assert secret not in told(stage, "customer")
    assert not any(WORDS in one for one in stage.read("vendor", public=True))


def test_a_name_crosses_only_where_the_link_names_people() -> None:
    for people, named in (("name", True), ("organization", False)):
        found = Stage(
            "customer>vendor", cast=Cast(links={"customer>vendor": {"crosses": {"people": people}}})
        )
        found.open()
        found.set("vendor", "status", "open")
        log(found, "vendor")
        assert ("Nora North" in told(found, "customer")) is named
        [seen] = listed(found, "customer")
        accepted = worklog.decide(
            found.hub.context,
            seen["id"],
            WorkState.ACCEPTED,
            order(found, "maria"),
            Way(party="org_customer"),
        )
        assert accepted.decided_by == "maria"
        [own] = listed(found, "vendor")
        assert (own["decided_by"] == "maria") is named
        [event] = [one for one in found.events() if one.type == "work.accepted"]
        assert (event.actor == "maria") is named


def listed(found: Stage, code: str | None, **asked: Any) -> list[dict[str, Any]]:
    party = f"org_{code}" if code else None
    return worklog.listed(found.hub.context, party, Asked(**asked), now=found.hub.now)


def test_what_is_handed_on_is_a_line_of_its_own_without_words_and_money_of_the_one_below(
    stage: Stage,
) -> None:
    below = log(stage)
    onward = Onward(amount=Decimal(120), unit=Unit.MINUTES)
    above = worklog.pass_on(stage.hub.context, below.id, onward, order(stage, "vera"))
    stage.wait()

    assert (above.org_id, above.consumer, above.amount, above.price, above.content_id) == (
        "org_vendor", "org_customer", Decimal(120), None, None,
    )  # fmt: skip
    assert "120 min" in told(stage, "customer")
    for secret in ("87", MONEY, WORDS, below.id, "north", "North", "Nora"):
        assert secret not in told(stage, "customer")
    with pytest.raises(Refused, match="handed on already"):
        worklog.pass_on(stage.hub.context, below.id, onward, order(stage, "vera"))
    with pytest.raises(Refused, match="nobody above"):
        worklog.pass_on(stage.hub.context, above.id, onward, order(stage, "carl"))


def test_each_side_reads_what_is_between_it_and_its_neighbour(stage: Stage) -> None:
    below = log(stage)
    above = worklog.pass_on(stage.hub.context, below.id, Onward(), order(stage, "vera"))
    ids = {code: {one["id"] for one in listed(stage, code)} for code in ("north", "vendor", "customer", None)}

    assert ids == {
        "north": {below.id},
        "vendor": {below.id, above.id},
        "customer": {above.id},
        None: {below.id, above.id},
    }
    assert [one["id"] for one in listed(stage, None, hop_id=below.hop_id)] == [below.id]
    assert listed(stage, None, hop_id="hop_none") == []
    [seen] = listed(stage, "customer")
    assert seen["passed_from"] is None
    assert next(one for one in listed(stage, "vendor") if one["id"] == above.id)["passed_from"] == below.id
    assert MONEY not in str(seen)
    for party in ("org_customer", "org_north"):
        with pytest.raises(NotFound):
            worklog.pass_on(stage.hub.context, below.id, Onward(), order(stage), Way(party=party))
    for party in ("org_customer", "org_vendor"):
        with pytest.raises(NotFound):
            worklog.drop(stage.hub.context, below.id, order(stage), Way(party=party))


def test_no_event_and_no_audit_holds_an_amount(stage: Stage) -> None:
    log(stage)
    every = str([one.data for one in stage.events() if one.type.startswith("work.")])
    assert "87" not in every.replace(stage.events()[-1].id, "")
    assert (MONEY in every, WORDS in every) == (False, False)
    with stage.hub.database.read() as db:
        audit = str(db.exec_driver_sql("SELECT before, after, actor FROM audit").all())
    assert (MONEY in audit, WORDS in audit, "87" in audit) == (False, False, False)


def test_a_desk_without_a_private_place_is_told_nothing(stage: Stage) -> None:
    directory = stage.hub.context.directory_now
    poor = replace(directory.desks["dsk_vendor"], capabilities=Capabilities(attachments=True))
    stage.hub.context.use(replace(directory, desks={**directory.desks, "dsk_vendor": poor}))
    line = log(stage)

    assert line.id not in told(stage, "vendor")
    assert (line.state, line.delivery_id) == (WorkState.TOLD, None)
    assert "no_private_place" in stage.discrepancies()
    assert [one["id"] for one in listed(stage, "vendor")] == [line.id]


def test_the_review_begins_when_the_note_arrives_and_silence_accepts_after_five_working_days(
    stage: Stage,
) -> None:
    line = log(stage)
    assert line.state is WorkState.TOLD
    assert line.told_at is not None
    assert line.review_until == datetime.fromisoformat("2026-03-10T00:00:00+00:00")  # from a Monday, UTC

    assert worklog.run(stage.hub.context, now=line.review_until - MINUTE) == 0
    stage.hub.clock.advance(line.review_until - stage.hub.now)
    assert listed(stage, "vendor")[0]["state"] == "lapsed", "whoever has noticed"
    stage.wait()
    over = now_is(stage, line)
    assert (over.state, over.decided_at) == (WorkState.LAPSED, line.review_until)
    [event] = [one for one in stage.events() if one.type == "work.accepted"]
    assert (event.data["line"], event.data["by"]) == (line.id, "silence")
    with pytest.raises(Refused, match=r"counts as accepted since 2026-03-10.*review period") as refused:
        decide(stage, line, WorkState.DISPUTED, reason="too much")
    assert "ask" in refused.value.cure


def test_a_review_period_of_the_links_own() -> None:
    found = Stage("customer>vendor", cast=Cast(links={"customer>vendor": {"work_review_days": 1}}))
    found.open()
    found.set("vendor", "status", "open")
    assert log(found, "vendor").review_until == datetime.fromisoformat("2026-03-04T00:00:00+00:00")


def test_postgresql_tells_reviews_and_lapses_as_sqlite_does(migrated_postgres: str) -> None:
    database = Database(migrated_postgres)
    found = Stage("customer>vendor", database=database)
    found.open()
    found.set("vendor", "status", "open")
    line = log(found, "vendor")
    assert (line.state, line.amount, line.price) == (WorkState.TOLD, Decimal(87), Decimal(MONEY))
    assert line.review_until is not None

    assert worklog.run(found.hub.context, now=line.review_until) == 1
    assert worklog.run(found.hub.context, now=line.review_until) == 0
    assert now_is(found, line).state is WorkState.LAPSED
    database.close()


def decide(found: Stage, line: WorkLine, state: WorkState, *, reason: str = "", by: str = "vera") -> WorkLine:
    after = worklog.decide(found.hub.context, line.id, state, order(found, by, reason))
    found.wait()
    return after


def test_a_dispute_is_told_below_with_its_reason_and_may_be_settled(stage: Stage) -> None:
    line = log(stage)
    with pytest.raises(Refused, match="a dispute needs its reason"):
        decide(stage, line, WorkState.DISPUTED)
    decide(stage, line, WorkState.DISPUTED, reason="agreed were sixty")
    assert any("agreed were sixty" in one for one in stage.read("north", public=False))
    assert "agreed were sixty" not in told(stage, "customer")
    assert worklog.run(stage.hub.context, now=stage.hub.now + 30 * DAY) == 0, "a dispute does not lapse"
    assert decide(stage, line, WorkState.ACCEPTED).state is WorkState.ACCEPTED
    with pytest.raises(Refused, match="accepted already"):
        decide(stage, line, WorkState.ACCEPTED)
    assert [one.type for one in stage.events() if one.type.startswith("work.")] == [
        "work.logged", "work.disputed", "work.accepted",
    ]  # fmt: skip


def test_nobody_accepts_a_line_of_his_own(stage: Stage) -> None:
    line = log(stage)
    with pytest.raises(Refused, match="nora logged this line and cannot be the one who decides it"):
        decide(stage, line, WorkState.ACCEPTED, by="nora")
    with pytest.raises(Refused, match=r"logged this line.*accept or dispute"):
        worklog.decide(
            stage.hub.context, line.id, WorkState.ACCEPTED, order(stage, "x"), Way(party="org_north")
        )
    with pytest.raises(NotFound):
        worklog.decide(
            stage.hub.context, line.id, WorkState.ACCEPTED, order(stage, "x"), Way(party="org_customer")
        )
    after = worklog.decide(
        stage.hub.context, line.id, WorkState.ACCEPTED, order(stage, "x"), Way(party="org_vendor")
    )
    assert after.state is WorkState.ACCEPTED


def test_a_line_that_its_desk_has_not_got_does_not_lapse(stage: Stage) -> None:
    made = worklog.log(stage.hub.context, stage.hop("north").id, work(stage), order(stage))
    assert (made.state, made.review_until) == (WorkState.LOGGED, None)
    assert worklog.run(stage.hub.context, now=stage.hub.now + 30 * DAY) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"unit": Unit.KM}, "labour is not counted in km", id="unit"),
        pytest.param({"amount": Decimal("1.5")}, "minutes are logged whole", id="half a minute"),
        pytest.param({"price": Decimal("1.005")}, "too exact", id="tenth of a cent"),
        pytest.param({"currency": ""}, "needs its currency", id="no currency"),
        pytest.param({"currency": "euro"}, "'euro' is no currency", id="no such currency"),
        pytest.param({"price": None}, "needs its currency, and the other way round", id="no money"),
    ],
)
def test_a_line_that_says_nothing_sensible_is_refused(stage: Stage, more: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        log(stage, **more)
    assert said in str(refused.value)
    assert listed(stage, None) == []


def test_work_of_the_future_and_of_before_the_assignment(stage: Stage) -> None:
    with pytest.raises(Invalid, match="lies in the future"):
        log(stage, at=stage.hub.now + DAY)
    with pytest.raises(Invalid, match="lies before its assignment"):
        log(stage, at=stage.hub.now - DAY)


def test_work_is_logged_by_who_took_the_ticket_and_has_somebody_above(stage: Stage) -> None:
    with pytest.raises(Refused, match="nobody above this assignment is linked"):
        log(stage, "customer")
    with pytest.raises(NotFound, match="no assignment hop_none"):
        worklog.log(stage.hub.context, "hop_none", work(stage), order(stage))
    with pytest.raises(NotFound):
        worklog.log(
            stage.hub.context, stage.hop("north").id, work(stage), order(stage), Way(party="org_vendor")
        )
    other = Stage("customer>vendor")
    other.open()
    with pytest.raises(Refused, match="this assignment is offered") as refused:
        log(other, "vendor")
    assert "interdesk accept hop_" in refused.value.cure


def abortive(found: Stage, **data: Any) -> WorkLine:
    with found.hub.database.write() as db:
        ticket = found.hop("north").ticket_id
        case = cases.load(db, OPERATOR, [ticket], found.hub.context.occasion(db, found.hub.now))[ticket]
        case.record(
            "visit.left", case.hops[found.hop("north").id], Because(), {"outcome": "no_access"} | data
        )
        cases.save(db, [case])
        [line] = worklogs.listed(db, Scope.of("org_north"), Asked(states=["proposed"]))
        return line


def test_r35_a_visit_in_vain_proposes_a_line_which_its_own_side_confirms(stage: Stage) -> None:
    line = abortive(stage, waited_minutes=35)
    assert (line.kind, line.amount, line.unit) == (WorkKind.ABORTIVE_VISIT, Decimal(35), Unit.MINUTES)
    assert listed(stage, "vendor") == []
    assert line.id not in told(stage, "vendor")

    done = worklog.confirm(
        stage.hub.context, line.id, {"amount": Decimal(30), "text": "locked"}, order(stage)
    )
    stage.wait()
    assert (done.id, done.amount, done.state) == (line.id, Decimal(30), WorkState.LOGGED)
    assert any("30 min" in one and "locked" in one for one in stage.read("vendor", public=False))
    assert [one["state"] for one in listed(stage, "vendor")] == ["told"]
    with pytest.raises(Refused, match="told already"):
        worklog.confirm(stage.hub.context, line.id, {}, order(stage))


def test_r35_a_proposal_is_dropped_or_left_alone(stage: Stage) -> None:
    line = abortive(stage)
    assert (line.amount, line.unit) == (Decimal(1), Unit.PIECES)
    with pytest.raises(Refused, match="only proposed"):
        decide(stage, line, WorkState.ACCEPTED)
    assert worklog.drop(stage.hub.context, line.id, order(stage)).state is WorkState.DROPPED
    assert worklog.run(stage.hub.context, now=stage.hub.now + 30 * DAY) == 0
    with pytest.raises(Refused, match="only a proposal is dropped"):
        worklog.drop(stage.hub.context, log(stage).id, order(stage))
