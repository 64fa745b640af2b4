"""A difference shows what differs and little else."""

from gateway.testing.differences import MOST_LINES, difference


def test_only_what_differs_is_shown() -> None:
    expected = {str(number): number for number in range(50)}
    told = difference({**expected, "25": "é"}, expected).splitlines()
    assert [line for line in told if line[0] in "-+"][2:] == ['- "25": 25,', '+ "25": "é",']
    assert len(told) < 10


def test_equal_is_nothing() -> None:
    assert difference([1], [1]) == ""


def test_long_differences_are_cut() -> None:
    told = difference(list(range(500)), []).splitlines()
    assert len(told) == MOST_LINES + 1
    assert told[-1].endswith("more lines")
