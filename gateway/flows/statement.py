"""The statement of a month over a link: composed while it is open, frozen when somebody closes it."""

import hashlib
from datetime import datetime

import orjson

from gateway.domain import statement as rules
from gateway.domain.directory import Directory
from gateway.domain.model import Link
from gateway.domain.model.change import replace
from gateway.domain.problem import suggestion
from gateway.domain.reports.document import Report
from gateway.domain.statement import Entry, Statement
from gateway.errors import NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import copies, worklogs
from gateway.store.audit import record as audit
from gateway.store.db import Db
from gateway.store.worklogs import Closed


def compose(
    context: Context, link_code: str, month: str, *, now: datetime, party: str | None = None
) -> Report:
    """The statement as it stands: as it was closed, else a draft. Raises NotFound for a link that the party (None: the
    operator) is no end of; Invalid for what is no month."""
    with context.database.read() as db:
        known = context.directory(db)
        link = _link(known, link_code, party)
        return rules.report(_statement(db, known, link, month, now=now))


def close(context: Context, link_code: str, month: str, order: Order, *, party: str | None = None) -> Report:
    """Freeze a month: its agreed lines stand in it for good. Raises as `compose`; Refused for a month that is not over, or was
    closed before."""
    with context.database.write() as db:
        known = context.directory(db)
        link = _link(known, link_code, party)
        worklogs.unbilled(db, OPERATOR, link.id, until=month, lock=True)  # nobody decides meanwhile
        draft = _statement(db, known, link, month, now=order.now)
        _refuse(draft, order.now, test=link.test)
        document = rules.frozen(draft)
        closed = Closed(
            id=context.new_id("wst"),
            org_id=link.downstream_org_id,
            consumer=link.upstream_org_id,
            link_id=link.id,
            month=month,
            closed_at=order.now,
            closed_by=order.actor,
            sha256=hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest(),
            document=document,
        )
        worklogs.close(db, closed, [one.line.id for one in draft.agreed])
        after = {"link": link.code, "month": month, "lines": len(draft.agreed), "sha256": closed.sha256}
        audit(
            db,
            org_id=party or link.upstream_org_id,
            actor=order.actor,
            action="statement closed",
            subject=closed.id,
            before=None,
            after=after,
            now=order.now,
        )
        return rules.report(_as_closed(db, closed))


def _refuse(draft: Statement, now: datetime, *, test: bool) -> None:
    if test:
        raise Refused("a test link bills nothing", cure="without --close its statement is shown as a draft")
    if draft.closed_at is not None:
        raise Refused(
            f"{draft.month} is closed for this link already",
            why=f"by {draft.closed_by} on {draft.closed_at:%Y-%m-%d}; closed months are frozen",
            cure="what is accepted later goes into the next open month",
        )
    period = rules.month_period(draft.month, draft.zone)
    if now < period.end:
        raise Refused(
            f"{draft.month} is not over",
            why=f"it ends {period.end.isoformat(timespec='minutes')}",
            cure="without --close it is shown as a draft",
        )


def _link(known: Directory, code: str, party: str | None) -> Link:
    """The link of that code, if it is the party's business."""
    mine = {
        one.code: one
        for one in known.links.values()
        if party in (None, one.upstream_org_id, one.downstream_org_id)
    }
    if code not in mine:
        raise NotFound(f"there is no link {code!r}", cure=suggestion(code, mine))
    return mine[code]


def _statement(db: Db, known: Directory, link: Link, month: str, *, now: datetime) -> Statement:
    upstream = known.organizations.get(link.upstream_org_id)
    zone = upstream.zone if upstream is not None else "UTC"
    rules.month_period(month, zone)
    closed = {one.month: one for one in worklogs.closed_months(db, OPERATOR, link.id)}
    if month in closed:
        return _as_closed(db, closed[month])
    lines = worklogs.unbilled(db, OPERATOR, link.id, until=month)
    found = rules.of_month(lines, month, closed.keys(), now=now)
    numbers = worklogs.numbers(db, [line.hop_id for line, _ in found])
    entries = [
        Entry(line=line, state=state, below=numbers[line.hop_id][0], above=numbers[line.hop_id][1])
        for line, state in found
    ]
    return Statement(
        link=link.code,
        upstream=known.organization_name(link.upstream_org_id),
        downstream=known.organization_name(link.downstream_org_id),
        month=month,
        zone=zone,
        review_days=link.work_review_days,
        made_at=now,
        entries=_worded(db, entries),
    )


def _worded(db: Db, entries: list[Entry]) -> tuple[Entry, ...]:
    """With what people wrote, as far as it was not erased."""
    lines = [one.line for one in entries]
    texts = copies.contents(
        db, [name for line in lines for name in (line.content_id, line.reason_id) if name]
    )

    def text(name: str | None) -> str:
        return texts[name].text if name in texts else "(erased)" if name else ""

    return tuple(
        replace(one, text=text(one.line.content_id), reason=text(one.line.reason_id)) for one in entries
    )


def _as_closed(db: Db, closed: Closed) -> Statement:
    told = closed.document
    return Statement(
        **{name: told[name] for name in ("link", "upstream", "downstream", "month", "zone", "review_days")},
        made_at=closed.closed_at,
        entries=_worded(db, rules.thawed(told)),
        closed_at=closed.closed_at,
        closed_by=closed.closed_by,
        fingerprint=closed.sha256,
    )
