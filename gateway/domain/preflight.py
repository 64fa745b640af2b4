"""Whether a desk is ready for a link: what it says of itself against its profile and settings, each check with its cure. Asking
the desk is `gateway.flows.preflight`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import mapping
from gateway.domain.model import CommandKind, Desk, DeskFacts, IdempotencyTier, Manifest, Priority

MUCH_OFF = timedelta(seconds=60)
"""A clock this far from ours makes a desk's times doubtful."""
TOO_FAR_OFF = timedelta(minutes=5)
"""Signed messages are refused from here on."""
SILENT = timedelta(days=7)
"""A hook that was quiet for so long may have been taken away."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line: of which desk, what was looked at, what was found, what to do. `must`: without it the link does not go live."""

    desk: str
    org_id: str
    name: str
    fine: bool
    must: bool
    what: str
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known of a desk now. `facts` are None where it did not let us ask: then `refusal` says why and what to do.
    `ahead`: its clock against ours, None where nothing tells it. `has_secret`, `heard_at`: of its hook."""

    desk: Desk
    manifest: Manifest
    facts: DeskFacts | None
    refusal: tuple[str, str] = ("", "")
    ahead: timedelta | None = None
    has_secret: bool = False
    heard_at: datetime | None = None


def checks(asked: Asked, *, now: datetime) -> list[Check]:
    """Every check of one desk, in the order in which one depends on the other."""
    return [*_signed_in(asked), *_of_facts(asked), _hook(asked, now), _clock(asked), _search(asked)]


def _check(asked: Asked, name: str, what: str, cure: str = "", *, must: bool = True) -> Check:
    """A failed one where there is a cure, else a good one."""
    desk = asked.desk
    return Check(
        desk=desk.code, org_id=desk.org_id, name=name, fine=not cure, must=must, what=what, cure=cure
    )


def _signed_in(asked: Asked) -> Iterator[Check]:
    facts = asked.facts
    if facts is None:
        yield _check(asked, "credentials", *asked.refusal)
        return
    who = facts.account.name or facts.account.id
    told = f"{facts.product} {facts.version or ''}".strip() + " answers" + (f", as {who}" if who else "")
    yield _check(asked, "credentials", told)


def _of_facts(asked: Asked) -> Iterator[Check]:
    facts = asked.facts
    if facts is None:
        return
    if facts.missing:
        cure = "give our account at the desk what it lacks, or correct the desk's settings"
        yield _check(asked, "permissions", "; ".join(facts.missing), cure)
    else:
        yield _check(asked, "permissions", "our account may do what the desk's settings need")
    yield _beyond(asked, facts)
    yield _marker(asked, facts)
    yield from _words(asked, facts)


def _beyond(asked: Asked, facts: DeskFacts) -> Check:
    if not facts.sees_beyond:
        return _check(asked, "reads beyond", "our account reads nothing beyond the desk's settings")
    told = f"our account reads more than it needs: {', '.join(facts.sees_beyond)}"
    return _check(
        asked, "reads beyond", told, "narrow its rights at the desk; nothing of it is kept", must=False
    )


def _marker(asked: Asked, facts: DeskFacts) -> Check:
    tier = asked.desk.tiers.get(CommandKind.CREATE, IdempotencyTier.NOTHING)
    lacks = [lack for lack in facts.missing if "marker" in lack.casefold()]
    if lacks:
        cure = "make the field as the connector's README says, and let our account write and search it"
        return _check(asked, "marker", "; ".join(lacks), cure)
    if tier in (IdempotencyTier.LISTING, IdempotencyTier.NOTHING):
        told = "the desk keeps no mark of ours: what is in doubt may need a person"
        return _check(asked, "marker", told, "watch interdesk ambiguous list", must=False)
    return _check(asked, "marker", f"a lost answer is found again by {tier.replace('_', ' ')}")


def _words(asked: Asked, facts: DeskFacts) -> Iterator[Check]:
    strange, absent = unread_statuses(asked.desk, facts), absent_statuses(asked.desk, facts)
    yield _mapped(asked, "statuses", strange, absent)
    yield _mapped(
        asked, "priorities", unread_priorities(asked.desk, facts), absent_priorities(asked.desk, facts)
    )
    unwritten = [word for word in Priority if word not in asked.desk.profile.write_priorities]
    if unwritten and asked.desk.profile.write_priorities:
        told = f"no word of the desk's is written for {', '.join(unwritten)}: it is told in a note"
        yield _check(
            asked, "priorities written", told, "add them to the profile: write_priorities", must=False
        )


def _mapped(asked: Asked, name: str, strange: Sequence[str], absent: Sequence[str]) -> Check:
    if absent:
        told = f"its profile writes {name} that the desk does not have: {', '.join(absent)}"
        return _check(asked, name, told, "correct the desk's profile")
    if strange:
        told = f"its profile does not say what these {name} mean: {', '.join(strange)}"
        return _check(asked, name, told, "add them to the desk's profile; until then they are held and told", must=False)  # fmt: skip
    return _check(asked, name, f"every word for {name} is mapped both ways")


def unread_statuses(desk: Desk, facts: DeskFacts) -> list[str]:
    """Statuses the desk has and its profile does not read."""
    return [word for word in facts.statuses if mapping.status_of(desk, word) is None]


def unread_priorities(desk: Desk, facts: DeskFacts) -> list[str]:
    """The same of priorities."""
    known = {word.casefold() for word in desk.profile.priorities}
    return [word for word in facts.priorities if word.casefold() not in known]


def absent_statuses(desk: Desk, facts: DeskFacts) -> list[str]:
    """Statuses that the profile writes and the desk does not have, as far as it tells."""
    return [] if facts.only_in_use else _absent(desk.profile.write_statuses.values(), facts.statuses)


def absent_priorities(desk: Desk, facts: DeskFacts) -> list[str]:
    """The same of priorities."""
    return _absent(desk.profile.write_priorities.values(), facts.priorities)


def _absent(written: Iterable[str], there: Sequence[str]) -> list[str]:
    """A desk that lists none is believed to take them."""
    has = {word.casefold() for word in there}
    return sorted({word for word in written if has and word.casefold() not in has})


def _hook(asked: Asked, now: datetime) -> Check:
    desk = asked.desk
    polled = f"it is asked every {desk.poll_every.total_seconds():g} s"
    if not desk.capabilities.webhooks:
        return _check(asked, "webhook", f"this product sends none; {polled}", must=False)
    if not asked.has_secret:
        return _check(asked, "webhook", f"its hook takes nothing: it has no secret; {polled}", "add hook.secrets or hook.token to the desk", must=False)  # fmt: skip
    if asked.heard_at is None:
        cure = f"point the desk's webhook at /hooks/{desk.code} and change a ticket there"
        return _check(asked, "webhook", f"nothing has come in at its hook yet; {polled}", cure, must=False)
    when = f"{asked.heard_at:%Y-%m-%d %H:%M} UTC"
    if now - asked.heard_at > SILENT:
        cure = "is the webhook still set up at the desk?"
        return _check(asked, "webhook", f"last heard {when}; {polled}", cure, must=False)
    return _check(asked, "webhook", f"heard {when}", must=False)


def _clock(asked: Asked) -> Check:
    if asked.ahead is None:
        return _check(
            asked, "clock", "the desk does not tell its time: ours is taken where it matters", must=False
        )
    off = abs(asked.ahead)
    told = f"its clock is {round(off.total_seconds())} s {'ahead of' if asked.ahead > timedelta() else 'behind'} ours"
    cure = "" if off <= MUCH_OFF else "set the clocks by NTP"
    return _check(asked, "clock", told, cure, must=off > TOO_FAR_OFF)


def _search(asked: Asked) -> Check:
    lag, settle = asked.manifest.search_lag, asked.desk.settle_window
    told = f"its search finds what was written after {lag.total_seconds():g} s; doubt waits {settle.total_seconds():g} s"
    cure = "" if settle >= lag else "make the desk's settle_window longer than that"
    return _check(asked, "search lag", told, cure)


def passes(found: Iterable[Check]) -> bool:
    """Whether every check that must pass does."""
    return all(check.fine for check in found if check.must)


def worse(before: Iterable[Check], now: Iterable[Check]) -> list[Check]:
    """Checks that must pass, fail now and did not before."""
    failed = {(check.desk, check.name) for check in before if check.must and not check.fine}
    return [
        check for check in now if check.must and not check.fine and (check.desk, check.name) not in failed
    ]
