"""Conflicts as each end may see them, and what people decide about them: one transaction, with actor and reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.domain import deciding
from gateway.domain.case import Case
from gateway.domain.conflicts import SWING, Standing, standing
from gateway.domain.model import Event, Field, Priority, Side
from gateway.domain.ownership import TEXTS
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, conflicts, copies, history
from gateway.store.audit import record as audit
from gateway.store.db import Db
from gateway.store.scope import Scope

MINE, THEIRS, VALUE = "mine", "theirs", "value"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which conflicts: those that wait for somebody, or every one; of one ticket. `party` (an organization's id) sees those it
    is an end of."""

    party: str | None = None
    every: bool = False
    ticket_id: str | None = None
    limit: int = 200
    before: str | None = None


def listed(context: Context, asked: Asked, order: Order) -> list[dict[str, Any]]:
    """The newest first. Of a text only what the reader's own desk said, or what may be read there, is shown."""
    with context.database.read() as db:
        scope = Scope.of(asked.party) if asked.party else OPERATOR
        pages = conflicts.newest(db, scope, ticket_id=asked.ticket_id, before=asked.before)
        shown = (
            row for page in pages for row in _rows(context, db, _open(page, asked, order), (asked, order))
        )
        return list(islice(shown, asked.limit))


def show(context: Context, conflict_id: str, order: Order, *, party: str | None = None) -> dict[str, Any]:
    """One, however it stands. Raises NotFound."""
    with context.database.read() as db:
        found = conflicts.one(db, Scope.of(party) if party else OPERATOR, conflict_id)
        asked = Asked(party=party, every=True)
        shown = [] if found is None else list(_rows(context, db, [found], (asked, order)))
    if not shown:
        raise _unknown(conflict_id)
    return shown[0]


def _unknown(conflict_id: str) -> NotFound:
    return NotFound(f"no conflict {conflict_id}", cure="interdesk conflicts list --all shows them")


def _open(page: list[Event], asked: Asked, order: Order) -> list[Event]:
    """Without those that a rule settled, which is seen in them alone: their tickets need not be loaded."""
    if asked.every:
        return page
    return [one for one in page if standing(one, [one], now=order.now) is not Standing.SETTLED]


def _rows(
    context: Context, db: Db, found: list[Event], about: tuple[Asked, Order]
) -> Iterator[dict[str, Any]]:
    asked, order = about
    occasion = context.occasion(db, order.now)
    loaded = cases.load(db, OPERATOR, {one.ticket_id for one in found}, occasion, lock=False)
    for conflict in found:
        case = loaded[conflict.ticket_id]
        stands = standing(conflict, history.of_contests(db, conflict.ticket_id), now=order.now)
        ends = {side: hop.org_id for side, hop in deciding.hops_of(case, conflict).items()}
        if asked.party in (None, *ends.values()) and (asked.every or stands is Standing.OPEN):
            yield _row(case, conflict, stands, _reads(case, conflict, asked.party), db=db)


def _reads(case: Case, conflict: Event, party: str | None) -> set[Side]:
    """Whose values a party may read: its own, and what crosses to it."""
    ends = deciding.hops_of(case, conflict)
    if party is None:
        return set(Side)
    crossing = case.directory.links[conflict.data["link"]].crossing
    field = conflict.data["field"]
    mine = {side for side, hop in ends.items() if hop.org_id == party}
    down = Side.DOWNSTREAM in mine and field in crossing.fields_down
    up = Side.UPSTREAM in mine and (field in crossing.fields_up or field == Field.STATUS)
    return mine | ({Side.UPSTREAM} if down else set()) | ({Side.DOWNSTREAM} if up else set())


def _row(case: Case, conflict: Event, stands: Standing, reads: set[Side], *, db: Db) -> dict[str, Any]:
    data = conflict.data
    row: dict[str, Any] = {
        "conflict": conflict.id,
        "ticket": conflict.ticket_id,
        "field": data["field"],
        "standing": "insists" if data["insists"] and stands is Standing.OPEN else stands.value,
        "policy": data["policy"],
        "owner": data["owner"],
        "winner": data["winner"],
        "by": data["by"],
        "found_at": conflict.observed_at,
    }
    for side, hop in deciding.hops_of(case, conflict).items():
        told = data[side.value]
        value = told["value"] if side in reads else None
        if value is not None and data["field"] in TEXTS:
            value = next((one.text for one in copies.contents(db, [value]).values()), None)
        row[side.value] = {"desk": case.desk(hop).code, "hop": hop.id, "value": value, "at": told["at"]}
    return row


def keep(
    context: Context, conflict_id: str, choice: tuple[str, str], order: Order, *, party: str | None = None
) -> dict[str, Any]:
    """Decide which value stands from now on. `choice`: (`mine`, ""), (`theirs`, "") or (`value`, the canonical value). Mine is
    the party's own; for the operator that of the desk whose change it was."""

    def act(case: Case, conflict: Event) -> None:
        value = _chosen(case, conflict, choice, party)
        deciding.decide(case, conflict, value, order.because)

    return _decided(context, conflict_id, act, order, party)


def release(context: Context, conflict_id: str, order: Order, *, party: str | None = None) -> dict[str, Any]:
    """Let rules that were stopped go on."""

    def act(case: Case, conflict: Event) -> None:
        if conflict.data["policy"] != SWING and not conflict.data["insists"]:
            raise Refused("nothing was stopped by this conflict", cure="interdesk conflicts keep decides it")
        deciding.release(case, conflict, order.because)

    return _decided(context, conflict_id, act, order, party)


def _decided(
    context: Context,
    conflict_id: str,
    act: Callable[[Case, Event], None],
    order: Order,
    party: str | None,
) -> dict[str, Any]:
    """Load under the ticket's lock, act, audit, save. Raises NotFound and Refused."""
    with context.database.write() as db:
        conflict = conflicts.one(db, Scope.of(party) if party else OPERATOR, conflict_id)
        if conflict is None:
            raise _unknown(conflict_id)
        case = cases.load(db, OPERATOR, [conflict.ticket_id], context.occasion(db, order.now))[
            conflict.ticket_id
        ]
        before = standing(conflict, case.story(), now=order.now)
        if before in (Standing.DECIDED, Standing.REPLACED):
            raise Refused(
                f"this conflict is {before.value}", cure="interdesk conflicts list shows what is open"
            )
        _is_an_end(case, conflict, party)
        act(case, conflict)
        audit(
            db,
            org_id=conflict.org_id,
            actor=order.actor,
            action="conflict",
            subject=conflict_id,
            before={"standing": before.value},
            after={"standing": Standing.DECIDED.value, "reason": order.reason},
            now=order.now,
        )
        cases.save(db, [case])
    with context.database.read() as db:
        [row] = _rows(context, db, [conflict], (Asked(party=party, every=True), order))
        return row


def _is_an_end(case: Case, conflict: Event, party: str | None) -> None:
    if party is not None and party not in {hop.org_id for hop in deciding.hops_of(case, conflict).values()}:
        raise NotFound(f"no conflict {conflict.id}")


def _chosen(case: Case, conflict: Event, choice: tuple[str, str], party: str | None) -> str | None:
    """The value that is to stand. Raises Refused where it is not this party's to say, Invalid for no value."""
    data, owner = conflict.data, Side(conflict.data["owner"])
    if data["policy"] == SWING and data["field"] == Field.STATUS:
        raise Refused("a status is set at its desk", cure="set it there, or: interdesk conflicts release")
    if data["field"] in TEXTS:
        raise Refused(f"a {data['field']} is changed at its owner's desk", cure="edit it there")
    ends = deciding.hops_of(case, conflict)
    side = Side(data["by"])
    if party is not None:
        side = next(one for one, hop in ends.items() if hop.org_id == party)
    how, value = choice
    kept = {MINE: side, THEIRS: side.other}.get(how)
    if party is not None and ends[owner].org_id != party and kept is not owner:
        raise Refused(
            f"the {data['field']} is the {owner.value}'s to set",
            cure="keep theirs, or ask them to keep yours",
        )
    if kept is not None:
        told: str | None = data[kept.value]["value"]
        return told
    return _valid(data["field"], value)


def _valid(field: str, value: str) -> str:
    words = [one.value for one in Priority]
    if field == Field.PRIORITY and value not in words:
        raise Invalid(f"{value!r} is no priority", cure=f"one of: {', '.join(words)}")
    if not value.strip():
        raise Invalid("a value is needed", cure="write --value VALUE")
    return value.strip()
