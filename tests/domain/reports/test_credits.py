"""Service credits: what each scheme comes to, what is final and what only possible, caps, claims, what partners bear of it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from gateway.domain.reports.credits import (
    Balance,
    LineKind,
    assess,
    balances,
    since,
)
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.period import period_from
from tests.domain.reports.counting import (
    CASE,
    DELAY,
    MISSED,
    H,
    M,
    agreed,
    clause,
    excluded,
    many,
    ran,
    statement,
    still_open,
    undecided,
)

D = Decimal


def test_an_agreement_without_credits_has_no_statement() -> None:
    plain = agreed("objectives: [{name: in-time, target: resolution, share: 95%}]")
    assert assess(plain, many(0, 9), period=period_from("2026-10")) is None


@pytest.mark.parametrize(
    ("kept", "missed", "owed"),
    [(19, 1, "0"), (94, 6, "50.00"), (90, 10, "50.00"), (89, 11, "120.00"), (0, 0, "0")],
)
def test_of_several_bands_the_lowest_counts(kept: int, missed: int, owed: str) -> None:
    assert statement(clause(MISSED), many(kept, missed)).owed == D(owed)


def test_a_share_counts_as_much_as_its_objective_weighs() -> None:
    found = statement(clause(MISSED, "share: 95%, weight: 2.5"), many(94, 6))
    assert found.owed == D("125.00")
    assert found.lines[0].words.endswith(
        "below 95 %: 5 % of the fee, 1,000.00 EUR, x weight 2.5 = 125.00 EUR"
    )


def test_the_proof_is_the_tickets_that_were_missed() -> None:
    [line] = statement(clause(MISSED), many(2, 1)).lines
    assert line.tickets == ("T-3",)
    assert line.claim == "missed/2026-10"


def test_a_quarter_is_settled_in_its_last_month_on_its_own_fee() -> None:
    agreement = clause(MISSED, "share: 95%, every: quarter")
    outcomes = many(0, 1, day="2026-10-05")
    assert [statement(agreement, outcomes, name).owed for name in ("2026-10", "2026-11", "2026-12")] == [
        D("0"),
        D("0"),
        D("360.00"),
    ]
    assert statement(agreement, outcomes, "2026-Q4").owed == D("360.00")


def test_the_statement_of_a_quarter_is_that_of_its_months() -> None:
    agreement = clause(MISSED)
    outcomes = [*many(94, 6, day="2026-10-05"), *many(0, 1, day="2026-12-05", first=200)]
    assert statement(agreement, outcomes, "2026-Q4").owed == D("170.00")
    assert [line.period.name for line in statement(agreement, outcomes, "2026-Q4").lines] == [
        "2026-10",
        "2026-12",
    ]


@pytest.mark.parametrize(
    ("fee", "owed"),
    [
        ("{amount: 3000, every: quarter}", "50.00"),
        ("{per_site: 4, sites: 120}", "24.00"),
        ("{amount: 12000, every: year}", "50.00"),
    ],
)
def test_the_fee(fee: str, owed: str) -> None:
    assert statement(clause(MISSED, fee=fee), many(94, 6)).owed == D(owed)


def test_a_fee_that_is_told_month_by_month() -> None:
    silent = statement(clause(MISSED, fee="{as_billed: {2026-09: 700}}"), many(94, 6))
    assert (silent.owed, [line.kind for line in silent.lines]) == (D("0"), [LineKind.UNPRICED])
    assert silent.gaps[0].endswith("5 % of the fee; nobody said what the fee of 2026-10 is")
    told = clause(MISSED, fee="{as_billed: {2026-10: 800}}")
    assert statement(told, many(94, 6)).owed == D("40.00")


def test_a_fee_that_was_billed_otherwise_replaces_the_agreed_one() -> None:
    agreement = clause(MISSED, "share: 95%, every: quarter", fee="{amount: 1000, as_billed: {2026-11: 800}}")
    assert statement(agreement, many(94, 6), "2026-Q4").owed == D("140.00")


# -- by case and by delay -----------------------------------------------------------------------------------------------------


def test_each_breach_costs_but_the_free_ones() -> None:
    found = statement(clause(f"{CASE}, free: 2"), many(10, 5))
    assert found.owed == D("150.00")
    assert found.lines[0].tickets == ("T-13", "T-14", "T-15")
    assert (
        found.lines[0].words
        == "resolution in 2026-10: 5 breaches, 2 of them free; 3 x 50.00 EUR = 150.00 EUR"
    )
    assert statement(clause(f"{CASE}, free: 5"), many(10, 5)).lines == ()


def test_a_breach_may_cost_a_share_of_the_fee_of_a_case() -> None:
    agreement = clause(CASE.replace("amount: 50", "of_case_fee: 20%"), case_fee='"80.50"')
    found = statement(agreement, many(0, 1))
    assert found.owed == D("16.10")
    assert found.lines[0].words.endswith("1 breach; 1 x 16.10 EUR (20 % of the fee of a case) = 16.10 EUR")


def test_only_what_a_scheme_is_for_costs() -> None:
    assert statement(clause(f"{CASE}, priorities: [high]"), many(0, 3)).owed == D("0")
    assert statement(clause(CASE), [replace(one, agreement="other") for one in many(0, 3)]).owed == D("0")
    assert statement(clause(CASE), [replace(one, provider="north") for one in many(0, 3)]).owed == D("0")
    assert statement(clause(CASE), many(0, 3, day="2026-09-30")).owed == D("0")


def test_the_grace_of_a_delay_is_not_counted() -> None:
    agreement = clause(f"{DELAY}, grace: 10m")
    over = [ran(1, 4 * H + 10 * M), ran(2, 4 * H + 11 * M), ran(3, 4 * H + 26 * M)]
    assert [statement(agreement, [one]).owed for one in over] == [D("0"), D("10.00"), D("20.00")]


def test_of_many_delays_the_first_are_told_and_all_are_proved() -> None:
    [line] = statement(clause(DELAY), many(0, 12)).lines
    assert line.words.endswith("T-3 ran over by 1 min: 1 x 10.00 EUR; 9 more; together 120.00 EUR")
    assert len(line.tickets) == 12


def test_of_what_a_delay_costs_each_ticket_proves_its_part() -> None:
    [line] = statement(clause(DELAY), [ran(1, 4 * H + 15 * M), ran(2, 4 * H + 45 * M)]).lines
    assert [(one.number, part) for one, part in line.proof] == [
        ("T-1", Fraction(1, 4)),
        ("T-2", Fraction(3, 4)),
    ]


def test_gross_or_net() -> None:
    one = excluded(ran(1, 5 * H), by=2 * H)
    assert statement(clause(DELAY), [one]).owed == D("0")
    assert statement(clause(f"{DELAY}, counts: gross"), [one]).owed == D("40.00")
    part = replace(ran(1, 5 * H), net_elapsed=4 * H + 20 * M)
    assert statement(clause(DELAY), [part]).owed == D("20.00")


# -- final and possible -------------------------------------------------------------------------------------------------------


def test_what_is_undecided_is_only_possible() -> None:
    found = statement(clause(CASE), [ran(1, 5 * H), undecided(ran(2, 5 * H))])
    assert (found.owed, found.still_possible) == (D("50.00"), D("50.00"))
    assert found.possible[0].tickets == ("T-1", "T-2")


def test_a_share_missed_only_by_what_is_undecided_is_only_possible() -> None:
    found = statement(clause(MISSED), [*many(18, 1), undecided(ran(50, 5 * H))])
    assert (found.owed, found.still_possible) == (D("0"), D("50.00"))
    worse = statement(clause(MISSED), [*many(17, 2), undecided(ran(50, 5 * H))])
    assert (worse.owed, worse.still_possible) == (D("50.00"), D("70.00"))
    assert worse.lines[0].tickets == ("T-18", "T-19")


def test_a_delay_that_goes_on_is_only_possible() -> None:
    found = statement(clause(DELAY), [still_open(ran(1, 4 * H + 20 * M))])
    assert (found.owed, found.still_possible) == (D("0"), D("20.00"))


def test_under_a_contract_that_is_not_in_force_nothing_is_owed() -> None:
    found = statement(clause(CASE), [replace(ran(1, 5 * H), unmeasured=True)])
    assert (found.owed, found.still_possible) == (D("0"), D("50.00"))


def test_nothing_is_earned_back_by_what_is_undecided() -> None:
    agreement = clause(f"{MISSED}, earn_back: {{periods: 1}}")
    bad, good = many(94, 6, day="2026-09-05"), many(19, 1, first=200)
    assert statement(agreement, [*bad, *good]).regained == D("50.00")
    doubtful = [*many(18, 1, first=200), undecided(ran(300, 5 * H))]
    found = statement(agreement, [*bad, *doubtful])
    assert (found.regained, found.owed) == (D("0"), D("0"))


def test_a_month_without_a_case_earns_nothing_back() -> None:
    agreement = clause(f"{MISSED}, earn_back: {{periods: 2}}")
    bad = many(94, 6, day="2026-08-05")
    with_a_gap = [*bad, *many(20, 0, first=200)]
    assert statement(agreement, with_a_gap).regained == D("0")
    without = [*with_a_gap, *many(1, 0, day="2026-09-05", first=300)]
    assert statement(agreement, without).regained == D("50.00")
    november = [*without, *many(1, 0, day="2026-11-05", first=400)]
    assert statement(agreement, november, "2026-Q4").regained == D("50.00"), "given back once"


def test_a_month_that_may_still_be_missed_earns_nothing_back() -> None:
    half = "name: missed, by: share, objective: in-time, bands: [{of_fee: 12%}], earn_back: {periods: 1}"
    agreement = clause(
        half,
        "priorities: [critical], share: 50%, tails: [{share: 100%, within: 6h}]",
    )
    bad = many(0, 6, day="2026-09-05")
    found = statement(agreement, [*bad, *many(1, 0, first=200), still_open(ran(300, 5 * H))])
    assert (found.regained, found.still_possible) == (D("0"), D("-120.00"))


def test_what_is_earned_back_leaves_the_cap_used_up() -> None:
    agreement = clause(f"{MISSED}, earn_back: {{periods: 1}}", at_risk="{share: 2%, every: year}")
    months = [
        many(0, 1, day="2026-03-05"),
        many(1, 0, day="2026-04-05", first=9),
        many(0, 1, day="2026-05-05", first=19),
    ]
    outcomes = [one for month in months for one in month]
    owed = [statement(agreement, outcomes, f"2026-{month:02}").owed for month in (3, 4, 5)]
    assert owed == [D("120.00"), D("-120.00"), D("120.00")]
    june = [*outcomes, *many(0, 1, day="2026-06-05", first=29)]
    assert statement(agreement, june, "2026-06").owed == D("0"), "240 a year, 120 and 120 are gone"


def test_a_month_that_is_not_over_owes_nothing_yet() -> None:
    outcomes = [*many(0, 1, day="2026-09-05"), *many(0, 2, first=9)]
    last_day, day_after = (
        statement(clause(CASE), outcomes, as_of=date(2026, *day)) for day in ((10, 31), (11, 1))
    )
    assert (last_day.owed, last_day.still_possible) == (D("0"), D("100.00"))
    assert (day_after.owed, day_after.still_possible) == (D("100.00"), D("0"))
    assert statement(clause(CASE), outcomes, "2026-09", as_of=date(2026, 10, 31)).owed == D("50.00")


def test_what_is_settled_later_is_said() -> None:
    agreement = clause(MISSED, "share: 95%, every: quarter", CASE)
    assert statement(agreement, [], "2026-10").later == ("missed (2026-Q4)",)
    assert statement(agreement, [], "2026-12").later == ()
    assert statement(agreement, [], "2026-10-05..2026-10-11").later == (
        "missed (2026-Q4)",
        "breach (2026-10)",
    )


# -- claims and beginnings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "claimed", "owed", "kind"),
    [
        (date(2026, 11, 30), "{}", "50.00", LineKind.CREDIT),
        (date(2026, 12, 1), "{}", "0", LineKind.LAPSED),
        (date(2026, 12, 1), "{missed/2026-10: 2026-11-30}", "50.00", LineKind.CREDIT),
        (date(2026, 12, 9), "{missed/2026-10: 2026-12-01}", "0", LineKind.LAPSED),
        (date(2026, 12, 1), "{missed/2026-09: 2026-10-30}", "0", LineKind.LAPSED),
        (None, "{}", "50.00", LineKind.CREDIT),
    ],
    ids=["there is time", "too late", "claimed", "claimed too late", "another month", "no day to look at it"],
)
def test_what_is_not_claimed_in_time_lapses(
    as_of: date | None, claimed: str, owed: str, kind: LineKind
) -> None:
    agreement = clause(MISSED, raise_within="30d", claimed=claimed)
    found = statement(agreement, many(94, 6), as_of=as_of)
    [line] = found.lines
    assert (found.owed, line.kind, line.claim_by) == (D(owed), kind, date(2026, 11, 30))
    assert line.words.endswith("; not claimed by 2026-11-30, so it lapsed") == (kind is LineKind.LAPSED)


def test_what_lapsed_uses_up_no_cap() -> None:
    claimed = "{breach/2026-10: 2026-11-01}"
    agreement = clause(MISSED, "share: 95%", CASE, at_risk="15%", raise_within="30d", claimed=claimed)
    found = statement(agreement, many(80, 20), as_of=date(2027, 1, 1))
    assert [(line.kind, line.amount) for line in found.lines] == [
        (LineKind.LAPSED, D("0")),
        (LineKind.CREDIT, D("150.00")),
    ]


def test_periods_before_the_credits_begin_cost_nothing() -> None:
    outcomes = [*many(0, 1, day="2026-09-05"), *many(0, 1, first=9)]
    agreement = clause(CASE, begins_on="2026-10-01")
    assert [statement(agreement, outcomes, name).owed for name in ("2026-09", "2026-10")] == [
        D("0"),
        D("50.00"),
    ]


def test_a_yearly_cap_is_used_up_by_earlier_months() -> None:
    agreement = clause(CASE, at_risk="{share: 1%, every: year}")
    outcomes = [*many(0, 2, day="2026-03-05"), *many(0, 1, first=9), *many(0, 1, day="2027-01-05", first=19)]
    owed = [statement(agreement, outcomes, name).owed for name in ("2026-03", "2026-10", "2027-01")]
    assert owed == [D("100.00"), D("20.00"), D("50.00")]


def test_repetition_may_cost_an_amount_instead() -> None:
    again = "name: again, by: repeat, objective: in-time, misses: 2, in_periods: 3, of_fee: 7%"
    outcomes = [*many(0, 1, day="2026-08-05"), *many(0, 1, first=9)]
    found = statement(clause(MISSED, "share: 95%", again), outcomes)
    assert [line.amount for line in found.lines] == [D("120.00"), D("70.00")]


def test_it_says_from_when_on_it_has_to_know() -> None:
    plain = clause(CASE)
    assert since(plain, period_from("2026-10")) == datetime(2026, 10, 1, tzinfo=UTC)
    again = "name: again, by: repeat, objective: in-time, misses: 2, in_periods: 3, amount: 7"
    rolling = clause(f"{MISSED}, earn_back: {{periods: 2}}", "share: 95%", again)
    assert since(rolling, period_from("2026-10")) == datetime(2026, 5, 1, tzinfo=UTC)
    yearly = clause(CASE, at_risk="{share: 1%, every: year}")
    assert since(yearly, period_from("2026-10")) == datetime(2026, 1, 1, tzinfo=UTC)
    both = clause(MISSED, "share: 95%", again, at_risk="{share: 1%, every: year}")
    assert since(both, period_from("2026-10")) == datetime(2025, 1, 1, tzinfo=UTC)
    carried = clause(MISSED, "share: 95%, smallest_sample: 9, small_sample: carry")
    assert since(carried, period_from("2026-10")) == datetime(2026, 1, 1, tzinfo=UTC)


# -- owed, recoverable, exposure ----------------------------------------------------------------------------------------------


def owed_by(provider: str, consumer: str, outcomes: list[Outcome], **terms: Any) -> Any:
    agreement = clause(CASE, **terms)
    both = replace(agreement.terms, provider=provider, consumer=consumer)
    own = [replace(one, provider=provider, consumer=consumer) for one in outcomes]
    return statement(replace(agreement, terms=both), own)


def test_what_partners_owe_is_set_against_what_is_owed() -> None:
    owed = owed_by("vendor", "acme", [*many(0, 3), undecided(ran(9, 5 * H))])
    due = owed_by("north", "vendor", [*many(0, 2), *map(undecided, many(0, 2, first=50))])
    assert balances([owed], [due]) == [
        Balance(
            currency="EUR",
            owed=D("150.00"),
            recoverable=D("100.00"),
            possible=D("50.00"),
            possibly_recoverable=D("100.00"),
        )
    ]
    assert balances([owed], [due])[0].exposure == D("50.00")


def test_one_currency_is_not_set_against_another() -> None:
    owed = owed_by("vendor", "acme", many(0, 3))
    due = owed_by("north", "vendor", many(0, 2), currency="CHF")
    assert [(one.currency, one.exposure) for one in balances([owed], [due])] == [
        ("CHF", D("-100.00")),
        ("EUR", D("150.00")),
    ]


def test_of_a_partners_credit_a_customer_sees_what_its_tickets_prove() -> None:
    others = [replace(one, customer="zeta") for one in many(0, 2, first=50)]
    due = owed_by("north", "vendor", [*many(0, 1), *others])
    assert balances([], [due], customer="acme")[0].recoverable == D("50.00")
    third = owed_by("north", "vendor", [*many(0, 1), *others], at_risk="10%")
    assert balances([], [third], customer="acme")[0].recoverable == D("33.33")


# -- money --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "fee", "owed"),
    [
        ("EUR", '"0.10"', "0.00"),
        ("EUR", '"0.30"', "0.02"),
        ("JPY", "1010", "50"),
        ("KWD", '"0.310"', "0.016"),
    ],
    ids=["half down to even", "half up to even", "no smaller unit", "a thousandth"],
)
def test_an_amount_is_rounded_once_half_to_even(currency: str, fee: str, owed: str) -> None:
    agreement = clause(MISSED, fee=f"{{amount: {fee}}}", currency=currency)
    assert str(statement(agreement, many(94, 6)).owed) == owed
