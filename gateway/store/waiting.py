"""Waiting for a database that is not there yet: a machine that starts brings it up beside us, not before us. Only processes
that stay wait; a person at a terminal is told at once."""

from collections.abc import Callable

from sqlalchemy import select
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from gateway.store.db import Database
from gateway.store.health import failure_of, will_pass

PATIENCE = 60.0
"""Seconds; whoever supervises the process starts it anew after that."""


def wait_until_it_answers(
    database: Database, tell: Callable[[str], None], *, patience: float = PATIENCE
) -> None:
    """Returns when a PostgreSQL answers; `tell` hears of every try in vain. Raises what the driver last raised once
    `patience` seconds are over, and at once what waiting does not mend. SQLite is not waited for."""

    def told(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        tell(f"waiting for the database: {failure_of(error) if error else ''}")

    again = Retrying(
        retry=retry_if_exception(will_pass),
        wait=wait_exponential(multiplier=0.25, max=5),
        stop=stop_after_delay(patience),
        before_sleep=told,
        reraise=True,
    )
    if not database.is_sqlite:
        again(_ask, database)


def _ask(database: Database) -> None:
    with database.read() as db:
        db.execute(select(1))
