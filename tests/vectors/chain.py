"""Chain scenarios: hops, agreements, events → effective times, ledger, clocks, attribution, budget, supportability; compared
exactly as FORMAT.md says."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.sla.attribution import attribute, headline
from gateway.domain.sla.budget import budget
from gateway.domain.sla.clocks import Clock, Folded, clocks, fold, second_view
from gateway.domain.sla.ledger import ledger
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import View
from gateway.domain.sla.support import Leg, Parallel, support
from gateway.domain.sla.terms import (
    AgreementKind,
    Chain,
    OffsetSample,
    Place,
    Record,
    StartsOn,
    StopRule,
    TargetKind,
    Terms,
)
from gateway.domain.worktime import Calendar, Worktime, worktime
from tests.vectors.reading import calendar, moment, seconds

Told = Mapping[str, Any]


def chain_of(vector: Told) -> Chain:
    """The hops and agreements of a scenario."""
    calendars = {name: calendar(name, told) for name, told in vector["calendars"].items()}
    return Chain(
        customer=vector["customer"],
        places={one["id"]: _place(one) for one in vector["hops"]},
        agreements=tuple(_terms(one, calendars) for one in vector["agreements"]),
    )


def _place(told: Told) -> Place:
    link = told.get("link") or {}
    samples = [
        OffsetSample(
            measured_at=moment(one["measured_at"]),
            offset=seconds(one["offset_s"]),
            error=seconds(one["error_s"]),
        )
        for one in told.get("offset_samples", ())
    ]
    observed = told.get("time_basis") == "observed"
    return Place(
        id=told["id"],
        org=told["org"],
        parent=told.get("parent"),
        tracked=link.get("news") == "tracked",
        allowance=seconds(link.get("allowance_s", 0)),
        samples=tuple(samples),
        observed_from=moment("0001-01-02T00:00:00+00:00") if observed else None,
        granularity=seconds(told.get("granularity_s", 0)),
    )


def _terms(told: Told, calendars: Mapping[str, Calendar]) -> Terms:
    targets = {
        TargetKind(kind): {priority: seconds(amount) for priority, amount in amounts.items()}
        for kind, amounts in told["targets"].items()
    }
    reserve_calendar = told.get("reserve_calendar")
    return Terms(
        id=told["id"],
        kind=AgreementKind(told["kind"]),
        hop=told["hop"],
        provider=told["provider"],
        consumer=told["consumer"],
        calendar=calendars[told["calendar"]],
        starts_on=StartsOn(told["starts_on"]),
        targets=targets,
        stops={code: StopRule(automatic=code in told.get("auto_accept", ())) for code in told["stops"]},
        review_period=seconds(told.get("review_period_s", 259_200)),
        grace=seconds(told.get("grace_s", 7200)),
        stated_tolerance=seconds(told.get("stated_tolerance_s", 900)),
        parts_supplier=told.get("parts_supplier", ""),
        reserve={priority: seconds(amount) for priority, amount in told.get("reserve_s", {}).items()},
        reserve_calendar=calendars[reserve_calendar] if reserve_calendar else None,
        from_change=told.get("on_priority_change") == "change",
        continuous=told.get("on_reject") == "continuous",
        reopen_resumes=told.get("reopen") == "resume",
    )


def record_of(told: Told) -> Record:
    """One event of a scenario."""

    def maybe(name: str) -> datetime | None:
        return moment(told[name]) if told.get(name) else None

    return Record(
        id=told["id"],
        type=told["type"],
        hop=told.get("hop"),
        desk=told.get("at"),
        observed_at=moment(told["observed_at"]),
        reported_at=maybe("reported_at"),
        stated_at=maybe("stated_at"),
        cause=told.get("cause"),
        seq=told.get("seq"),
        contrary_seen_at=maybe("contrary_seen_at"),
        data=told.get("data", {}),
    )


def disagreements(vector: Told) -> Iterator[str]:
    """How our figures differ from the scenario's, in file order, reversed, shuffled, and sighted twice."""
    if vector.get("kind") == "supportability":
        yield from _supportability(vector)
        return
    chain, now = chain_of(vector), moment(vector["now"])
    records = [record_of(one) for one in vector["events"]]
    later = timedelta(minutes=7)
    shuffled = random.Random(vector["id"]).sample(records, len(records))
    orders = {
        "": records,
        "reversed: ": records[::-1],
        "shuffled: ": shuffled,
        "twice: ": [*records, *(_seen_again(one, later) for one in records)],
    }
    for name, order in orders.items():
        folded = fold(chain, reconcile(chain, order, now=now), View(now=now))
        for text in _differences(vector, folded):
            yield name + text


def _seen_again(record: Record, later: timedelta) -> Record:
    told = {name: getattr(record, name) for name in Record.__slots__}
    return Record(**{**told, "observed_at": record.observed_at + later})


def _differences(vector: Told, folded: Folded) -> Iterator[str]:
    expected = vector["expected"]
    for name, at in expected.get("effective", {}).items():
        ours = folded.told.effective.get(name)
        if ours != moment(at):
            yield f"{name} took effect at {ours}, not {at}"
    if "ledger" in expected:
        yield from _ledger(folded, expected["ledger"])
    yield from _clocks(folded, clocks(folded), expected.get("clocks", {}))
    second = vector.get("expected_with_undecided_stops", {}).get("clocks", {})
    for text in _clocks(folded, clocks(second_view(folded)), second) if second else ():
        yield f"with undecided stops: {text}"
    yield from _discrepancies(folded, expected)
    yield from _attribution(folded, expected.get("attribution", {}))
    if "budget" in expected:
        yield from _budget(folded, expected["budget"])


def _attribution(folded: Folded, expected: Told) -> Iterator[str]:
    every = clocks(folded)
    for agreement, told in expected.items():
        clock = headline(every, agreement)
        if clock is None:
            ours: dict[str, Any] = {"time_by_party_us": {}}
        else:
            found = attribute(folded, every, clock)
            ours = {
                "time_by_party_us": _micros(found.time),
                "breach_us": found.breach // timedelta(microseconds=1),
                "overrun_us": _micros(found.overrun),
                "attributed_us": _micros(found.parts),
            }
        for name, wanted in told.items():
            if ours.get(name) != wanted:
                yield f"{agreement} {name} is {ours.get(name)}, not {wanted}"


def _micros(amounts: Mapping[str, timedelta]) -> dict[str, int]:
    return {name: amount // timedelta(microseconds=1) for name, amount in amounts.items()}


def _budget(folded: Folded, expected: Told) -> Iterator[str]:
    at = moment(expected["at"])
    then = fold(folded.chain, reconcile(folded.chain, folded.told.records, now=at), View(now=at))
    ours = budget(then, clocks(then), expected["hop"])
    rows = [
        {
            "agreement": row.agreement,
            "remaining_s": row.remaining,
            "due": row.due,
            "less_reserves": row.less_reserves,
        }
        for row in ours.rows
    ]
    if "rows" in expected:
        wanted = [{name: _read(name, value) for name, value in row.items()} for row in expected["rows"]]
        if rows != wanted:
            yield f"budget rows {rows}, not {wanted}"
    for name in ("own_due", "needed_by", "conflict"):
        if name in expected and getattr(ours, name) != _read(name, expected[name]):
            yield f"budget {name} is {getattr(ours, name)}, not {expected[name]}"


def _supportability(vector: Told) -> Iterator[str]:
    works = {name: worktime(calendar(name, told)) for name, told in vector["calendars"].items()}
    promise = Leg(who="sla", work=works[vector["sla"]["calendar"]], amount=seconds(vector["sla"]["target_s"]))
    legs = [_leg(one, works) for one in vector["legs"]]
    found = support(promise, legs, start=moment(vector["from"]), end=moment(vector["to"]))
    expected = vector["expected"]
    if found.supported != expected["supported"]:
        yield f"supported is {found.supported}, not {expected['supported']}"
    if found.gap != seconds(expected["gap_s"]):
        yield f"gap is {found.gap}, not {expected['gap_s']} s"
    for name in ("worst_start", "worst_until"):
        at = moment(expected[name])
        if not any(run.first <= at <= run.last for run in found.worst):
            yield f"{name} {at} is not in the worst set, which begins {found.worst[0]}"


def _leg(told: Told, works: Mapping[str, Worktime]) -> Leg | Parallel:
    if "parallel" in told:
        branches = [
            tuple(_leg(one, works) for one in (branch if isinstance(branch, list) else [branch]))
            for branch in told["parallel"]
        ]
        return Parallel(branches=tuple(branches))
    return Leg(who=told["who"], work=works[told["calendar"]], amount=seconds(told["amount_s"]))


def _ledger(folded: Folded, expected: list[Told]) -> Iterator[str]:
    rows = ledger(folded.spans)
    if len(rows) != len(expected):
        shown = [(row.start.isoformat(), row.holders, row.booked_to, row.state, row.reason) for row in rows]
        yield f"{len(rows)} ledger rows, not {len(expected)}: {shown}"
        return
    for row, told in zip(rows, expected, strict=True):
        ours = (row.start, row.end, row.holders, row.state, row.reason)
        theirs = (moment(told["from"]), moment(told["to"]), told["holders"], told["state"], told["reason"])
        if ours != theirs:
            yield f"ledger row {ours}, not {theirs}"
        for mine, wanted in zip(row.booked_to, told["booked_to"], strict=True):
            if wanted is not None and mine != wanted:
                yield f"from {told['from']} booked to {mine}, not {wanted}"


def _clocks(folded: Folded, ours: list[Clock], expected: Told) -> Iterator[str]:
    by_key = {clock.key: clock for clock in ours}
    for key, told in expected.items():
        clock = by_key.get(key)
        if clock is None:
            yield f"no clock {key} among {sorted(by_key)}"
            continue
        for name, wanted in told.items():
            mine = _figure(folded, clock, name)
            if mine != _read(name, wanted):
                yield f"{key} {name} is {mine}, not {wanted}"


_MOMENTS = (
    "own_due",
    "needed_by",
    "less_reserves",
    "started_at",
    "due",
    "breached_at",
    "from",
    "to",
    "warn_1h_before",
)


def _read(name: str, wanted: Any) -> Any:
    if wanted is None:
        return None
    if name in _MOMENTS:
        return moment(wanted)
    return seconds(wanted) if name.endswith("_s") else wanted


def _figure(folded: Folded, clock: Clock, name: str) -> Any:
    if name == "warn_1h_before":
        terms = next(one for one in folded.chain.agreements if one.id == clock.agreement)
        return clock.warn_at(worktime(terms.calendar_of(clock.target_kind)))
    return getattr(clock, _NAMES.get(name, name))


_NAMES = {
    "from": "started_at",
    "to": "ended_at",
    "elapsed_s": "elapsed",
    "stopped_s": "stopped_time",
    "remaining_s": "remaining",
    "net_elapsed_s": "net_elapsed",
}


def _discrepancies(folded: Folded, expected: Told) -> Iterator[str]:
    if "discrepancies" in expected:
        ours = {(one.event, one.kind, one.reported_at, one.by) for one in folded.told.discrepancies}
        theirs = {
            (one["event"], one["kind"], moment(one["reported_at"]), seconds(one["by_s"]))
            for one in expected["discrepancies"]
        }
        if ours != theirs:
            yield f"discrepancies {ours}, not {theirs}"
    if "stated" in expected:
        stated = {
            (one.event, one.stated_at, one.report, "stated" if one.used else "report")
            for one in folded.told.statements
        }
        told = {
            (one["event"], moment(one["stated_at"]), moment(one["report"]), one["used"])
            for one in expected["stated"]
        }
        if stated != told:
            yield f"stated {stated}, not {told}"
