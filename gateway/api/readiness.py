"""Whether this process can take and keep messages; asked by whoever sends them here."""

import logging
import threading
import time

from gateway.errors import ConfigError
from gateway.store import health, migrate
from gateway.store.db import Database

log = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 1.0


class Readiness:
    """Callable: what keeps this process from taking messages, "" if nothing does. Anybody may ask, so the database is
    asked at most once a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._wrong = ""
        self._fits = False

    def __call__(self) -> str:
        """Has the right schema, answers, can be written. What fitted once goes on fitting: while an upgrade is under way a
        newer version has migrated, and its revisions only add."""
        with self._lock:
            if time.monotonic() - self._asked_at >= ASK_AGAIN_SECONDS:
                self._wrong = self._ask()
                self._asked_at = time.monotonic()
            return self._wrong

    def _ask(self) -> str:
        try:
            if not self._fits:
                migrate.check(self._database)
                self._fits = True
            health.answers(self._database)
        except ConfigError as error:
            return str(error)
        except Exception as error:
            if health.failure_of(error) is None:
                raise
            log.exception("the database is not ready")
            return "the database does not answer or cannot be written"
        return ""
