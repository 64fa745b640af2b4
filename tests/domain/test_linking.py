"""Who may move a link from which state to which."""

from dataclasses import replace

import pytest

from gateway.domain.linking import OPERATOR, Act, Life, Standing, after, pausers
from gateway.domain.model import Link, LinkState
from gateway.errors import Refused

LINK = Link(
    id="lnk_1",
    code="up-down",
    org_id="up",
    upstream_desk_id="d1",
    downstream_desk_id="d2",
    upstream_org_id="up",
    downstream_org_id="down",
)


def standing(
    state: LinkState, *, ready: frozenset[str] = frozenset(), paused_by: frozenset[str] = frozenset()
) -> Standing:
    life = Life(link_id="lnk_1", org_id="up", ready=ready, paused_by=paused_by)
    return Standing(link=LINK, state=state, life=life)


def moved(state: LinkState, *moves: tuple[Act, str]) -> Standing:
    now = standing(state)
    for act, by in moves:
        now = after(now, act, by)
    return now


@pytest.mark.parametrize(
    ("state", "moves", "then"),
    [
        ("pending", [(Act.VALIDATE, OPERATOR)], "validated"),
        ("validated", [(Act.ACTIVATE, "up")], "validated"),
        ("validated", [(Act.ACTIVATE, "up"), (Act.ACTIVATE, "up")], "validated"),
        ("validated", [(Act.ACTIVATE, "up"), (Act.ACTIVATE, "down")], "active"),
        ("validated", [(Act.ACTIVATE, "up"), (Act.PAUSE, "up"), (Act.ACTIVATE, "down")], "validated"),
        ("validated", [(Act.ACTIVATE, OPERATOR)], "active"),
        ("active", [(Act.PAUSE, "up")], "paused"),
        ("active", [(Act.PAUSE, "up"), (Act.RESUME, "up")], "active"),
        ("active", [(Act.PAUSE, "up"), (Act.PAUSE, "down"), (Act.RESUME, "up")], "paused"),
        ("active", [(Act.PAUSE, "up"), (Act.PAUSE, "down"), (Act.RESUME, OPERATOR)], "active"),
        ("active", [(Act.VALIDATE, OPERATOR)], "active"),
        ("paused", [(Act.RESUME, OPERATOR)], "active"),
        ("pending", [(Act.END, "down")], "ended"),
        ("paused", [(Act.END, "up")], "ended"),
    ],
)
def test_a_link_after_some_moves(state: str, moves: list[tuple[Act, str]], then: str) -> None:
    assert moved(LinkState(state), *moves).state == then


@pytest.mark.parametrize(
    ("state", "moves", "told"),
    [
        ("pending", [(Act.ACTIVATE, "up")], "has not passed its checks"),
        ("paused", [(Act.ACTIVATE, "up")], "this link is paused"),
        ("active", [(Act.RESUME, "up")], "is active, not paused"),
        ("active", [(Act.PAUSE, "up"), (Act.RESUME, "down")], "not paused by you"),
        ("paused", [(Act.RESUME, "up")], "not paused by you"),
        ("ended", [(Act.ACTIVATE, OPERATOR)], "this link is ended"),
        ("declined", [(Act.END, "up")], "this link is declined"),
    ],
)
def test_what_cannot_be_says_what_would(state: str, moves: list[tuple[Act, str]], told: str) -> None:
    with pytest.raises(Refused, match=told):
        moved(LinkState(state), *moves)


def test_both_words_said_beforehand_are_enough() -> None:
    both = standing(LinkState.PENDING, ready=frozenset({"up", "down"}))
    assert after(both, Act.VALIDATE, OPERATOR).state is LinkState.ACTIVE
    one = replace(both, life=replace(both.life, ready=frozenset({"up"})))
    assert after(one, Act.VALIDATE, OPERATOR).state is LinkState.VALIDATED


def test_a_pause_of_a_file_is_the_operators() -> None:
    assert pausers(standing(LinkState.PAUSED)) == {OPERATOR}
    assert pausers(standing(LinkState.ACTIVE, paused_by=frozenset({"up"}))) == frozenset()
