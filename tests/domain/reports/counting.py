"""Clocks as a contract manager would note them: a ticket, how long it ran, against which target."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from textwrap import dedent, indent
from typing import Any

from gateway import schemas
from gateway.domain.agreement_documents import agreement_from
from gateway.domain.agreements import Agreement
from gateway.domain.calendar_documents import calendar_from
from gateway.domain.objective_problems import objective_problems
from gateway.domain.reports.credits import Known, Statement, assess
from gateway.domain.reports.outcome import Outcome, Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.sla.terms import TargetKind
from gateway.installation import yaml_text

H, M = timedelta(hours=1), timedelta(minutes=1)


def ran(number: int, time: timedelta, *, target: timedelta = 4 * H, day: str = "2026-10-05") -> Outcome:
    """The clock of ticket `number`, which ran so long and counts on that day; met or breached by itself."""
    at = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    over = time > target
    return Outcome(
        id=f"clk_{number:06}",
        org_id="vendor",
        ticket_id=f"tkt_{number}",
        hop_id=f"hop_{number}",
        number=f"T-{number}",
        customer="acme",
        provider="vendor",
        consumer="acme",
        agreement="acme-tills",
        target_kind=TargetKind.RESOLUTION,
        priority="critical",
        opened_at=at - time,
        started_at=at - time,
        ended_at=at,
        breached_at=at - time + target if over else None,
        counted_at=at,
        verdict=Verdict.BREACHED if over else Verdict.MET,
        target=target,
        elapsed=time,
        net_elapsed=time,
    )


def many(
    kept: int, missed: int, *, day: str = "2026-10-05", first: int = 1, over: timedelta = M
) -> list[Outcome]:
    """So many clocks within their four hours, and so many that ran over by so much."""
    times = [4 * H] * kept + [4 * H + over] * missed
    return [ran(first + place, time, day=day) for place, time in enumerate(times)]


def undecided(outcome: Outcome) -> Outcome:
    """The same while somebody has yet to decide about it."""
    return replace(outcome, provisional=True)


def excluded(outcome: Outcome, *, by: timedelta) -> Outcome:
    """A breach of which both sides left so much out that it is none."""
    return replace(outcome, verdict=Verdict.EXCLUDED, net_elapsed=outcome.elapsed - by)


def still_open(outcome: Outcome) -> Outcome:
    """Past its due moment and not ended."""
    return replace(outcome, ended_at=None)


def agreed(clause: str) -> Agreement:
    """The agreement that says so, in YAML, beside who promises what to whom."""
    [told] = yaml_text.documents(f"{_PARTIES}{dedent(clause)}".encode(), source="clause")
    schemas.check("agreement", told)
    found = list(objective_problems(told, "clause"))
    assert found == [], found
    named = {**told, "id": told["code"], "provider": told["organization"]}
    return agreement_from(named, {"always": calendar_from({"code": "always", "always": True})})


_PARTIES = """
code: acme-tills
organization: vendor
consumer: acme
kind: sla
calendar: always
targets:
  resolution: {critical: 4h, high: 8h}
  response: {critical: 15m}
"""


def statement(
    agreement: Agreement, outcomes: Iterable[Outcome], month: str = "2026-10", **known: Any
) -> Statement:
    """The credits of a month, or of another period."""
    found = assess(agreement, outcomes, period=period_from(month), known=Known(**known))
    assert found is not None
    return found


def clause(scheme: str, objective: str = "share: 95%", *more: str, **terms: str) -> Agreement:
    """One objective, `in-time`, and one scheme of credits on a fee of 1000 EUR a month."""
    said = {"currency": "EUR", "fee": "{amount: 1000}"} | terms
    lines = "\n".join(f"  {name}: {value}" for name, value in said.items() if value)
    schemes = indent("\n".join(f"- {{{one}}}" for one in (scheme, *more)), "    ")
    return agreed(
        f"objectives: [{{name: in-time, target: resolution, {objective}}}]\n"
        f"credits:\n{lines}\n  schemes:\n{schemes}\n"
    )


MISSED = "name: missed, by: share, objective: in-time, bands: [{below: 95%, of_fee: 5%}, {below: 90%, of_fee: 12%}]"
CASE = "name: breach, by: case, target: resolution, amount: 50"
DELAY = "name: late, by: delay, target: resolution, each: 15m, amount: 10"
