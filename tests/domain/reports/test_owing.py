"""The chapter about service credits: sums that the lines come to, lines that tickets prove."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.domain.reports.credits import Statement
from gateway.domain.reports.document import Section, Table
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.owing import section
from gateway.domain.reports.views import Viewer
from tests.domain.reports.counting import H, agreed, many, ran, statement, undecided

D = Decimal
VIEWER = Viewer(names={"vendor": "Till Systems", "north": "North Services"})
CREDITS = """
    credits:
      currency: EUR
      fee: {as_billed: {2026-10: 1000}}
      schemes:
        - {name: breach, by: case, target: resolution, amount: 50}
        - {name: dear, by: share, objective: in-time, bands: [{of_fee: 10%}]}
    objectives: [{name: in-time, target: resolution, share: 50%}]
    """


def owed(provider: str, consumer: str, outcomes: list[Outcome], month: str = "2026-10") -> Statement:
    agreement = agreed(CREDITS)
    parties = replace(agreement.terms, provider=provider, consumer=consumer)
    own = [replace(one, provider=provider, consumer=consumer) for one in outcomes]
    return statement(replace(agreement, terms=parties), own, month)


def table(chapter: Section | None, name: str) -> Table:
    assert chapter is not None
    [found] = [one for one in chapter.tables if one.id == name]
    return found


def test_without_credits_there_is_no_chapter() -> None:
    assert section([], [], VIEWER) is None


def test_what_remains_with_the_provider() -> None:
    mine = owed("vendor", "acme", [*many(9, 2), undecided(ran(50, 5 * H))])
    others = [replace(one, customer="zeta") for one in many(9, 1, first=70)]
    below = owed("north", "vendor", [*many(9, 1), *others])
    chapter = section([mine], [below], VIEWER, customer="acme")
    assert table(chapter, "credits-eur").rows == (
        ("Owed", D("100.00"), D("50.00")),
        ("Recoverable from partners", D("50.00"), D("0.00")),
        ("Exposure", D("50.00"), D("50.00")),
    )
    assert chapter is not None
    assert chapter.summary == (
        "Credits owed: 100.00 EUR (50.00 EUR more are possible),"
        " recoverable from partners 50.00 EUR, exposure 50.00 EUR."
    )


@pytest.mark.parametrize("place", ["owed", "due"])
def test_every_line_says_how_it_came_about_and_what_proves_it(place: str) -> None:
    mine = owed("vendor", "acme", many(1, 2))
    chapter = section([mine], [], VIEWER) if place == "owed" else section([], [mine], VIEWER)
    found = table(chapter, f"credits-{place}-eur")
    scheme, amount, proof = ([row[column] for row in found.rows] for column in (2, 5, 8))
    assert (scheme, amount) == (["breach", "dear"], [D("100.00"), D("100.00")])
    assert proof == ["T-2, T-3", "T-2, T-3"]
    assert found.totals[5] == D("200.00")
    assert [row[5] for row in table(chapter, "credits-proof").rows] == [Fraction(1, 2)] * 4


def test_what_is_only_possible_or_not_priced_is_said() -> None:
    september = [*many(1, 1, day="2026-09-05"), undecided(ran(9, 5 * H, day="2026-09-05"))]
    chapter = section([owed("vendor", "acme", september, "2026-09")], [], VIEWER)
    rows = [(row[2], row[4], row[5]) for row in table(chapter, "credits-owed-eur").rows]
    assert rows == [
        ("breach", "credit", D("50.00")),
        ("breach", "possible in all", D("100.00")),
        ("dear", "no fee told", D(0)),
    ]


def test_money_that_lapsed_is_not_hidden() -> None:
    agreement = agreed(CREDITS.replace("currency: EUR", "currency: EUR\n      raise_within: 30d"))
    mine = statement(agreement, [*many(9, 2), *many(0, 30, first=50)], as_of=date(2027, 1, 1))
    chapter = section([mine], [], VIEWER)
    assert chapter is not None
    assert chapter.summary == "Credits owed: 0.00 EUR, lapsed unclaimed: 1,700.00 EUR."
    sums, lines = table(chapter, "credits-eur"), table(chapter, "credits-owed-eur")
    assert [str(cell) for cell in sums.rows[1]] == ["Lapsed unclaimed, not owed", "1700.00", "0.00"]
    assert "had it been claimed in time" in sums.note
    place = [one.key for one in lines.columns].index("lapsed")
    assert [(str(row[place - 1]), row[place]) for row in lines.rows] == [
        ("0.00", D("1600.00")),
        ("0.00", D("100.00")),
    ]
    assert lines.totals[place] == D("1700.00")


def test_what_was_never_claimed_from_partners_is_said() -> None:
    agreement = agreed(CREDITS.replace("currency: EUR", "currency: EUR\n      raise_within: 30d"))
    below = statement(agreement, many(1, 1), as_of=date(2027, 1, 1))
    chapter = section([owed("vendor", "acme", many(9, 1))], [below], VIEWER)
    assert chapter is not None
    assert chapter.summary.endswith("exposure 50.00 EUR, never claimed from partners 50.00 EUR.")
    assert table(chapter, "credits-eur").rows[-1] == (
        "Never claimed from partners in time",
        D("50.00"),
        D("0.00"),
    )


def test_nothing_is_written_as_any_other_amount() -> None:
    chapter = section([owed("vendor", "acme", many(3, 0))], [], VIEWER)
    assert chapter is not None
    assert chapter.summary == "Credits owed: 0.00 EUR."
    assert [str(cell) for cell in table(chapter, "credits-eur").rows[0]] == ["Owed", "0.00", "0.00"]


def test_a_long_line_names_few_tickets_and_the_proof_has_all() -> None:
    chapter = section([owed("vendor", "acme", many(30, 25))], [], VIEWER)
    lines = table(chapter, "credits-owed-eur")
    assert lines.rows[0][8] == "T-31, T-32, T-33 and 22 more"
    assert len(table(chapter, "credits-proof").rows) == 25


def test_what_is_settled_later_is_said() -> None:
    agreement = agreed(CREDITS.replace("share: 50%", "share: 50%, every: quarter"))
    chapter = section([statement(agreement, many(1, 0))], [], VIEWER)
    assert table(chapter, "credits-eur").note.endswith("Settled later: acme-tills: dear (2026-Q4).")
