"""schemas/contracts.md, "A contract's life": its tables are what comes out of the rules."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from gateway import schemas
from gateway.domain.agreement_versions import versions
from gateway.domain.lifecycle import reminder_on, state_on
from gateway.installation import yaml_text
from tests.domain.test_contract_guide import GUIDE, document

SECTION = GUIDE.split("## A contract's life", 1)[1].split("\n## ", 1)[0]


def written(first: str) -> dict[str, Any]:
    """The indented lines that begin with that word, as they would stand in a file."""
    [block] = [one for one in re.findall(r"\n\n((?:    .+\n)+)", SECTION) if one.strip().startswith(first)]
    [found] = yaml_text.documents(block.encode(), source="contracts.md")
    return dict(found or {})


def agreement(**more: Any) -> dict[str, Any]:
    [plain] = [one for one in document()["agreements"] if one["code"] == "acme-tills"]
    told = {**plain, **written("valid_from"), **more}
    schemas.check("agreement", told)
    return told


def states() -> list[tuple[str, str]]:
    return re.findall(r"\n\| (\d{4}-\d\d-\d\d[^|]*) \| (\w+) \|", SECTION)


def meant(case: str) -> dict[str, Any]:
    """The agreement that a row of the table speaks of."""
    changes: dict[str, Any] = {}
    if "renewed" in case:
        changes["amendments"] = [written("amendments")["amendments"][-1]]
    if found := re.search(r"ended on (\S+)", case):
        changes["terminated_on"] = found[1]
    if "draft" in case:
        changes["draft"] = True
    told = agreement(**changes)
    return {name: value for name, value in told.items() if name != "after_end"} if "without" in case else told


@pytest.mark.parametrize(("case", "state"), states(), ids=[case for case, _ in states()])
def test_each_day_of_the_table_has_its_state(case: str, state: str) -> None:
    assert state_on(meant(case), date.fromisoformat(case[:10])) == state


def test_every_state_is_in_the_table() -> None:
    assert len({state for _, state in states()}) == 6


def test_reminders_come_on_the_days_that_are_named() -> None:
    named = re.search(r"for an end on (\S+) on (\S+), (\S+) and (\S+)\.", " ".join(SECTION.split()))
    assert named is not None
    end = date.fromisoformat(named[1])
    days = [end - timedelta(days=count) for count in range(120, 0, -1)]
    before = [found.before if (found := reminder_on(agreement(), day)) else None for day in days]
    first = [str(day) for day, mark, last in zip(days, before, [None, *before], strict=False) if mark != last]
    assert first == list(named.groups()[1:])


def test_versions_hold_on_the_days_of_the_table() -> None:
    found = versions(agreement(**written("amendments")))
    rows = re.findall(r"\n\| (\d) \| (\S+) \| (\S+) \|", SECTION)
    assert rows == [(str(one.number), str(one.begins), str(one.ends)) for one in found]
    assert found[1].terms["targets"] == {"resolution": {"critical": "6h", "low": {"business_days": 2}}}
