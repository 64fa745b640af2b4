"""A small October, written by hand: a mall, its vendor, two partners and a subcontractor; what their clocks and tickets came
to. For tests of whatever counts it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import Cell, Section
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.period import Period, period_from
from gateway.domain.reports.views import View, Viewer, cases_seen_by, chains_of, seen_by
from gateway.domain.sla.terms import AgreementKind, TargetKind

MALL, NORTH, SOUTH, EAST, DEEP = "org_mall", "org_north", "org_south", "org_east", "org_deep"
NAMES = {
    MALL: "The Mall",
    NORTH: "North Stores",
    SOUTH: "South Services",
    EAST: "East Electric",
    DEEP: "Deep Subcontractor",
}
OCTOBER = period_from("2026-10")
H = timedelta(hours=1)


def at(day: int, hour: int = 9, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def outcome(number: int, verdict: Verdict, **more: Any) -> Outcome:
    """A resolution of four hours promised by the vendor to the mall, counted on the tenth."""
    counted = more.pop("counted_at", at(10) if verdict is not Verdict.RUNNING else None)
    day: date | None = counted.date() if counted is not None else None
    given: dict[str, Any] = {
        "id": f"out_{number}_{more.get('agreement', 'mall-sla')}_{more.get('target_kind', 'resolution')}",
        "org_id": NORTH,
        "ticket_id": f"tkt_{number}",
        "hop_id": f"hop_{number}_north",
        "number": f"M-{number}",
        "customer": MALL,
        "provider": NORTH,
        "consumer": MALL,
        "agreement": "mall-sla",
        "sheet": "sht_1",
        "target_kind": TargetKind.RESOLUTION,
        "key": f"mall-sla/hop_{number}_north/resolution",
        "priority": "high",
        "service": "tills",
        "site": "MI-1",
        "opened_at": at(9),
        "started_at": at(9),
        "due_at": at(9, 13),
        "ended_at": at(10) if verdict is not Verdict.RUNNING else None,
        "counted_at": counted,
        "counted_on": day,
        "verdict": verdict,
        "target": 4 * H,
        "elapsed": 3 * H,
        "net_elapsed": 3 * H,
        "time": {NORTH: 3 * H},
    }
    return Outcome(**(given | more))


def underneath(number: int, verdict: Verdict, provider: str, consumer: str, **more: Any) -> Outcome:
    """The clock of a partner's own agreement in the same ticket."""
    name = provider.removeprefix("org_")
    given: dict[str, Any] = {
        "provider": provider,
        "consumer": consumer,
        "hop_id": f"hop_{number}_{name}",
        "agreement": f"{name}-uc",
        "agreement_kind": AgreementKind.UC,
        "key": f"{name}-uc/hop_{number}_{name}/resolution",
        "time": {provider: 3 * H},
    }
    return outcome(number, verdict, **(given | more))


def case(number: int, **more: Any) -> Case:
    given: dict[str, Any] = {
        "ticket_id": f"tkt_{number}",
        "org_id": NORTH,
        "number": f"M-{number}",
        "customer": MALL,
        "parties": (NORTH,),
        "priority": "high",
        "service": "tills",
        "site": "MI-1",
        "opened_at": at(9),
        "closed_at": at(11),
        "resolved_at": at(10),
    }
    return Case(**(given | more))


LATE = {
    "elapsed": 10 * H,
    "net_elapsed": 10 * H,
    "breached_at": at(9, 13),
    "time": {MALL: H, NORTH: 2 * H, "link:hop_2_south": H, SOUTH: 2 * H, DEEP: 4 * H},
    "parts": {SOUTH: 2 * H, DEEP: 3 * H, "contract_gap": H},
}
"""A breach by six hours through three hands."""

OUTCOMES = (
    outcome(1, Verdict.MET),
    outcome(2, Verdict.BREACHED, **LATE, stopped={"site_access": 2 * H}, stopped_time=2 * H),
    underneath(
        2,
        Verdict.BREACHED,
        SOUTH,
        NORTH,
        elapsed=6 * H,
        time={SOUTH: 2 * H, DEEP: 4 * H},
        parts={DEEP: 2 * H},
    ),
    underneath(2, Verdict.MET, DEEP, SOUTH),
    outcome(3, Verdict.MET, counted_at=at(2, month=11)),
    outcome(4, Verdict.RUNNING),
    outcome(5, Verdict.CANCELLED),
    outcome(6, Verdict.EXCLUDED, elapsed=5 * H, net_elapsed=3 * H, time={NORTH: 5 * H}, parts={NORTH: H}),
    underneath(7, Verdict.MET, EAST, NORTH),
    outcome(7, Verdict.MET, opened_at=at(20, month=9), provisional=True),
)
CASES = (
    case(1),
    case(
        2,
        parties=(NORTH, SOUTH, DEEP),
        returned=4,
        time={MALL: H, NORTH: H, SOUTH: H, DEEP: H},
        visits=2,
        abortive=1,
    ),
    case(3, closed_at=None),
    case(4, closed_at=None, resolved_at=None),
    case(5, cancelled=True),
    case(6),
    case(7, opened_at=at(20, month=9), parties=(NORTH, EAST), rating=20, reopened=1),
    case(8),
)


def basis(
    view: View = View.OPERATOR,
    org: str = "",
    *,
    outcomes: tuple[Outcome, ...] = OUTCOMES,
    cases: tuple[Case, ...] = CASES,
    period: Period = OCTOBER,
    **more: Any,
) -> Basis:
    """As a reader may know it, told in the middle of November."""
    names = NAMES | {one.hop_id: NAMES[one.provider] for one in outcomes}
    viewer = Viewer(view=view, org=org, names=names, numbers={f"tkt_{n}": f"S-{n}" for n in range(20)})
    chains = chains_of(outcomes)
    given: dict[str, Any] = {
        "customer": MALL,
        "groups": viewer.groups,
        "period": period,
        "as_of": at(15, month=11),
        "viewer": viewer,
        "outcomes": seen_by(viewer, outcomes, chains),
        "cases": cases_seen_by(viewer, cases, chains),
    }
    return Basis(**(given | more))


def rows(section: Section | list[Section], table: str) -> list[dict[str, Cell]]:
    """The lines of a table, by the keys of their columns."""
    every = section if isinstance(section, list) else [section]
    [one] = [one for part in every for one in part.tables if one.id == table]
    return [dict(zip((column.key for column in one.columns), row, strict=True)) for row in one.rows]
