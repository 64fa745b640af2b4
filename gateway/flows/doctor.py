"""Is this installation well? Looks at the database, the keys, what waits for a person, and asks every desk. Changes
nothing; each finding says what to do about it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gateway.desk_client import ClockSample
from gateway.domain import escalation, preflight, retention
from gateway.domain.calendar_documents import known_years
from gateway.domain.imported import is_connected
from gateway.domain.lifecycle import State
from gateway.domain.model import Desk, DeskFacts
from gateway.domain.plan import Kind
from gateway.domain.webhooks.model import Standing
from gateway.errors import ConfigError, DeskDenied, DeskError, InterdeskError
from gateway.flows import brakes as brake_flow
from gateway.flows import lifecycle
from gateway.flows import totals as total_flow
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By
from gateway.flows.preflight import Call
from gateway.flows.webhooks import subscriptions
from gateway.store import (
    agreement_life,
    alarms,
    configuration,
    directory,
    gauges,
    health,
    migrate,
    views,
    webhook_endpoints,
)
from gateway.store import totals as total_store
from gateway.vault import Vault

LITTLE_ROOM, NO_ROOM = 1_000_000_000, 100_000_000
"""Free bytes beside the database."""
PATIENCE = timedelta(seconds=20)


class Level(StrEnum):
    """`bad`: something does not work. `warning`: it works, and somebody should look."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line: about what, what it is, and what to do."""

    level: Level
    subject: str
    what: str
    fix: str = ""


def good(subject: str, what: str) -> Finding:
    """All is well here."""
    return Finding(level=Level.GOOD, subject=subject, what=what)


def warning(subject: str, what: str, fix: str = "") -> Finding:
    """Somebody should look."""
    return Finding(level=Level.WARNING, subject=subject, what=what, fix=fix)


def bad(subject: str, what: str, fix: str = "") -> Finding:
    """Something does not work."""
    return Finding(level=Level.BAD, subject=subject, what=what, fix=fix)


def database(context: Context) -> Iterator[Finding]:
    """Schema, durability, wholeness, room. Raises what the driver raises if the database does not answer."""
    try:
        migrate.check(context.database)
    except ConfigError as error:
        yield bad("schema", f"{error.what}{': ' + error.why if error.why else ''}", error.cure)
        return
    yield good("schema", f"revision {migrate.head()}, as this version needs it")
    found = health.storage(context.database)
    if found.durable:
        yield good("database", f"{found.kind} {found.mode}: a commit is on disk before it is answered")
    else:
        yield bad(
            "database", f"{found.kind} {found.mode}: commits are not durable", "turn synchronous commits on"
        )
    broken = health.damage(context.database)
    if broken:
        yield bad("database file", "; ".join(broken), "stop the gateway and restore the newest backup")
    if found.free is not None:
        yield _room(found.free)


def _room(free: int) -> Finding:
    told = f"{free / 1e9:.1f} GB free"
    if free < NO_ROOM:
        return bad("disk", told, "make room: without it messages are refused")
    return warning("disk", told, "make room soon") if free < LITTLE_ROOM else good("disk", told)


def keys(context: Context, vault: Vault) -> Iterator[Finding]:
    """Whether every sealed secret opens, and under which key."""
    try:
        with context.database.read() as db:
            context.directory(db)
            older = configuration.sealed_under_older_keys(db, OPERATOR, vault)
            hooks = webhook_endpoints.sealed_under_older_keys(db, OPERATOR, vault)
    except ConfigError as error:
        yield bad("key ring", error.what, error.cure)
        return
    yield good("key ring", f"{len(vault.keys)} keys, {vault.current!r} seals")
    if older:
        yield warning(
            "key ring",
            f"the secrets of {len(older)} desks are sealed under older keys",
            "interdesk keys rotate",
        )
    if hooks:
        told = f"the secrets of {len(hooks)} webhooks are sealed under older keys"
        yield warning("key ring", told, "interdesk keys rotate")


def webhooks(context: Context, *, now: datetime) -> Iterator[Finding]:
    """Addresses that take nothing, and messages that a person has to look at."""
    for one in subscriptions.listed(context, By(party=None, actor="doctor", now=now)):
        name = f"{one['organization']}/{one['code']}"
        if one["standing"] == Standing.DISABLED:
            yield warning(f"webhook {name}", f"disabled: {one['why']}", f"interdesk webhooks resume {name}")
        elif one["failing_since"] is not None:
            since = f"{one['failing_since']:%Y-%m-%d %H:%M} UTC"
            told = f"takes nothing since {since}: {one['last_error']}"
            yield warning(f"webhook {name}", told, f"interdesk webhooks test {name}")
        if one["today"]["parked"]:
            told = f"{one['today']['parked']} messages of the last day are parked"
            cure = f"interdesk webhooks messages {name} --state parked, then replay"
            yield warning(f"webhook {name}", told, cure)


def backlog(context: Context, *, now: datetime) -> Iterator[Finding]:
    """What waits for a person."""
    with context.database.read() as db:
        states = {one.state: one for one in gauges.unfinished_deliveries(db, OPERATOR)}
        messages = {one.state: one for one in gauges.waiting_messages(db, OPERATOR)}
    for state, cure in (("parked", "interdesk parked"), ("asking", "interdesk ambiguous list")):
        if state in states:
            yield warning("deliveries", f"{states[state].count} {state}", cure)
    if messages["quarantined"].count:
        count = messages["quarantined"].count
        yield warning("messages", f"{count} in quarantine", "interdesk messages list --state quarantined")
    oldest = messages["received"].oldest
    if oldest is not None and now - oldest > timedelta(minutes=1):
        waits = round((now - oldest).total_seconds())
        yield warning(
            "messages", f"the oldest unread one waits for {waits} s", "is a worker running? interdesk worker"
        )


def totals(context: Context, *, now: datetime) -> Iterator[Finding]:
    """Days of the last week that the two ends of a link do not count alike."""
    since = now.astimezone(UTC).date() - timedelta(days=total_flow.DAYS)
    with context.database.read() as db:
        known = context.directory(db).links
        found = total_store.differing(db, OPERATOR, since=str(since))
    for row in found:
        code = known[row["link_id"]].code if row["link_id"] in known else row["link_id"]
        told = f"on {row['day']} its two ends differ in {len(row['document']['differences'])} figures"
        yield warning(
            f"link {code}", told, f"interdesk link totals {code} --day {row['day']} names the tickets"
        )


def brakes(context: Context) -> Iterator[Finding]:
    """Deliveries that a person has stopped."""
    for one in brake_flow.shown(context, By(party=None, actor="doctor", now=_NEVER)):
        over = f"{one['kind']} {one['target']}".strip()
        since = f"{one['on_at']:%Y-%m-%d %H:%M} UTC"
        yield warning(
            "brake",
            f"nothing is delivered over {over} since {since}, by {one['on_by']}: {one['reason']}",
            f"interdesk brake off --{over}",
        )


_NEVER = datetime.min.replace(tzinfo=UTC)
"""Reading brakes asks for no time."""


def regions(context: Context, region: str) -> Iterator[Finding]:
    """Organizations whose data must lie elsewhere, or whose ages are too short: the setting or the rules have changed since."""
    with context.database.read() as db:
        stored = configuration.stored(db, OPERATOR, None)
    for ref, item in stored.items.items():
        if ref.kind is Kind.ORGANIZATION:
            for what in retention.problems(item.document, region):
                yield bad("retention", f"{ref.code}: {what}", "move the data, or change the configuration")


def calendars(context: Context, *, now: datetime) -> Iterator[Finding]:
    """Calendars whose public holidays run out: days beyond would count as open (R6)."""
    with context.database.read() as db:
        known = directory.calendars(db, OPERATOR)
    for document in known:
        years = known_years(document)
        if years is not None and years.stop - 1 <= now.year:
            told = f"it knows public holidays only until {years.stop - 1}"
            yield warning(
                f"calendar {document['code']}",
                told,
                "apply its file again, with later years: interdesk apply",
            )


def ended_agreements(context: Context, *, now: datetime) -> Iterator[Finding]:
    """Agreements that have ended while work goes on under them: somebody has still to sign (R25)."""
    with context.database.read() as db:
        known = agreement_life.documents(db, OPERATOR)
    standing = lifecycle.states(known, now=now)
    waiting = [str(known[name]["code"]) for name, state in standing.items() if state is State.IN_RENEWAL]
    if waiting:
        yield warning(
            "agreements",
            f"ended, and work goes on under their last terms: {', '.join(waiting)}",
            "sign them: interdesk agreements renew, or interdesk agreements terminate",
        )


def letters(context: Context, *, now: datetime, mailed: bool) -> Iterator[Finding]:
    """Whether those who are to be warned can be. `mailed`: whether a mail server is named."""
    with context.database.read() as db:
        states = alarms.letters_since(db, OPERATOR, now - timedelta(days=1))
        contacts = directory.contacts(db, OPERATOR)
        standing = len(alarms.every(db, OPERATOR, over=False, limit=1000))
    by_mail = sum(one["channel"] == escalation.MAIL for one in contacts)
    if by_mail and not mailed:
        yield warning(
            "letters",
            f"contacts to be warned by mail: {by_mail}, and no letter leaves",
            "set INTERDESK_SMTP_URL",
        )
    if states.get("refused"):
        yield warning(
            "letters", f"{states['refused']} refused since yesterday", "interdesk warnings list --all"
        )
    if standing:
        yield warning("warnings", f"{standing} stand", "interdesk warnings list")


async def desks(context: Context, call: Call) -> list[Finding]:
    """Ask every desk, all at once."""
    with context.database.read() as db:
        every = context.directory(db).desks.values()
        known = sorted(filter(is_connected, every), key=lambda desk: desk.code)
        held = {view["code"]: view["held"] for view in views.desks(db, OPERATOR)}
        tokens = views.hook_tokens(db, OPERATOR)
    asked = [_ask(context, call, desk) for desk in known]
    findings: list[Finding] = []
    for desk, told in zip(known, await asyncio.gather(*asked), strict=True):
        findings += told
        findings += _of_setting(desk, held[desk.code], has_token=desk.id in tokens)
    return findings


async def _ask(context: Context, call: Call, desk: Desk) -> list[Finding]:
    try:
        facts = await call.client.ask(
            context.connector(desk).check(desk),
            desk=desk,
            credentials=call.credentials(desk),
            deadline=PATIENCE,
        )
    except InterdeskError as error:
        return [_not_answered(desk, error)]
    return list(_of_facts(desk, facts, _offset(facts, call.client.clock_of(desk.id), call.now())))


def _offset(facts: DeskFacts, sample: ClockSample | None, now: datetime) -> timedelta:
    """How far the desk's clock is from ours: by what it says itself, else by its answer's date."""
    if facts.clock is not None:
        return facts.clock - now
    return sample.offset if sample is not None else timedelta()


def _not_answered(desk: Desk, error: InterdeskError) -> Finding:
    subject = f"desk {desk.code}"
    fix = error.cure or "correct its settings and apply them: interdesk apply"
    if isinstance(error, DeskDenied):
        fix = "give it credentials that are valid: interdesk apply"
        if desk.agent:
            fix = "give its agent credentials that are valid, in the agent's own file"
    elif isinstance(error, DeskError) and desk.agent:
        fix = "run interdesk agent in the desk's own network; does it say anything?"
    elif isinstance(error, DeskError):
        fix = "is the address right, is the desk up, does the network let us through?"
    return bad(subject, f"{error.code}: {error.what}{': ' + error.why if error.why else ''}", fix)


def _of_facts(desk: Desk, facts: DeskFacts, offset: timedelta) -> Iterator[Finding]:
    """What the desk says of itself against what its profile and settings say."""
    subject = f"desk {desk.code}"
    who = f", as {facts.account.name or facts.account.id}" if facts.account.name or facts.account.id else ""
    yield good(subject, f"{facts.product} {facts.version or ''}".strip() + f" answers{who}")
    for lack in facts.missing:
        yield bad(subject, lack, "give our account at the desk what it lacks")
    for beyond in facts.sees_beyond:
        yield warning(
            subject, f"our account sees more than it needs: {beyond}", "narrow its rights at the desk"
        )
    yield from _of_words(desk, facts)
    if abs(offset) > preflight.MUCH_OFF:
        way = "ahead of" if offset > timedelta() else "behind"
        told = f"its clock is {abs(round(offset.total_seconds()))} s {way} ours"
        yield warning(
            subject, told, f"set the clocks by NTP; since when: interdesk desks offsets {desk.code}"
        )


def _of_words(desk: Desk, facts: DeskFacts) -> Iterator[Finding]:
    subject = f"desk {desk.code}"
    for what, strange in (
        ("statuses", preflight.unread_statuses(desk, facts)),
        ("priorities", preflight.unread_priorities(desk, facts)),
    ):
        if strange:
            yield warning(subject, f"its profile does not map the {what}: {', '.join(strange)}", _ADD)
    for what, lost in (
        ("statuses", preflight.absent_statuses(desk, facts)),
        ("priorities", preflight.absent_priorities(desk, facts)),
    ):
        if lost:
            yield bad(
                subject, f"its profile writes {what} that the desk does not have: {', '.join(lost)}", _ADD
            )


_ADD = "add them to the desk's profile: interdesk apply"


def _of_setting(desk: Desk, held: str, *, has_token: bool) -> Iterator[Finding]:
    subject = f"desk {desk.code}"
    if held:
        yield bad(
            subject, f"nothing is sent to it: {held}", f"mend it, then: interdesk desks release {desk.code}"
        )
    if desk.capabilities.webhooks and not (desk.hook_secrets or has_token):
        yield warning(
            subject, "its hook takes nothing: it has no secret", "add hook.secrets or hook.token and apply"
        )
