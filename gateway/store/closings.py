"""Closings: one of a customer and period, changed under its row's lock."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, insert, select, update

from gateway.domain.reports.lists import Cause, Comparison, Frame, Line, ListedBy, Place, Theirs
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.review import Closing, Entry, Standing
from gateway.domain.sla.terms import TargetKind
from gateway.store.closing_tables import ClosingRow
from gateway.store.db import Db
from gateway.store.scope import Scope

CLOSING: Table = ClosingRow.__table__  # type: ignore[attr-defined]
_PLAIN = (
    *("id", "org_id", "customer", "period", "made_at", "made_by", "review_until", "source", "sha256"),
    "issued_at",
)
_MOMENTS = ("opened_at", "closed_at", "due_at")


def put(db: Db, closing: Closing) -> None:
    """Keep a new closing in place of one of the same customer and period."""
    same = (CLOSING.c.org_id == closing.org_id) & (CLOSING.c.period == closing.period)
    db.execute(delete(CLOSING).where(same))
    db.execute(insert(CLOSING).values(**_row(closing)))


def save(db: Db, closing: Closing) -> None:
    """Keep what became of it."""
    db.execute(update(CLOSING).where(CLOSING.c.id == closing.id).values(**_row(closing)))


def get(db: Db, scope: Scope, org_id: str, period: str, *, lock: bool = False) -> Closing | None:
    """The closing of a customer's period; `lock`: nobody else changes it until this transaction ends."""
    query = select(CLOSING).where(
        CLOSING.c.org_id == org_id, CLOSING.c.period == period, scope.where(CLOSING)
    )
    row = db.execute(query.with_for_update() if lock else query).mappings().first()
    return _closing(row) if row else None


def listed(db: Db, scope: Scope, *, limit: int = 100) -> list[Closing]:
    """The newest periods first."""
    query = select(CLOSING).where(scope.where(CLOSING)).order_by(CLOSING.c.period.desc(), CLOSING.c.customer)
    return [_closing(row) for row in db.execute(query.limit(limit)).mappings()]


# -- rows ------------------------------------------------------------------------------------------------------------------


def _row(closing: Closing) -> dict[str, Any]:
    frame, counts = closing.frame, closing.counts
    detail = {
        "listed_by": frame.listed_by.value,
        "exported_at": _moment(frame.exported_at),
        "names": list(closing.names),
        "counts": [counts.theirs, counts.ours, counts.both, counts.agreed],
        "rows": [_told(one) for one in closing.rows],
        "entries": [_entry(one) for one in closing.entries],
    }
    return {name: getattr(closing, name) for name in _PLAIN} | {"zone": frame.period.zone, "detail": detail}


def _told(row: Theirs) -> dict[str, Any]:
    moments = {name: _moment(getattr(row, name)) for name in _MOMENTS}
    verdicts = {target.value: verdict.value for target, verdict in row.verdicts.items()}
    return asdict(row) | moments | {"former": list(row.former), "verdicts": verdicts}


def _entry(entry: Entry) -> dict[str, Any]:
    line = entry.line
    told = {
        "place": line.place.value,
        "cause": line.cause.value,
        "target": line.target.value if line.target is not None else None,
    }
    return asdict(entry) | {"standing": entry.standing.value, "line": asdict(line) | told}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _closing(row: RowMapping) -> Closing:
    detail: Mapping[str, Any] = row["detail"]
    made, entries = detail["exported_at"], tuple(map(_entry_from, detail["entries"]))
    theirs, ours, both, agreed = detail["counts"]
    lines = tuple(one.line for one in entries if one.standing is not Standing.GONE)
    return Closing(
        **{name: row[name] for name in _PLAIN},
        frame=Frame(
            period=period_from(row["period"], zone=row["zone"]),
            listed_by=ListedBy(detail["listed_by"]),
            exported_at=datetime.fromisoformat(made) if made else None,
        ),
        rows=tuple(map(_told_from, detail["rows"])),
        counts=Comparison(theirs=theirs, ours=ours, both=both, agreed=agreed, lines=lines),
        entries=entries,
        names=(detail["names"][0], detail["names"][1]),
    )


def _told_from(told: Mapping[str, Any]) -> Theirs:
    moments = {name: datetime.fromisoformat(told[name]) if told[name] else None for name in _MOMENTS}
    verdicts = {TargetKind(target): Verdict(verdict) for target, verdict in told["verdicts"].items()}
    return Theirs(**{**told, **moments, "former": tuple(told["former"]), "verdicts": verdicts})


def _entry_from(told: Mapping[str, Any]) -> Entry:
    line = told["line"]
    found = {
        "place": Place(line["place"]),
        "cause": Cause(line["cause"]),
        "target": TargetKind(line["target"]) if line["target"] else None,
    }
    return Entry(**{**told, "standing": Standing(told["standing"]), "line": Line(**{**line, **found})})
