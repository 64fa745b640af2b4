"""A line of work in words, in the language of the desk that reads it, and nowhere but there."""

from decimal import Decimal

import pytest

from gateway.domain import imported, worktelling
from gateway.domain.model import HopStatus
from gateway.domain.worklog import Unit, Work, WorkKind
from gateway.errors import Refused
from tests.builders import NOW, PERSON, happened, put, queued, said, tree
from tests.domain.test_worklog import line


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "labour 90 min, 80.50 EUR"),
        ("ru", "работа 90 мин, 80.50 EUR"),
        ("it", "manodopera 90 min, 80.50 EUR"),
        ("tlh", "labour 90 min, 80.50 EUR"),
    ],
)
def test_it_is_told_in_the_desks_language(language: str, told: str) -> None:
    assert worktelling.what(line(price=Decimal("80.5"), currency="EUR"), language) == told


@pytest.mark.parametrize("kind", WorkKind)
@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_every_kind_and_unit_has_its_word(kind: WorkKind, unit: Unit, language: str) -> None:
    assert " 2.5 " in worktelling.what(line(kind=kind, unit=unit, amount=Decimal("2.50")), language)


@pytest.mark.parametrize(
    ("number", "text"), [("90", "90"), ("100", "100"), ("12.50", "12.5"), ("1E+2", "100"), ("3.000", "3")]
)
def test_numbers_are_plain(number: str, text: str) -> None:
    assert worktelling.plain(Decimal(number)) == text


WORK = Work(kind=WorkKind.LABOUR, amount=Decimal(87), unit=Unit.MINUTES, at=NOW, text="CANARY")


def test_a_line_is_queued_at_the_desk_right_above_alone() -> None:
    case = tree("customer>vendor", "vendor>north", "vendor>south")
    worktelling.log(case, case.hops["hop_north"], WORK, PERSON)

    assert len(said(case, "vendor")) == 1
    assert [queued(case, code) for code in ("customer", "north", "south")] == [[], [], []]
    [delivery] = queued(case, "vendor")
    assert (delivery.visibility, delivery.note) == ("private", True)
    assert happened(case, "north") == ["work.logged"]


def test_nothing_is_written_into_a_ticket_that_is_over() -> None:
    case = tree("customer>vendor", "vendor>north")
    put(case, "vendor", status=HopStatus.CLOSED)
    made = worktelling.log(case, case.hops["hop_north"], WORK, PERSON)

    assert queued(case, "vendor") == []
    assert (made.state, made.told_at) == ("told", NOW), "the list of work tells it"


def test_an_imported_ticket_takes_no_work() -> None:
    case = tree("customer>vendor", "vendor>north")
    case.put_ticket(facts={imported.SOURCE: "a history"})
    with pytest.raises(Refused, match="came with an imported history"):
        worktelling.log(case, case.hops["hop_north"], WORK, PERSON)
    assert (case.events, case.deliveries) == ([], [])
