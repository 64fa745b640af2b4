"""Codes and names that are none are counted for each organization: whoever tries too many has to wait."""

from gateway.domain import linking as rules
from gateway.errors import Refused
from gateway.flows.context import Context
from gateway.flows.link_steps import By
from gateway.store import linking as store


def refuse(context: Context, by: By) -> None:
    """Raise Refused where an organization has tried too many."""
    since = by.now - rules.GUESSED_WITHIN
    with context.database.read() as db:
        made = store.guesses(db, by.org_id, since=since)
    if by.party is not None and made is not None and made[0] >= rules.GUESSES:
        until = made[1] + rules.GUESSED_WITHIN
        raise Refused(
            "too many codes or names that are none",
            why=f"{made[0]} were tried since {made[1]:%H:%M} UTC",
            cure=f"try again after {until:%H:%M} UTC",
        )


def count(context: Context, by: By) -> None:
    """One more was none."""
    with context.database.write() as db:
        store.guessed(db, by.org_id, now=by.now, within=rules.GUESSED_WITHIN)
