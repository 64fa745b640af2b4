"""The life of a link between two organizations: who may move it from which state to which, and what an invitation to it says.
Nothing goes live by one side's word, and nobody undoes the other side's pause."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.model import Link, LinkState
from gateway.errors import Refused

OPERATOR = "operator"
"""Stands for whoever runs the installation, where an organization's id would."""
LONGEST = timedelta(days=30)
"""An invitation that is open longer is forgotten, and its code lies about."""
GUESSES, GUESSED_WITHIN = 10, timedelta(hours=1)
"""So many codes or names that are none may be tried in that time; then nothing is taken until it is over."""
CHECK_EVERY = timedelta(days=1)


class Role(StrEnum):
    """What the inviter's desk is on the link: it hands tickets over, or receives them."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Answer(StrEnum):
    """What became of an invitation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKEN_BACK = "taken back"


class Act(StrEnum):
    """What is done to a link."""

    VALIDATE = "validate"
    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """One side's word, until the other has answered. `terms` are parts of the link's document; `to_org_id` is None where
    whoever holds the code may take it; `activate`: live as soon as the checks pass, as far as this side is asked."""

    id: str
    org_id: str
    desk_id: str
    role: Role
    to_org_id: str | None
    contact: str
    agreement: str
    link_code: str
    terms: Mapping[str, Any]
    activate: bool
    created_at: datetime
    created_by: str
    expires_at: datetime
    state: Answer = Answer.PENDING
    answered_at: datetime | None = None
    answered_by: str = ""
    answered_org_id: str | None = None
    reason: str = ""
    link_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Life:
    """What is known of a link beyond its document. `ready`: organizations that want it live; `paused_by`: those that paused
    it (or `OPERATOR`). `checks`: documents of the last pre-flight checks; `check_at` when they are next due, None: never."""

    link_id: str
    org_id: str
    agreement: str = ""
    ready: frozenset[str] = frozenset()
    paused_by: frozenset[str] = frozenset()
    checks: tuple[Mapping[str, Any], ...] = field(default=())
    checked_at: datetime | None = None
    check_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A link's state and life at one moment."""

    link: Link
    state: LinkState
    life: Life

    @property
    def sides(self) -> frozenset[str]:
        """The two organizations."""
        return frozenset({self.link.upstream_org_id, self.link.downstream_org_id})


OVER = frozenset({LinkState.ENDED, LinkState.DECLINED})
_WENT = {
    Answer.ACCEPTED: "was accepted already",
    Answer.DECLINED: "was declined",
    Answer.TAKEN_BACK: "was taken back",
}


def refuse_unless_open(invitation: Invitation, *, org_id: str, now: datetime) -> None:
    """Whether this organization may answer it. Raises Refused with why not."""
    if org_id == invitation.org_id:
        raise Refused(
            "this invitation is your own",
            why="a link joins two organizations",
            cure="give the code to the other one; desks of one organization are linked by interdesk apply",
        )
    if invitation.to_org_id not in (None, org_id):
        raise Refused(
            "this invitation is for another organization",
            why="its inviter named whom it is for",
            cure="ask the inviter for one of your own",
        )
    if invitation.state is not Answer.PENDING:
        raise Refused(
            f"this invitation {_WENT[invitation.state]}",
            why="a code works once",
            cure="ask the inviter for a new one",
        )
    if now >= invitation.expires_at:
        when = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
        raise Refused(f"this invitation expired at {when}", cure="ask the inviter for a new one")


def after(standing: Standing, act: Act, by: str) -> Standing:
    """The link after somebody (an organization's id, or `OPERATOR`) did this. Raises Refused with what would be possible."""
    if standing.state in OVER:
        raise Refused(f"this link is {standing.state}", why="that is for good", cure="invite anew")
    return _RULES[act](standing, by)


def _validate(standing: Standing, _by: str) -> Standing:
    if standing.state is not LinkState.PENDING:
        return standing
    return _live_if_both(replace(standing, state=LinkState.VALIDATED))


def _live_if_both(standing: Standing) -> Standing:
    both = standing.life.ready >= standing.sides
    return replace(standing, state=LinkState.ACTIVE) if both else standing


def _activate(standing: Standing, by: str) -> Standing:
    if standing.state is LinkState.PENDING:
        raise Refused(
            "this link has not passed its checks",
            why="one that must pass did not, or none was made",
            cure="interdesk link check LINK says which, with its cure",
        )
    if standing.state is LinkState.PAUSED:
        raise Refused("this link is paused", cure="interdesk link resume LINK")
    if standing.state is LinkState.ACTIVE:
        return standing
    word = standing.sides if by == OPERATOR else {by}
    return _live_if_both(replace(standing, life=replace(standing.life, ready=standing.life.ready | word)))


def _pause(standing: Standing, by: str) -> Standing:
    life = standing.life
    if standing.state in (LinkState.PENDING, LinkState.VALIDATED):
        return replace(standing, life=replace(life, ready=life.ready - {by}))
    return replace(standing, state=LinkState.PAUSED, life=replace(life, paused_by=pausers(standing) | {by}))


def pausers(standing: Standing) -> frozenset[str]:
    """Who paused it. A link that a configuration file pauses was paused by the operator."""
    if standing.state is not LinkState.PAUSED:
        return frozenset()
    return standing.life.paused_by or frozenset({OPERATOR})


def _resume(standing: Standing, by: str) -> Standing:
    if standing.state is not LinkState.PAUSED:
        raise Refused(f"this link is {standing.state}, not paused")
    left = frozenset() if by == OPERATOR else pausers(standing) - {by}
    if by != OPERATOR and by not in pausers(standing):
        raise Refused(
            "this link was not paused by you",
            why="who paused it decides when it goes on",
            cure="ask the other side, or the operator",
        )
    state = LinkState.PAUSED if left else LinkState.ACTIVE
    return replace(standing, state=state, life=replace(standing.life, paused_by=left))


def _end(standing: Standing, _by: str) -> Standing:
    life = replace(standing.life, check_at=None, ready=frozenset(), paused_by=frozenset())
    return replace(standing, state=LinkState.ENDED, life=life)


_RULES: Mapping[Act, Callable[[Standing, str], Standing]] = {
    Act.VALIDATE: _validate,
    Act.ACTIVATE: _activate,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.END: _end,
}
