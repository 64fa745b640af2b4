"""Who does something to a link, and what is written down of it: a step that both sides can list, and a line in the audit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.linking import OPERATOR as THE_OPERATOR
from gateway.domain.linking import Invitation
from gateway.flows.context import OPERATOR
from gateway.store import audit
from gateway.store import linking as store
from gateway.store.db import Db
from gateway.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class By:
    """Who does it: an organization's id (None: the operator), the person or key, and when."""

    party: str | None
    actor: str
    now: datetime

    @property
    def scope(self) -> Scope:
        """What they may see."""
        return OPERATOR if self.party is None else Scope.of(self.party)

    @property
    def org_id(self) -> str:
        """As it stands in rows."""
        return self.party or THE_OPERATOR


def tell(
    db: Db,
    invitation: Invitation,
    act: str,
    by: By,
    **said: Any,
) -> None:
    """A step of an invitation that both sides can list, and its line in the audit. `said`: before, after, answered, reason."""
    other = said.get("answered") or invitation.to_org_id or ""
    moved = (said["before"], said["after"], said.get("reason", ""))
    record(db, (invitation.id, invitation.org_id, other), act, by, moved)


def record(db: Db, about: tuple[str, str, str], act: str, by: By, moved: tuple[str, str, str]) -> None:
    """One step. `about`: the link's or invitation's id and its two sides; `moved`: state before, after, and why."""
    subject, one, two = about
    before, after, reason = moved
    step = store.Step(
        org_id=by.org_id,
        subject=subject,
        side_one=one,
        side_two=two,
        at=by.now,
        actor=by.actor,
        act=str(act),
        before=str(before),
        after=str(after),
        reason=reason,
    )
    store.record(db, step)
    audit.record(
        db,
        now=by.now,
        org_id=one,
        actor=by.actor,
        action=f"link {act}" if subject.startswith("lnk_") else f"invitation {act}",
        subject=subject,
        before={"state": str(before)} if before else None,
        after={"state": str(after), "reason": reason} if reason else {"state": str(after)},
    )
