"""Telling other processes that there is work: NOTIFY on PostgreSQL. On SQLite the worker sits in the same process."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import make_url

from gateway.store.db import Db, patience

CHANNEL = "interdesk_work"
PATIENCE = 1.0
"""Seconds a listener waits before it looks whether it is to stop, and between tries to connect again."""

log = logging.getLogger(__name__)


def tell(db: Db, kind: str) -> None:
    """Wake those who do this kind of work (`messages`, `deliveries`, `looks`), in all processes, when this transaction
    commits. Several of a kind in one transaction are one."""
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(f"NOTIFY {CHANNEL}, '{kind}'")


def listen(url: str, wake: Callable[[str], None], stop: threading.Event) -> None:
    """Call `wake(kind)` whenever somebody tells, until `stop`. Work nobody hears of is found by looking, only later."""
    address = make_url(url)
    options: dict[str, Any] = {**address.get_dialect()().create_connect_args(address)[1], **patience(url)}
    while not stop.is_set():
        try:
            with psycopg.connect(**options, autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not stop.is_set():
                    for told in connection.notifies(timeout=PATIENCE, stop_after=1):
                        wake(told.payload)
        except psycopg.Error as error:  # a standby refuses to listen, too
            log.warning("cannot listen for work, trying again: %s", error)
            stop.wait(PATIENCE)
