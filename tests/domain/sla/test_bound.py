"""Which terms clocks count under: what was bound, bound anew, and what had ended before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.model import Event
from gateway.domain.sla.bound import Binding, bindings, clocks_under, terms_of
from gateway.domain.sla.clocks import Clock, fold
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import View
from gateway.domain.sla.terms import TargetKind
from tests.domain.sla.story import H, M, at, chain, figures, records, terms

EARLY, LATE = "08:00", "12:00"


def bound(when: str, hop: str, code: str, sheet: str) -> Event:
    return event(when, hop, "agreement.bound", agreement=code, sheet=sheet)


def rebound(when: str, hop: str, code: str, before: str, after: str) -> Event:
    return event(when, hop, "agreement.rebound", agreement=code, before=before, after=after)


def event(when: str, hop: str, kind: str, **data: str) -> Event:
    name = f"{kind}{when}{hop}"
    return Event(id=name, org_id="o", ticket_id="t", type=kind, hop_id=hop, observed_at=at(when), data=data)


def known(events: list[Event], now: str = "20:00") -> list[Binding]:
    return bindings(events, now=at(now))


def test_what_is_bound_and_what_replaces_it() -> None:
    told = [
        bound("08:00", "h1", "SLA", "a"),
        bound("08:00", "h2", "UC", "b"),
        rebound("12:00", "h1", "SLA", "a", "c"),
        rebound("13:00", "h1", "NEW", "c", "d"),
    ]
    one, other = known(told)
    assert (one.hop, one.agreement, one.sheet) == ("h1", "NEW", "d")
    assert one.earlier == ((at("12:00"), "a"), (at("13:00"), "c"))
    assert (other.sheet, other.earlier, one.sheets) == ("b", (), ["a", "c", "d"])


def test_as_of_an_earlier_moment_the_later_binding_is_not_known() -> None:
    told = [bound("08:00", "h1", "SLA", "a"), rebound("12:00", "h1", "SLA", "a", "c")]
    assert [one.sheet for one in known(told, "11:59")] == ["a"]
    assert [one.sheet for one in known(told, "12:00")] == ["c"]


def test_a_hop_that_stood_under_nothing_is_bound_anew_to_something() -> None:
    [one] = known([rebound("12:00", "h1", "SLA", "", "a")])
    assert (one.sheet, one.earlier) == ("a", ())


def agreement(sheet: str, code: str = "SLA", **told: Any) -> Agreement:
    return Agreement(id=code, code=code, terms=terms(code, "", starts_on="opened", **told), sheet=sheet)


def clocks_of(text: str, events: list[Event], sheets: Mapping[str, Agreement], now: str) -> dict[str, Clock]:
    found, told = known(events, now), records(text)
    where = chain("h1", *terms_of(found, sheets))
    folded = fold(where, reconcile(where, told, now=at(now)), View(now=at(now)))
    return {clock.key: clock for clock in clocks_under(folded, told, found, sheets)}


RESPONSE: dict[str, Any] = {"targets": {TargetKind.RESPONSE: {"P1": H}}}
QUICKER: dict[str, Any] = {"targets": {TargetKind.RESPONSE: {"P1": M}}}
STORY = "08:00 open h1\n08:30 work h1"
TOLD = [bound(EARLY, "h1", "SLA", "a"), rebound(LATE, "h1", "SLA", "a", "b")]


def test_r17_what_had_ended_keeps_its_terms_and_what_runs_counts_under_the_new_ones_from_its_start() -> None:
    sheets = {
        "a": agreement("a", resolution=6 * H, **RESPONSE),
        "b": agreement("b", resolution=3 * H, **QUICKER),
    }
    found = clocks_of(STORY, TOLD, sheets, "13:00")
    assert figures(found["SLA/h1/response"]) == ("met", H / 2, timedelta())
    running = found["SLA/h1/resolution"]
    assert (running.state, running.elapsed, running.breached_at) == ("breached", 5 * H, at("11:00"))
    before = clocks_of(STORY, TOLD, sheets, "11:30")
    assert (before["SLA/h1/resolution"].target, before["SLA/h1/resolution"].state) == (6 * H, "running")


def test_r17_what_ends_after_the_new_binding_ends_under_it() -> None:
    sheets = {"a": agreement("a", resolution=6 * H), "b": agreement("b", resolution=3 * H)}
    found = clocks_of(STORY + "\n12:30 resolve h1", TOLD, sheets, "13:00")
    assert (found["SLA/h1/resolution"].state, found["SLA/h1/resolution"].target) == ("breached", 3 * H)


def test_r17_a_closed_cycle_keeps_its_terms_and_the_one_after_a_reopening_has_the_new_ones() -> None:
    sheets = {"a": agreement("a", resolution=6 * H), "b": agreement("b", resolution=3 * H)}
    text = STORY + "\n11:30 close h1\n14:00 reopen h1"
    found = clocks_of(text, TOLD, sheets, "15:00")
    assert (found["SLA/h1/resolution"].state, found["SLA/h1/resolution"].target) == ("met", 6 * H)
    assert (found["SLA/h1/resolution#2"].target, found["SLA/h1/resolution#2"].elapsed) == (3 * H, H)


def test_r17_an_agreement_that_replaces_another_does_not_repeat_what_had_ended_under_it() -> None:
    sheets = {
        "a": agreement("a", "OLD", resolution=6 * H, **RESPONSE),
        "b": agreement("b", "NEW", resolution=3 * H, **QUICKER),
    }
    told = [bound(EARLY, "h1", "OLD", "a"), rebound(LATE, "h1", "NEW", "a", "b")]
    found = clocks_of(STORY, told, sheets, "13:00")
    assert sorted(found) == ["NEW/h1/resolution", "OLD/h1/response"]


def test_r17_several_bindings_each_keep_what_ended_under_them() -> None:
    sheets = {
        name: agreement(name, resolution=hours * H) for name, hours in zip("abc", (2, 6, 9), strict=True)
    }
    told = [
        bound("08:00", "h1", "SLA", "a"),
        rebound("09:00", "h1", "SLA", "a", "b"),
        rebound("12:00", "h1", "SLA", "b", "c"),
    ]
    text = "08:00 open h1\n11:00 close h1\n13:00 reopen h1"
    found = clocks_of(text, told, sheets, "14:00")
    assert found["SLA/h1/resolution"].target == 6 * H, "it ended between the two"
    assert found["SLA/h1/resolution#2"].target == 9 * H
