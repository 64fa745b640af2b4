"""`python -m tests.cluster.hurried worker`: the command people use, but its leases run out while a test can wait. Nothing
else differs; the long run (`python -m tests.cluster`) keeps the product's own lengths."""

import os
from datetime import timedelta

from gateway.cli import main
from gateway.domain import delivery
from gateway.flows import observe, poll
from gateway.store import db

VARIABLE = "HURRIED_LEASE"
LEASE = timedelta(seconds=12)
SPARE_LEASE = timedelta(seconds=5)
PAUSED_SECONDS, TRANSACTION_SECONDS = 4, 10
DEADLINE = 3
"""Seconds for one exchange; with the spare lease it fits into a lease, as 60 s and 20 s fit into 90 s."""


def hurry() -> None:
    """Make the leases short: as the environment says, in seconds, or LEASE."""
    told = os.environ.get(VARIABLE)
    lease = timedelta(seconds=float(told)) if told else LEASE
    delivery.LEASE = observe.LEASE = poll.LEASE = lease
    delivery.SPARE_LEASE = SPARE_LEASE
    db.PAUSED_SECONDS, db.TRANSACTION_SECONDS = PAUSED_SECONDS, TRANSACTION_SECONDS


if __name__ == "__main__":
    hurry()
    main()
