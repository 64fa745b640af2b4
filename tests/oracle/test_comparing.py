"""A slice of the generated cases in every run of the tests; the million is `python -m tests.oracle`."""

from datetime import datetime, timedelta

import pytest

from gateway.domain.worktime import Worktime
from tests.oracle.__main__ import main
from tests.oracle.comparing import compare


@pytest.mark.parametrize("seed", range(12))
def test_business_time_agrees_with_the_oracle(seed: int) -> None:
    told = list(compare(seed, 250))
    assert len(told) == 250
    assert [text for text in told if text] == []


def test_the_command_counts_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", "50", "--seed", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "50 of 50 agree"


def test_a_disagreement_is_named_with_its_whole_case(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Worktime.between

    def a_minute_more(work: Worktime, start: datetime, end: datetime) -> timedelta:
        return right(work, start, end) + timedelta(minutes=1)

    monkeypatch.setattr(Worktime, "between", a_minute_more)
    assert main(["--cases", "50", "--seed", "3"]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("scene 3/0, Spelled(zone=")
    assert "Question(kind='between'" in first
    assert last.endswith(" of 50 agree")
    assert not last.startswith("50 ")
