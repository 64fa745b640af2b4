"""`/healthz`: the process lives. `/readyz`: it can take and keep messages. `/metrics`: what Prometheus asks for."""

import logging
import threading
import time

from fastapi import APIRouter, Depends, Response

from gateway.api.deps import AnyHouse, operator
from gateway.api.problems import Problem
from gateway.errors import ConfigError
from gateway.metrics import MEDIA_TYPE
from gateway.store import health, migrate
from gateway.store.db import Database

log = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 1.0

open_to_all = APIRouter()
for_operators = APIRouter(dependencies=[Depends(operator)])


class Readiness:
    """Callable: what keeps this process from taking messages, "" if nothing does. Anybody may ask, so the database is
    asked at most once a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._wrong = ""

    def __call__(self) -> str:
        """Has the right schema, answers, can be written."""
        with self._lock:
            if time.monotonic() - self._asked_at >= ASK_AGAIN_SECONDS:
                self._wrong = self._ask()
                self._asked_at = time.monotonic()
            return self._wrong

    def _ask(self) -> str:
        try:
            migrate.check(self._database)
            health.answers(self._database)
        except ConfigError as error:
            return str(error)
        except Exception as error:
            if health.failure_of(error) is None:
                raise
            log.exception("the database is not ready")
            return "the database does not answer or cannot be written"
        return ""


@open_to_all.get("/healthz")
async def healthz() -> dict[str, str]:
    """Asks nothing of anybody else: a process whose database is down need not be killed for it."""
    return {"status": "alive"}


@open_to_all.get("/readyz")
def readyz(here: AnyHouse) -> dict[str, str]:
    """503 while the database does not answer, has another schema, cannot be written, or we are stopping."""
    wrong = "the process is stopping" if here.is_stopping() else here.readiness()
    if wrong:
        raise Problem(
            status=503, code="IDK-1602", title="Not ready", detail=wrong, headers={"retry-after": "1"}
        )
    return {"status": "ready"}


@for_operators.get("/metrics")
def metrics(here: AnyHouse) -> Response:
    """In Prometheus' text format."""
    return Response(here.metrics.text(), media_type=MEDIA_TYPE)
