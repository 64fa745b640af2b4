"""When there is next something to do, and how much has been done: what lets somebody wait for the right moment instead
of asking again and again. Nothing here claims or changes anything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, func, literal, null, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from gateway.store import rows
from gateway.store.columns import Moment
from gateway.store.db import Db


def _when(kind: str, moment: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(literal(kind, String), func.min(moment, type_=Moment())).where(*conditions)


def _later_of_two(due: Any, lease: Any) -> tuple[Any, Any]:
    return due, lease


def _question() -> Any:
    delivery, look, hop, desk = rows.delivery.c, rows.look.c, rows.hop.c, rows.desk.c
    state, unleased = delivery.state, delivery.lease_until.is_(None)
    return union_all(
        _when("messages", rows.message.c.received_at, rows.message.c.state == "received"),
        _when("deliveries", delivery.next_at, state == "pending", delivery.head),
        _when("leases", delivery.lease_until, state == "inflight"),
        _when("doubts", delivery.next_at, state == "ambiguous", unleased),
        _when("doubts", delivery.lease_until, state == "ambiguous", ~unleased),
        _when("looks", look.due_at, look.lease_until.is_(None)),
        _when("looks", look.lease_until, look.lease_until.is_not(None)),
        _when("polls", func.coalesce(desk.poll_lease_until, desk.poll_at), desk.held == ""),
        _when("sweep", hop.answer_by, hop.answer_by.is_not(None)),
        _when("sweep", hop.confirm_by, hop.confirm_by.is_not(None)),
        _when("sweep", hop.refetch_at, hop.refetch_at.is_not(None)),
    )


_QUESTION = _question()
