"""Totals of a day, at both ends: what was sent, taken, refused, is unanswered and open, and who does not know of what."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.domain.totals import FIGURES, Difference, Told, count

DAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, tzinfo=UTC)


def happened(*what: str) -> list[Told]:
    """`sent@9` at that hour of the day; `taken@10?` the other end has not been told of."""
    found = []
    for text in what:
        name, _, hour = text.partition("@")
        at = START + timedelta(hours=int(hour.removesuffix("?")))
        found.append(Told(what=name, at=at, known=not hour.endswith("?")))
    return found


@pytest.mark.parametrize(
    ("what", "figures"),
    [
        (["sent@9"], ["sent", "unanswered", "open"]),
        (["sent@9", "taken@10"], ["sent", "taken", "open"]),
        (["sent@9", "refused@10"], ["sent", "refused"]),
        (["sent@9", "withdrawn@10"], ["sent"]),
        (["sent@9", "taken@10", "over@11"], ["sent", "taken"]),
        (["sent@9", "taken@10", "over@11", "again@12"], ["sent", "taken", "open"]),
        (["sent@9", "taken@10", "closed@11"], ["sent", "taken"]),
        (["sent@9", "taken@10", "closed@11", "reopened@12"], ["sent", "taken", "open"]),
        (["sent@-5"], ["unanswered", "open"]),
        (["sent@-5", "taken@-4"], ["open"]),
        (["sent@-5", "refused@3"], ["refused"]),
        (["sent@9", "refused@30"], ["sent", "unanswered", "open"]),
        (["sent@25"], []),
        ([], []),
    ],
)
def test_a_day_is_counted_alike_where_both_ends_know_all(what: list[str], figures: list[str]) -> None:
    found = count({"hop_1": happened(*what)}, DAY)
    assert found.upstream == found.downstream == {name: int(name in figures) for name in FIGURES}
    assert found.differences == ()


@pytest.mark.parametrize(
    ("what", "counted_by", "figures"),
    [
        (["sent@9?"], "upstream", ["sent", "unanswered", "open"]),
        (["sent@9", "taken@10?"], "downstream", ["taken"]),
        (["sent@9", "refused@10?"], "downstream", ["refused"]),
        (["sent@9", "withdrawn@10?"], "downstream", ["unanswered", "open"]),
        (["sent@9", "taken@10", "over@11?"], "upstream", ["open"]),
        (["sent@9", "taken@10", "closed@11?"], "downstream", ["open"]),
        (["sent@9", "taken@10", "closed@11", "reopened@12?"], "upstream", ["open"]),
    ],
)
def test_what_the_other_end_does_not_know_is_a_difference_with_its_ticket(
    what: list[str], counted_by: str, figures: list[str]
) -> None:
    found = count({"hop_1": happened(*what), "hop_2": happened("sent@9")}, DAY)
    mine = [one for one in found.differences if one.counted_by == counted_by]
    assert mine == [Difference(figure=name, hop="hop_1", counted_by=counted_by) for name in figures]
