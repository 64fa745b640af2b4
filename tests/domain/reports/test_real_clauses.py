"""Four kinds of clauses as contracts have them, each worked out by hand in the table above its test."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.domain.reports.objectives import Standing, evaluate
from gateway.domain.reports.outcome import Outcome
from tests.domain.reports.counting import H, M, agreed, many, ran, statement

D = Decimal

# -- 1. share with a tail limit -----------------------------------------------------------------------------------------------
#
# "95 % of critical faults are restored within 4 hours, the remaining ones within 12. Below 95 % the customer is credited 3 % of
# the monthly fee of 20,000.00, below 90 % 8 %; if only the 12 hours are missed, 250.00."
#
#   of 40 | within 4 h | 4 to 12 h | over 12 h | share            | the rest | credit
#   A     |    38      |     2     |     0     | 38/40 = 95 %     | kept     | none
#   B     |    38      |     1     |     1     | 38/40 = 95 %     | missed   | 250.00
#   C     |    37      |     3     |     0     | 37/40 = 92.5 %   | kept     | 3 % x 20,000.00 =   600.00
#   D     |    35      |     4     |     1     | 35/40 = 87.5 %   | missed   | 8 % x 20,000.00 = 1,600.00
#   E     |  9496 of 10,000   504  |     0     | 94.96 %, not 95  | kept     | 3 % x 20,000.00 =   600.00

SHARE_WITH_A_TAIL = """
    objectives:
      - name: critical-in-4h
        target: resolution
        priorities: [critical]
        share: 95%
        tails: [{share: 100%, within: 12h}]
    credits:
      currency: EUR
      fee: {amount: 20000, every: month}
      schemes:
        - name: late
          by: share
          objective: critical-in-4h
          bands: [{below: 95%, of_fee: 3%}, {below: 90%, of_fee: 8%}, {amount: "250.00"}]
    """


@pytest.mark.parametrize(
    ("inside", "later", "last", "standing", "owed"),
    [
        (38, 2, 0, Standing.MET, D("0")),
        (38, 1, 1, Standing.MISSED, D("250.00")),
        (37, 3, 0, Standing.MISSED, D("600.00")),
        (35, 4, 1, Standing.MISSED, D("1600.00")),
        (9496, 504, 0, Standing.MISSED, D("600.00")),
    ],
    ids="ABCDE",
)
def test_share_with_a_tail_limit(
    inside: int, later: int, last: int, standing: Standing, owed: Decimal
) -> None:
    agreement = agreed(SHARE_WITH_A_TAIL)
    times = [4 * H] * inside + [12 * H] * later + [12 * H + timedelta(microseconds=1)] * last
    outcomes = [ran(number, time) for number, time in enumerate(times)]
    [objective] = agreement.objectives
    assert evaluate(objective, outcomes).standing is standing
    found = statement(agreement, outcomes)
    assert found.owed == owed
    assert [len(line.proof) for line in found.lines] == ([later + last] if owed else [])


# -- 2. penalty per started 15 minutes ----------------------------------------------------------------------------------------
#
# "For each started 15 minutes beyond the 4 hours the provider pays 15.00, for one fault not more than 150.00; all penalties of
# a month together not more than 10 % of the fee of 2,500.00, which is 250.00."
#
#   ticket | ran for              | over            | started | x 15.00 | paid
#   T-1    | 4 h 0 min 0 s        | nothing         |    0    |   0.00  |   0.00
#   T-2    | 4 h 0 min 1 s        | 1 s             |    1    |  15.00  |  15.00
#   T-3    | 4 h 15 min           | 15 min          |    1    |  15.00  |  15.00
#   T-4    | 4 h 15 min and 1 µs  | 15 min and 1 µs |    2    |  30.00  |  30.00
#   T-5    | 4 h 47 min           | 47 min          |    4    |  60.00  |  60.00
#   T-6    | 7 h                  | 3 h             |   12    | 180.00  | 150.00, its most
#   T-1 to T-5: 120.00. All six: 270.00, cut to 250.00.

STARTED_QUARTERS = """
    credits:
      currency: EUR
      fee: {amount: "2500.00"}
      schemes:
        - {name: late, by: delay, target: resolution, each: 15m, amount: 15, most_per_case: 150, cap: 10%}
    """

RAN = (
    4 * H,
    4 * H + timedelta(seconds=1),
    4 * H + 15 * M,
    4 * H + timedelta(minutes=15, microseconds=1),
    4 * H + 47 * M,
    7 * H,
)


def test_penalty_per_started_15_minutes() -> None:
    outcomes = [ran(number, time) for number, time in enumerate(RAN, start=1)]
    agreement = agreed(STARTED_QUARTERS)
    paid = [statement(agreement, [one]).owed for one in outcomes]
    assert paid == [D("0"), D("15.00"), D("15.00"), D("30.00"), D("60.00"), D("150.00")]
    assert statement(agreement, outcomes[:5]).owed == D("120.00")
    [line] = statement(agreement, outcomes).lines
    assert line.amount == D("250.00")
    assert line.tickets == ("T-2", "T-3", "T-4", "T-5", "T-6")
    assert line.words == (
        "resolution in 2026-10, each started 15 min: T-2 ran over by 1 s: 1 x 15.00 EUR;"
        " T-3 ran over by 15 min: 1 x 15.00 EUR; T-4 ran over by 15 min 1 s: 2 x 15.00 EUR;"
        " T-5 ran over by 47 min: 4 x 15.00 EUR; T-6 ran over by 3 h: 12 x 15.00 EUR, at most 150.00 EUR;"
        " together 270.00 EUR; at most 10 % of the fee = 250.00 EUR"
    )


# -- 3. repeated failure in a rolling period ----------------------------------------------------------------------------------
#
# "Below 90 % the customer is credited 5 % of the monthly fee of 10,000.00. The third miss within three months, and each further
# one with two misses in the two months before it, is credited twice."
#
#   month   | of 20 | share | missed | in three months | credit
#   2026-03 |   17  |  85 % |  yes   | 03              | 500.00
#   2026-04 |   17  |  85 % |  yes   | 03, 04          | 500.00
#   2026-05 |   16  |  80 % |  yes   | 03, 04, 05      | 500.00 x 2 = 1,000.00
#   2026-06 |   17  |  85 % |  yes   | 04, 05, 06      | 500.00 x 2 = 1,000.00
#   2026-07 |   18  |  90 % |  no    | 05, 06          | none
#   2026-08 |   17  |  85 % |  yes   | 06, 08          | 500.00
#   2026-09 |   17  |  85 % |  yes   | 08, 09          | 500.00
#   2026-10 |   10  |  50 % |  yes   | 08, 09, 10      | 500.00 x 2 = 1,000.00

REPEATED = """
    objectives:
      - {name: in-time, target: resolution, share: 90%}
    credits:
      currency: EUR
      fee: {amount: 10000}
      schemes:
        - {name: missed, by: share, objective: in-time, bands: [{below: 90%, of_fee: 5%}]}
        - {name: again, by: repeat, objective: in-time, misses: 3, in_periods: 3, times: 2}
    """

KEPT = {3: 17, 4: 17, 5: 16, 6: 17, 7: 18, 8: 17, 9: 17, 10: 10}
CREDITED = {3: 500, 4: 500, 5: 1000, 6: 1000, 7: 0, 8: 500, 9: 500, 10: 1000}


def course_of(kept: dict[int, int]) -> list[Outcome]:
    """Twenty clocks in each month of 2026, so many of them in time."""
    found = []
    for month, inside in kept.items():
        found += many(inside, 20 - inside, day=f"2026-{month:02}-10", first=month * 100)
    return found


@pytest.mark.parametrize("month", KEPT)
def test_repeated_failure_in_a_rolling_period(month: int) -> None:
    found = statement(agreed(REPEATED), course_of(KEPT), f"2026-{month:02}")
    assert found.owed == D(CREDITED[month])


def test_what_doubles_says_which_misses_count() -> None:
    line = statement(agreed(REPEATED), course_of(KEPT), "2026-05").lines[-1]
    assert line.words == (
        "in-time was missed in 3 of 3 months (2026-03, 2026-04, 2026-05), 3 are enough:"
        " 2 times 500.00 EUR, that is 500.00 EUR more"
    )


# -- 4. fees at risk with cap and earn-back -----------------------------------------------------------------------------------
#
# "12 % of the monthly fee of 30,000.00 is at risk: 3,600.00. Missing the critical objective costs 60 % of it, the high one 80 %,
# together never more than all of it. A credit is earned back when its objective is met in the three months that follow."
#
#   month   | critical | high   | credits                                     | earned back            | due
#   2026-01 | missed   | missed | 2,160.00 + 2,880.00 = 5,040.00, over 3,600: |                        |
#           |          |        | 2,160 x 3,600/5,040 = 1,542.857… = 1,542.86 |                        |
#           |          |        | 2,880 x 3,600/5,040 = 2,057.142… = 2,057.14 | none                   |  3,600.00
#   2026-02 | met      | met    | none                                        | none                   |      0.00
#   2026-03 | met      | missed | 2,880.00                                    | none                   |  2,880.00
#   2026-04 | met      | met    | none                                        | critical of 01         | -1,542.86
#   2026-05 | met      | met    | none                                        | none: high missed 03   |      0.00
#   2026-06 | missed   | met    | 2,160.00                                    | high of 03             |   -720.00

AT_RISK = """
    objectives:
      - {name: critical-in-time, target: resolution, priorities: [critical], share: 90%}
      - {name: high-in-time, target: resolution, priorities: [high], share: 90%}
    credits:
      currency: EUR
      fee: {amount: 30000}
      at_risk: 12%
      schemes:
        - {name: critical, by: share, objective: critical-in-time, bands: [{of_risk: 60%}], earn_back: {periods: 3}}
        - {name: high, by: share, objective: high-in-time, bands: [{of_risk: 80%}], earn_back: {periods: 3}}
    """

MISSED = {"critical": (1, 6), "high": (1, 3)}
DUE = {1: "3600.00", 2: "0", 3: "2880.00", 4: "-1542.86", 5: "0", 6: "-720.00"}


def half_a_year() -> list[Outcome]:
    found = []
    for place, (priority, missed) in enumerate(MISSED.items()):
        for month in range(1, 7):
            kept = 0 if month in missed else 10
            first = month * 100 + place * 50
            clocks = many(kept, 10 - kept, day=f"2026-{month:02}-10", first=first)
            found += [replace(one, priority=priority) for one in clocks]
    return found


@pytest.mark.parametrize("month", DUE)
def test_fees_at_risk_with_cap_and_earn_back(month: int) -> None:
    found = statement(agreed(AT_RISK), half_a_year(), f"2026-{month:02}")
    assert found.owed == D(DUE[month])
    assert found.credited <= D("3600.00")


def test_what_is_cut_and_given_back_says_why() -> None:
    lines = statement(agreed(AT_RISK), half_a_year(), "2026-01").lines
    assert [(line.scheme, line.amount) for line in lines] == [
        ("critical", D("1542.86")),
        ("high", D("2057.14")),
    ]
    assert lines[0].words == (
        "critical-in-time in 2026-01: 0 of 10 within the target (0 %), 90 % promised; missed:"
        " 60 % of what is at risk, 3,600.00 EUR = 2,160.00 EUR;"
        " cut to what is left of 12 % of the fee of 2026-01, 3,600.00 EUR in all"
    )
    [given] = statement(agreed(AT_RISK), half_a_year(), "2026-04").lines
    assert given.words == (
        "critical-in-time was met in 2026-02, 2026-03, 2026-04: the credit for 2026-01 is given back"
    )
