"""The whole report: what is said first, in which order, what must be known before trusting it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from gateway.domain.reports.basis import Judged
from gateway.domain.reports.compliance import report
from gateway.domain.reports.objectives import evaluate
from gateway.domain.reports.outcome import Coverage, Outcome, Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.promises import Objective, Selection, Small, Tail
from gateway.domain.reports.views import View
from gateway.domain.sla.terms import TargetKind
from gateway.export import documents
from tests.domain.reports import counting
from tests.domain.reports.month import CASES, MALL, OUTCOMES, SOUTH, at, basis, case, outcome

CHAPTERS = [
    *("coverage", "targets", "breaches", "minutes", "discrepancies", "quality"),
    *("watermelons", "trend", "backlog", "chronic"),
]


def test_coverage_comes_first_and_the_partners_last() -> None:
    assert [one.id for one in report(basis()).sections] == [*CHAPTERS, "scorecard"]
    assert [one.id for one in report(basis(View.CUSTOMER, MALL)).sections] == CHAPTERS


def test_a_partner_reads_its_scorecard_right_after_coverage() -> None:
    told = [one.id for one in report(basis(View.PARTNER, SOUTH)).sections]
    assert told == ["coverage", "scorecard", *CHAPTERS[1:]]


def test_what_is_said_first() -> None:
    assert report(basis()).headlines == (
        "50 % of 4 clocks were met (75 % net of agreed exclusions).",
        "2 clocks were breached, 1 of them left out of net by agreement. Most of the time over: Deep Subcontractor (42 %).",
        "1 ticket was met on every clock, and yet something was wrong.",
        "7 tickets opened in the period, 6 ended, 4 counted; 4 of those opened left out, each named with its reason.",
        "8 of 8 tickets measured by the desks' own history alone.",
    )


def test_fast_responses_hide_no_late_resolution() -> None:
    fast = [outcome(number, Verdict.MET, target_kind=TargetKind.RESPONSE) for number in range(10, 20)]
    told = report(basis(outcomes=(*OUTCOMES, *fast))).headlines
    assert told[:2] == (
        "Resolution: 50 % of 4 clocks were met (75 % net of agreed exclusions).",
        "Response: 100 % of 10 clocks were met (100 % net of agreed exclusions).",
    )


def judged(
    name: str, outcomes: Sequence[Outcome], *tails: Tail, over: str = "2026-10", small: int = 0
) -> Judged:
    objective = Objective(
        name=name,
        selection=Selection(target=TargetKind.RESOLUTION),
        share=Fraction(95, 100),
        tails=tails,
        smallest=small,
        small=Small.AT_MOST,
    )
    result = replace(evaluate(objective, outcomes), period=period_from(over))
    return Judged(agreement="mall-sla", result=result)


def test_missed_objectives_are_named_before_how_many_were_met() -> None:
    late = counting.many(8, 1)
    rest = Tail(share=Fraction(1), within=2 * Fraction(1))
    every = (
        judged("kept", counting.many(20, 0)),
        judged("slow", [*late, counting.ran(50, 9 * counting.H)], rest),
        judged("quarterly", late, over="2026-Q4"),
        judged("few", late, small=10),
        judged("open", [counting.undecided(late[-1])]),
    )
    missed = (
        "slow of mall-sla (80 % within the target, 95 % asked and 90 % within 200 % of the target, 100 % asked)",
        "quarterly of mall-sla in 2026-Q4 (88.88 % within the target, 95 % asked)",
        "few of mall-sla (1 breached, at most 0 may be)",
        "open of mall-sla (0 % within the target, 95 % asked, may still change)",
    )
    told = report(basis(judged=every)).headlines
    assert told[:2] == (f"Missed: {'; '.join(missed)}.", "1 of 5 objectives were met.")
    many = [judged(f"missed-{number}", late) for number in range(7)]
    assert report(basis(judged=many)).headlines[0].endswith("; and 2 more.")


def test_what_must_be_known_before() -> None:
    odd = replace(OUTCOMES[0], unmeasured=True)
    told = basis(
        outcomes=(odd, *OUTCOMES[1:]),
        cases=(*CASES, case(9, coverage=Coverage.LINK_DOWN)),
        as_of=at(20),
        notes=("Said by somebody.",),
    )
    assert report(told).warnings == (
        "The period is not over: these are its figures as of 2026-10-20 09:00 UTC.",
        "1 of 4 clocks may still change.",
        "1 clock was counted under terms that were not in force.",
        "1 of 9 tickets could be followed only in part.",
        "Said by somebody.",
    )


def test_a_period_without_clocks_says_so() -> None:
    told = report(basis(outcomes=(outcome(4, Verdict.RUNNING),)))
    assert told.headlines[0].startswith("No clock was met or fell due")


def test_equal_bases_make_equal_reports_in_any_order() -> None:
    turned = basis(outcomes=tuple(reversed(OUTCOMES)), cases=CASES)
    assert documents.digest(report(turned)) == documents.digest(report(basis()))


def test_every_cell_is_of_its_columns_kind() -> None:
    for view, org in ((View.OPERATOR, ""), (View.CUSTOMER, MALL), (View.PARTNER, SOUTH)):
        made = report(basis(view, org))
        assert documents.report_from(documents.document(made)) == made


def test_a_partners_report_is_about_what_it_promised() -> None:
    made = report(basis(View.PARTNER, SOUTH))
    assert made.title == "Service level report: South Services, 2026-10"
    assert made.headlines[0] == "0 % of 1 clock was met (0 % net of agreed exclusions)."


def test_discrepancies_are_listed() -> None:
    made = report(basis(cases=(case(1, discrepancies=2), case(3))))
    [table] = next(one for one in made.sections if one.id == "discrepancies").tables
    assert (table.rows, table.totals) == ((("M-1", at(9), 2),), ("all", None, 2))
