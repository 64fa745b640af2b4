"""Reports that are published and mailed by themselves, once for each period whatever breaks: version, letters and the step to the
next period stand in one transaction."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway import export
from gateway.domain import letters
from gateway.domain.letters import Letter
from gateway.domain.problem import suggestion
from gateway.domain.reports import schedule as rules
from gateway.domain.reports.period import period_from
from gateway.domain.reports.schedule import Every, Schedule
from gateway.domain.reports.views import View
from gateway.errors import InterdeskError, Invalid, NotFound
from gateway.export import Format
from gateway.flows import publishing
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.reporting import Wanted as Compliance
from gateway.store import alarms, audit
from gateway.store import schedules as store
from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID

log = logging.getLogger(__name__)
ACTOR = "schedule"
AGAIN = timedelta(hours=1)
"""After so long what failed is tried again; nobody else's report waits for it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A schedule to be made, by codes."""

    customer: str
    recipients: tuple[str, ...]
    every: Every = Every.MONTH
    view: View = View.CUSTOMER
    partner: str = ""
    after_days: int = 2
    format: Format = Format.PDF
    language: str = ""


def add(context: Context, wanted: Wanted, order: Order) -> Schedule:
    """Begin with the period that is under way. Raises NotFound for an unknown customer or partner, Invalid for an address that
    is none or a cut-off that never comes, Unsupported for a format that cannot be written here."""
    _check(wanted)
    export.check(wanted.format)
    with context.database.write() as db:
        codes = {one.code: one for one in context.directory(db).organizations.values()}
        for code in filter(None, (wanted.customer, wanted.partner)):
            if code not in codes:
                raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, codes))
        reader = codes[wanted.partner or wanted.customer]
        first = rules.first_period(wanted.every, reader.zone, order.now)
        made = Schedule(
            id=context.new_id("rsc"),
            org_id=OPERATOR_ID if wanted.view is View.OPERATOR else reader.id,
            customer=wanted.customer,
            partner=wanted.partner,
            view=wanted.view.value,
            every=wanted.every,
            after_days=wanted.after_days,
            zone=reader.zone,
            recipients=wanted.recipients,
            format=wanted.format.value,
            language=wanted.language or reader.language or "en",
            created_at=order.now,
            created_by=order.actor,
            next_period=first.name,
            due_at=rules.due_at(first, wanted.after_days),
        )
        store.put(db, made)
        _audit(db, made, "report schedule added", order)
    return made


def _check(wanted: Wanted) -> None:
    if not wanted.recipients:
        raise Invalid("nobody is named to get it", cure="--to account@example.org")
    for address in wanted.recipients:
        name, at, host = address.partition("@")
        if not (name and at and "." in host) or any(sign.isspace() or sign in "<>,;" for sign in address):
            raise Invalid(f"{address!r} is no address", cure="--to account@example.org, once for each")
    if not 0 <= wanted.after_days <= rules.MOST_DAYS:
        raise Invalid(
            f"a cut-off {wanted.after_days} days after the period is none",
            cure=f"0 to {rules.MOST_DAYS} days",
        )
    if bool(wanted.partner) != (wanted.view is View.PARTNER):
        raise Invalid("a partner's report is read by that partner", cure="say --partner CODE --view partner")


def listed(context: Context) -> list[Schedule]:
    """Those that stand, the next first."""
    with context.database.read() as db:
        context.directory(db)
        return store.listed(db, OPERATOR)


def remove(context: Context, name: str, order: Order) -> Schedule:
    """From now on nothing is published or sent by it. Raises NotFound; a second time nothing happens."""
    with context.database.write() as db:
        found = store.get(db, OPERATOR, name)
        if found is None:
            raise NotFound(f"there is no schedule {name}", cure="interdesk report schedule list shows them")
        if found.ended_at is None:
            found = replace(found, ended_at=order.now)
            store.change(db, found)
            _audit(db, found, "report schedule removed", order)
    return found


def run(context: Context, *, now: datetime) -> int:
    """Publish and post all that is due; returns how many were."""
    with context.database.read() as db:
        due = store.due(db, OPERATOR, now=now)
    for schedule in due:
        try:
            _publish(context, schedule, now=now)
        except Exception:  # one customer's figures must not hold up another's
            log.exception("a report was not published", extra={"schedule": schedule.id})
            _postpone(context, schedule, now=now)
    return len(due)


def _publish(context: Context, schedule: Schedule, *, now: datetime) -> None:
    order, made = Order(actor=ACTOR, now=now, reason=schedule.id), None
    period = period_from(schedule.next_period, zone=schedule.zone)
    wanted = Compliance(
        customer=schedule.customer,
        partner=schedule.partner,
        period=period.name,
        view=View(schedule.view),
    )
    why = ""
    try:
        made = publishing.draft(context, wanted, now=now)
    except InterdeskError as error:  # no ticket, no such customer any more: said instead of the report
        why = error.what
    with context.database.write() as db:
        if not store.taken(db, OPERATOR, schedule):
            return
        kept = publishing.published(context, db, made, order) if made is not None else None
        written = _told(schedule, kept) if kept is not None else _refused(schedule, why)
        alarms.keep(db, new=[], changed=[], letters=list(_letters(context, schedule, written, now)))
        store.change(db, rules.done(schedule))


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What a letter says, under a name that stays the same at every try."""

    name: str
    subject: str
    body: str
    enclosure: str = ""


def _told(schedule: Schedule, kept: publishing.Published) -> _Words:
    report, language = kept.report, schedule.language
    facts = {
        "title": report.title,
        "headlines": "\n".join(f"- {line}" for line in report.headlines),
        "version": str(report.version),
        "at": letters.at(report.made_at, report.zone),
        "schedule": schedule.id,
    }
    return _Words(
        name=f"{schedule.id}.{schedule.next_period}",
        subject=letters.subject("report", language, **facts),
        body=letters.body("report", language, **facts),
        enclosure=f"{kept.publication.id}:{schedule.format}:{language}",
    )


def _refused(schedule: Schedule, why: str) -> _Words:
    facts = {"period": schedule.next_period, "why": why, "schedule": schedule.id}
    title = f"{schedule.customer}, {schedule.next_period}"
    return _Words(
        name=f"{schedule.id}.{schedule.next_period}",
        subject=letters.subject("report", schedule.language, title=title),
        body=letters.body("no_report", schedule.language, **facts),
    )


def _letters(context: Context, schedule: Schedule, written: _Words, now: datetime) -> list[Letter]:
    return [
        Letter(
            id=context.new_id("ltr"),
            org_id=schedule.org_id,
            ticket_id="",
            warning_id="",
            message_id=f"<{written.name}.{number}@interdesk>",
            contact="",
            address=address,
            subject=written.subject,
            body=written.body,
            created_at=now,
            next_at=now,
            enclosure=written.enclosure,
        )
        for number, address in enumerate(schedule.recipients, start=1)
    ]


def _postpone(context: Context, schedule: Schedule, *, now: datetime) -> None:
    with context.database.write() as db:
        if store.taken(db, OPERATOR, schedule):
            store.change(db, replace(schedule, due_at=now + AGAIN))


def _audit(db: Db, schedule: Schedule, action: str, order: Order) -> None:
    told = {name: getattr(schedule, name) for name in ("customer", "partner", "view", "next_period")}
    audit.record(
        db,
        now=order.now,
        org_id=schedule.org_id,
        actor=order.actor,
        action=action,
        subject=schedule.id,
        before=None,
        after={**told, "every": schedule.every.value, "recipients": list(schedule.recipients)},
    )
