"""What a link lets cross and a desk cannot hold is said in a line of its checks."""

from typing import Any

import pytest

from gateway.domain import holding
from gateway.domain.model import Capabilities, Carry, Crossing
from gateway.domain.model.change import replace
from gateway.domain.preflight import passes
from tests import builders

ALL = Capabilities(
    private_comments=True,
    attachments=True,
    due="datetime",
    writable=frozenset({"priority", "site", "asset", "service", "rating", "tags", "related", "custom.*"}),
    edits_comments=True,
    removes_comments=True,
)


def found(*, up: Capabilities = ALL, down: Capabilities = ALL, **crossing: Any) -> dict[str, str]:
    """What is said of each desk."""
    link = builders.link("above", "below", crossing=Crossing(**crossing))
    above, below = builders.desk("above", capabilities=up), builders.desk("below", capabilities=down)
    told = list(holding.checks(link, above, below))
    assert passes(told), "it keeps no link from going live"
    return {check.desk: check.what for check in told}


def test_desks_that_hold_all_are_told_of_nothing() -> None:
    assert found(fields_down=frozenset({"tags", "related", "custom.po", "due", "title", "description"})) == {}


@pytest.mark.parametrize(
    ("lack", "crossing", "told"),
    [
        ({"writable": frozenset({"rating"})}, {"fields_down": frozenset({"tags", "title", "custom.po"})},
         "has no field for custom.po, tags: told in words"),
        ({"writable": frozenset({"tags"})}, {"fields_down": frozenset({"tags"})}, "has no field for rating: told in words"),
        ({"writable": frozenset({"tags"})}, {"fields_down": frozenset({"tags"}), "ratings_down": False}, ""),
        ({"due": "none"}, {}, "has no field for due: told in words"),
        ({"due": "date"}, {}, "keeps the day of a due date: its time is told in words"),
        ({"writable": frozenset({"rating"})}, {"fields_down": frozenset(), "fields_up": frozenset({"related", "custom.po"})},
         "does not show custom.po, related: nothing of it leaves there"),
        ({"edits_comments": False}, {}, "a comment that was changed is told once more"),
        ({"removes_comments": False}, {}, "of one that was taken back a note asks to remove it by hand"),
        ({"edits_comments": False}, {"comments_down": Carry.STOP}, ""),
        ({"attachments": False}, {}, "takes and gives no files"),
        ({"attachments": False}, {"attachments_down": False, "attachments_up": False}, ""),
    ],
)  # fmt: skip
def test_what_the_desk_below_cannot_hold_is_said(
    lack: dict[str, Any], crossing: dict[str, Any], told: str
) -> None:
    assert found(down=replace(ALL, **lack), **crossing) == ({"below": told} if told else {})


def test_logged_work_is_told_above_where_only_its_own_people_read() -> None:
    blunt = replace(ALL, private_comments=False)
    assert found(up=blunt) == {"above": "has no internal notes: logged work stands in the list of work alone"}
    assert found(up=blunt, worklogs_up=False) == {}
    assert found(down=blunt) == {}
