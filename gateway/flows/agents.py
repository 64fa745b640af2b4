"""Desks behind agents: their requests wait in the store, so that any gateway process may post one and any other hand it out."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.desk_client.agency import Brought, Errand, NobodyCame, brought_from
from gateway.domain.outcome import Stage
from gateway.errors import NotFound, Refused
from gateway.flows.context import Context
from gateway.store import agents
from gateway.store.agents import Answer, Waiting
from gateway.store.scope import Scope

BEGIN_WITHIN = timedelta(seconds=12)
"""An agent that does not come for a request within that time is away."""
FORGET_AFTER = timedelta(minutes=5)
"""Longer than any exchange: what is still there was posted by a process that has ended."""
SEEN_EVERY = timedelta(seconds=20)
"""So often it is written down that a desk's agent came."""
MOST = 8
"""Errands given out at once."""
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Agency:
    """Where the wire leaves requests for agents (`gateway.desk_client.agency.Agency`)."""

    context: Context
    now: Callable[[], datetime]

    def post(self, errand: Errand) -> str:
        """Let the desk's agent take it."""
        now, name = self.now(), self.context.new_id("ern")
        request = {key: value for key, value in asdict(errand).items() if key not in ("body", "desk_id")}
        waiting = Waiting(
            id=name,
            desk_id=errand.desk_id,
            posted_at=now,
            begin_by=now + BEGIN_WITHIN,
            done_by=now + FORGET_AFTER,
            request=request,
            body=errand.body,
        )
        with self.context.database.write() as db:
            agents.prune(db, now=now)
            agents.post(db, waiting)
        return name

    def fetch(self, errand_id: str) -> Brought | None:
        """What was brought; raises NobodyCame when the time to take it is over."""
        with self.context.database.read() as db:
            found = agents.standing(db, errand_id)
        if found is None:
            return Brought(stage=Stage.ANSWER, detail="it was given up")
        if found.answer is None:
            if found.taken_at is None and self.now() > found.begin_by and self.withdraw(errand_id):
                raise NobodyCame
            return None
        with self.context.database.write() as db:
            agents.forget(db, errand_id)
        return brought_from(found.answer, found.body)

    def withdraw(self, errand_id: str) -> bool:
        """Nobody is to take it any more."""
        with self.context.database.write() as db:
            return agents.withdraw(db, errand_id)


# -- what agents ask ---------------------------------------------------------------------------------------------------------


def desks_of(context: Context, scope: Scope, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Desk id → its code and owner's id. Raises NotFound for a desk that is not the caller's, Refused for one that is dialled."""
    with context.database.read() as db:
        known = {
            desk.code: desk for desk in context.directory(db).desks.values() if _is_within(scope, desk.org_id)
        }
    found = {}
    for code in dict.fromkeys(codes):
        desk = known.get(code)
        if desk is None:
            raise NotFound(f"you have no desk {code!r}")
        if not desk.agent:
            raise Refused(
                f"desk {code} is not reached by an agent", cure="write agent: true at the desk and apply it"
            )
        found[desk.id] = (desk.code, desk.org_id)
    return found


def _is_within(scope: Scope, org_id: str) -> bool:
    return scope.org_ids is None or org_id in scope.org_ids


def take(
    context: Context, scope: Scope, desks: Mapping[str, tuple[str, str]], *, now: datetime
) -> list[Document]:
    """What waits for the agents of these desks: id, `desk` (its code), method, url, headers, writing, `body` in base64."""
    with context.database.read(scope) as db:
        last = agents.seen(db, scope)
        stale = {id_: owner for id_, (_, owner) in desks.items() if _is_stale(last.get(id_), now)}
        if not stale and not agents.is_any(db, list(desks), now=now):
            return []
    with context.database.write(scope) as db:
        agents.saw(db, stale, now=now)
        taken = agents.take(db, scope, list(desks), now=now, limit=MOST)
    return [
        {
            "id": one.id,
            "desk": desks[one.desk_id][0],
            **one.request,
            "body": base64.b64encode(one.body).decode("ascii"),
        }
        for one in taken
    ]


def _is_stale(seen_at: datetime | None, now: datetime) -> bool:
    return seen_at is None or now - seen_at > SEEN_EVERY


def bring(context: Context, scope: Scope, answer: Answer, *, now: datetime) -> bool:
    """Keep an agent's answer; False: nobody waits for it any more."""
    with context.database.write(scope) as db:
        return agents.bring(db, scope, answer, now=now)
