"""How far the clocks of desks were from ours: a series for each desk."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select

from gateway.domain.outcome import ClockSample
from gateway.store import bulk, rows
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.prepared import Statement, among, within
from gateway.store.scope import Scope


def keep(db: Db, samples: Sequence[tuple[str, str, str, ClockSample]]) -> None:
    """Add samples: (id, organization, desk, sample)."""
    bulk.add(
        db,
        rows.offset_sample,
        [
            {
                "id": sample_id,
                "org_id": org_id,
                "desk_id": desk_id,
                "measured_at": sample.at,
                "ahead": sample.offset,
                "error": sample.error,
            }
            for sample_id, org_id, desk_id, sample in samples
        ],
    )


def since(
    db: Db, scope: Scope, desk_ids: Collection[str], moment: datetime
) -> Mapping[str, tuple[ClockSample, ...]]:
    """Per desk what was measured after the moment, with the last sample before it; oldest first."""
    found = _SINCE.rows(db, desk_ids=sorted(set(desk_ids)), moment=moment, **scope.parameters)
    return _series(found)


def _since(dialect: str) -> Select[Any]:
    table = rows.offset_sample
    here = among(dialect, table.c.desk_id, "desk_ids")
    before = (
        select(table.c.desk_id, func.max(table.c.measured_at).label("last"))
        .where(here, table.c.measured_at <= bindparam("moment", type_=Moment()))
        .group_by(table.c.desk_id)
        .subquery()
    )
    return (
        select(table.c.desk_id, table.c.measured_at, table.c.ahead, table.c.error)
        .outerjoin(before, before.c.desk_id == table.c.desk_id)
        .where(
            here,
            table.c.measured_at >= func.coalesce(before.c.last, table.c.measured_at),
            within(dialect, table),
        )
        .order_by(table.c.measured_at, table.c.id)
    )


_SINCE = Statement(_since)


def latest(db: Db, scope: Scope) -> Mapping[str, ClockSample]:
    """The newest sample of each desk."""
    table = rows.offset_sample
    newest = (
        select(table.c.desk_id, func.max(table.c.measured_at).label("last"))
        .group_by(table.c.desk_id)
        .subquery()
    )
    query = select(table.c.desk_id, table.c.measured_at, table.c.ahead, table.c.error).join(
        newest, and_(newest.c.desk_id == table.c.desk_id, newest.c.last == table.c.measured_at)
    )
    return {
        desk_id: series[-1]
        for desk_id, series in _series(db.execute(query.where(scope.where(table)))).items()
    }


def _series(found: Any) -> dict[str, tuple[ClockSample, ...]]:
    series: dict[str, list[ClockSample]] = {}
    for desk_id, at, offset, error in found:
        series.setdefault(desk_id, []).append(ClockSample(at=at, offset=offset, error=error))
    return {desk_id: tuple(samples) for desk_id, samples in series.items()}
