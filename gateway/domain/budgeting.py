"""The write budget of a ticket at a desk (D5): two desks whose rules answer each other through us must not go on for ever.

Only changes of fields count: what people say is theirs to say, and a long thread that is handed over is no loop.
"""

from datetime import datetime, timedelta

from gateway.domain.model import Hop

WINDOW = timedelta(minutes=10)
CHANGES = 60
"""So many changes of fields in one window are no longer people's work."""
EXHAUSTED = (
    f"frozen: more than {CHANGES} changes to this ticket in {WINDOW // timedelta(minutes=1)} minutes, "
    "which looks like rules of two desks answering each other; replay it when that is mended"
)


def spend(hop: Hop, now: datetime) -> tuple[datetime, int]:
    """(start of the window, changes in it) with one more change at `now`."""
    if hop.budget_from is None or now - hop.budget_from >= WINDOW or now < hop.budget_from:
        return now, 1
    return hop.budget_from, hop.budget_used + 1
