"""Whose desk tells of what."""

import pytest

from gateway.domain.reporters import reporter
from tests.builders import hop


@pytest.mark.parametrize(
    ("kind", "teller"),
    [
        ("assignment.offered", "hop_vendor"),
        ("resolution.rejected", "hop_vendor"),
        ("assignment.accepted", "hop_north"),
        ("status.changed", "hop_north"),
        ("news.delivered", "hop_north"),
    ],
)
def test_an_act_is_told_by_the_desk_at_which_it_was_seen(kind: str, teller: str) -> None:
    assert reporter(kind, hop("north", parent_id="hop_vendor")) == teller


def test_at_the_top_there_is_no_other() -> None:
    assert reporter("assignment.offered", hop("customer")) == "hop_customer"
