"""Making the installation what configuration files say: `plan` shows the difference, `apply` makes it in one transaction,
under an actor, audited. Reading the files is `gateway.installation`, judging them `gateway.flows.proposal`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain.plan import Action, Change, Difference, Item, Kind, Plan, Ref
from gateway.errors import Refused
from gateway.flows import lifecycle
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Proposal, Terms, judge, propose
from gateway.flows.webhooks import endpoints
from gateway.installation.reading import Installation
from gateway.store import audit, configuration, directory, looks
from gateway.store.configuration import Names, Write
from gateway.store.db import Db

_PREFIXES: Mapping[Kind, str] = {Kind.ORGANIZATION: "org", Kind.DESK: "dsk", Kind.LINK: "lnk"}
_CONNECTION = ("base_url", "credentials.", "settings")
_CODES = (Kind.SITE, Kind.ASSET)


def plan(context: Context, installation: Installation, terms: Terms) -> Plan:
    """What applying would do. Writes nothing.

    Raises Invalid or Unsupported with every problem, ConfigError for a secret that cannot be had.
    """
    installation = _with_holidays(installation, terms)
    with context.database.read() as db:
        judge(context, db, installation.items, terms)  # before anybody is asked for a secret
    wanted = installation.with_secrets(terms.secrets)
    with context.database.read() as db:
        return propose(context, db, wanted, terms).plan


def apply(context: Context, installation: Installation, terms: Terms, *, actor: str, now: datetime) -> Plan:
    """Make the difference; the plan as it was carried out, with the directory's new version. A second time nothing is
    left to do. Raises as `plan`; Refused if the directory is not at `terms.seen_version` any more.
    """
    terms = replace(terms, year=now.year)
    installation = _with_holidays(installation, terms)
    foreseen = plan(context, installation, terms)
    _refuse_if_moved(foreseen.version, terms)
    if not foreseen.effective:
        return foreseen
    wanted = installation.with_secrets(terms.secrets)
    with context.database.write(slow=True) as db:
        _refuse_if_moved(directory.lock(db), terms)
        return make(context, db, wanted, terms, by=(actor, now))


def make(
    context: Context, db: Db, wanted: Mapping[Ref, Item], terms: Terms, *, by: tuple[str, datetime]
) -> Plan:
    """Make the difference in a transaction that holds the lock of the directory, audited; the plan as it was carried out, with
    the directory's new version if anything was. `by`: who, and when. Raises as `plan`."""
    actor, now = by
    proposal = propose(context, db, wanted, terms)
    if not proposal.plan.effective:
        return proposal.plan
    ids = _carry_out(context, db, proposal, terms, now=now)
    directory.keep_sheets(db, now=now)
    lifecycle.follow(context, db, _agreements(proposal, ids), by=(actor, terms.reason), now=now)
    _look_again(db, proposal.plan, ids, now=now)
    audit.record_all(
        db, [_entry(proposal, change, ids, actor) for change in proposal.plan.effective], now=now
    )
    return replace(proposal.plan, version=directory.bump(db))


def _with_holidays(installation: Installation, terms: Terms) -> Installation:
    return installation if terms.year is None else installation.with_holidays(terms.year)


def _refuse_if_moved(version: int, terms: Terms) -> None:
    if terms.seen_version not in (None, version):
        raise Refused("the configuration changed since it was planned", cure="plan again, then apply")


def _carry_out(
    context: Context, db: Db, proposal: Proposal, terms: Terms, *, now: datetime
) -> dict[Ref, str]:
    """Write and delete rows; the ids of everything old and new."""
    made = proposal.plan.of(Action.CREATE)
    new = {change.ref: context.new_id(_PREFIXES.get(change.ref.kind, "dir")) for change in made}
    ids = proposal.stored.ids | new
    names = Names(ids=ids, items=proposal.stored.items | dict(proposal.wanted))
    writes = [
        Write(
            item=proposal.wanted[change.ref],
            id=ids[change.ref],
            is_new=change.action is Action.CREATE,
            reconnect=change.action is Action.CHANGE and _reconnects(change),
        )
        for change in proposal.plan.of(Action.CREATE, Action.CHANGE)
    ]
    configuration.put(db, writes, names=names, vault=terms.vault, now=now)
    configuration.remove(db, {change.ref: ids[change.ref] for change in proposal.plan.of(Action.REMOVE)})
    endpoints.follow(db, proposal.plan, names, vault=terms.vault, now=now)
    return ids


def _reconnects(change: Change) -> bool:
    is_desk = change.ref.kind is Kind.DESK
    return is_desk and any(difference.path.startswith(_CONNECTION) for difference in change.differences)


def _look_again(db: Db, done: Plan, ids: Mapping[Ref, str], *, now: datetime) -> None:
    """What nobody could read may be readable now: a native word by a new profile, a code by a new site or asset."""
    changed = done.of(Action.CREATE, Action.CHANGE)
    desk_ids = {ids[change.ref] for change in changed if _speaks_anew(change)}
    any_desk = any(change.ref.kind in _CODES for change in changed)
    if any_desk or desk_ids:
        looks.want(db, configuration.unmapped(db, OPERATOR, desk_ids=None if any_desk else desk_ids, now=now))


def _speaks_anew(change: Change) -> bool:
    is_desk = change.ref.kind is Kind.DESK
    return is_desk and any(difference.path.startswith("profile") for difference in change.differences)


def _agreements(proposal: Proposal, ids: Mapping[Ref, str]) -> Iterator[lifecycle.Changed]:
    """What is done to agreements."""
    for change in proposal.plan.effective:
        if change.ref.kind is Kind.AGREEMENT:
            before = proposal.stored.items.get(change.ref)
            gone = change.action is Action.REMOVE
            yield lifecycle.Changed(
                id=ids[change.ref],
                org_id=_owner(proposal, change.ref, ids),
                code=change.ref.code,
                before=before.document if before is not None else None,
                after=None if gone else proposal.wanted[change.ref].document,
            )


def _entry(proposal: Proposal, change: Change, ids: Mapping[Ref, str], actor: str) -> audit.Entry:
    return audit.Entry(
        org_id=_owner(proposal, change.ref, ids),
        actor=actor,
        action=f"configuration {change.action}",
        subject=str(change.ref),
        before=dict(_told(change, lambda difference: difference.before)),
        after=dict(_told(change, lambda difference: difference.after)),
    )


def _told(change: Change, side: Callable[[Difference], Any]) -> Iterator[tuple[str, Any]]:
    return ((each.path, side(each)) for each in change.differences if side(each) is not None)


def _owner(proposal: Proposal, ref: Ref, ids: Mapping[Ref, str]) -> str:
    """The id of the organization whose thing it is; a link is the upstream's."""
    if ref.kind is Kind.ORGANIZATION:
        return ids[ref]
    document = proposal.item(ref).document
    if ref.kind is Kind.LINK:
        document = proposal.item(Ref(kind=Kind.DESK, code=document["upstream"])).document
    return ids[Ref(kind=Kind.ORGANIZATION, code=document["organization"])]
