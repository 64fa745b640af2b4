"""What people do with contracts while tickets are open: bind a ticket to an agreement as it stands now (R17), and ask for a stop
of the clocks afterwards, with its evidence (R16)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain import binding
from gateway.domain.agreements import Agreement
from gateway.domain.case import OPEN, Case
from gateway.domain.lifecycle import today
from gateway.domain.model import Hop, Reason
from gateway.domain.problem import suggestion
from gateway.domain.sla.terms import NEVER_STOP, AgreementKind, Terms
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import sla
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.sla import Deed, Effect, Reading
from gateway.store import cases, history

EVIDENCE = ("contact_attempts", "photo", "permit_number", "ticket_number")
"""What a request can carry (schemas/agreement)."""


def rebind(context: Context, ticket_id: str, code: str, order: Order) -> Effect | None:
    """Bind the open assignments of a ticket to an agreement as it stands now; None where they are already. Raises NotFound;
    Refused without a reason, or where nothing of the ticket stands under it."""
    _need_reason(order, "binding anew")
    wanted = standing(context, code, now=order.now)

    def act(case: Case, found: Reading) -> None:
        concerned = list(_concerned(case, found, wanted))
        if not concerned:
            raise Refused(
                f"no open assignment of {ticket_id} stands under {code}",
                why="its provider or consumer is another one, or a more specific agreement holds",
                cure="interdesk sla show TICKET names the agreements that hold",
            )
        for hop, agreement, before in concerned:
            binding.rebind(case, hop, agreement, order.because, before=before)
        if not case.events:
            raise _NothingNew

    try:
        return sla.change(context, ticket_id, act, order, Deed(action="agreement rebound", subject=ticket_id))
    except _NothingNew:
        return None


class _NothingNew(Exception):
    """It stands under these very terms."""


def _need_reason(order: Order, what: str) -> None:
    if not order.reason:
        raise Refused(f"{what} needs its reason", why="the other side will ask", cure="add --reason")


def _agreements(context: Context, code: str) -> list[Agreement]:
    with context.database.read() as db:
        known = context.directory(db).agreements
    found = [agreement for agreement in known if agreement.code == code]
    if not found:
        near = suggestion(code, [agreement.code for agreement in known])
        raise NotFound(f"there is no agreement {code}", cure=f"{near}; interdesk apply adds agreements")
    return found


def standing(context: Context, code: str, *, now: datetime) -> list[Agreement]:
    """The agreements of that code, each in the version that holds today, else in the last that has begun. Raises NotFound."""
    every = _agreements(context, code)
    with context.database.read() as db:
        known = context.directory(db)
    found: dict[str, Agreement] = {}
    for agreement in every:
        day = today(now, known.zone_of(agreement.terms.provider))
        begun = agreement.valid_from is None or agreement.valid_from <= day
        if agreement.terms.provider not in found or begun:
            found[agreement.terms.provider] = agreement
    return list(found.values())


def _concerned(case: Case, found: Reading, wanted: list[Agreement]) -> Iterator[tuple[Hop, Agreement, str]]:
    """(hop, agreement, the sheet it was bound to): hops bound to another version of it, or to nothing of its kind or to an
    agreement that it replaces, where it would be bound today."""
    for hop in case.hops.values():
        for agreement in wanted:
            if hop.status in OPEN and agreement.terms.provider == hop.org_id:
                before = _bound(found, hop, agreement)
                same = before is not None and before.code == agreement.code
                if same or agreement in binding.holding(case, hop):
                    yield hop, agreement, before.sheet if before is not None else ""


def _bound(found: Reading, hop: Hop, agreement: Agreement) -> Agreement | None:
    """What the hop is bound to and this one would replace: at most one inside the organization and one with another."""
    inside = agreement.kind is AgreementKind.OLA
    mine = (one for (hop_id, _), one in found.bound.items() if hop_id == hop.id)
    return next((one for one in mine if (one.kind is AgreementKind.OLA) is inside), None)


def open_under(context: Context, code: str) -> list[str]:
    """Open tickets that are bound to some version of an agreement, in the order of their ids. Raises NotFound."""
    _agreements(context, code)
    return bound_to(context, code)


def bound_to(context: Context, code: str) -> list[str]:
    """The same, whether there is such an agreement or not: a draft has no tickets yet."""
    with context.database.read() as db:
        bound = history.in_open_tickets(db, OPERATOR, (binding.BOUND, binding.REBOUND))
    return sorted({event.ticket_id for event in bound if event.data.get("agreement") == code})


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A stop that is asked for afterwards: `evidence` by its kind (a permit's number, who was called and when);
    `expected_end` is the end itself where the file names none."""

    code: str
    start: datetime
    end: datetime
    expected_end: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


def request_stop(context: Context, hop_id: str, wanted: Wanted, order: Order) -> tuple[str, Effect]:
    """Ask that the clocks stood still at a hop over a span of the past: the request's id and the clocks before and after.
    What the evidence says stands in the audit only, the event names its kinds. Raises NotFound; Invalid for what is no code
    or no evidence; Refused for a span that no clock lived, or a code that no agreement names."""
    _need_reason(order, "a stop")
    _check(wanted, order.now)
    made: list[str] = []

    def act(case: Case, found: Reading) -> None:
        hop, base = case.hops[hop_id], _base(found, wanted.code)
        _refuse_unlived(found, hop_id, wanted)
        _refuse_unproven(found, hop_id, wanted, base)
        data = {
            "reason": base,
            "code": "" if base == wanted.code else wanted.code,
            "start": wanted.start.isoformat(),
            "stop": wanted.end.isoformat(),
            "expected_end": (wanted.expected_end or wanted.end).isoformat(),
            "evidence": sorted(wanted.evidence),
        }
        made.append(case.record("stop.requested", hop, order.because, data).id)

    with context.database.read() as db:
        ticket_id = cases.ticket_of(db, OPERATOR, hop_id)
    if ticket_id is None:
        raise NotFound(f"no assignment {hop_id}", cure="interdesk tickets show TICKET lists them")
    shown = {f"evidence {kind}": text for kind, text in wanted.evidence.items()}
    deed = Deed(action="stop requested", subject=hop_id, told=shown)
    effect = sla.change(context, ticket_id, act, order, deed)
    return made[0], effect


def _base(found: Reading, code: str) -> str:
    """The code of the closed list: this one, or what it refines in an agreement of the ticket (R15)."""
    rules = (
        rule for terms in found.folded.chain.agreements for name, rule in terms.stops.items() if name == code
    )
    base = next((rule.refines for rule in rules if rule.refines), code)
    codes = [reason.value for reason in Reason]
    if base not in codes:
        raise Invalid(f"there is no reason code {code!r}", cure=suggestion(code, codes))
    if base in NEVER_STOP:
        raise Refused(
            f"{code} stops no clock",
            why="it is the provider's own time, whatever an agreement says",
            cure="name the code of what was waited for",
        )
    return base


def _check(wanted: Wanted, now: datetime) -> None:
    if wanted.end <= wanted.start:
        raise Refused("the stop ends before it begins", cure="give --from before --to")
    if wanted.end > now:
        raise Refused(
            "the stop lies in the future",
            why=f"it would end at {wanted.end.isoformat()}; only what has been can be asked for",
            cure="put the ticket on hold at its desk with its reason, or ask again afterwards",
        )
    for kind in wanted.evidence:
        if kind not in EVIDENCE:
            raise Invalid(f"{kind!r} is no kind of evidence", cure=suggestion(kind, EVIDENCE))


def _refuse_unlived(found: Reading, hop_id: str, wanted: Wanted) -> None:
    """A span before the assignment began, or after it was withdrawn or closed, lies in no clock of it."""
    lived = [
        clock
        for clock in found.clocks
        if hop_id in found.folded.chain.subtree(clock.hop) and clock.started_at is not None
    ]
    if not any(
        clock.started_at < wanted.end and (clock.ended_at is None or clock.ended_at > wanted.start)
        for clock in lived
        if clock.started_at is not None
    ):
        first = min((clock.started_at for clock in lived if clock.started_at), default=None)
        why = f"the first one started at {first.isoformat()}" if first else "none has started"
        raise Refused(
            "no clock of this assignment ran in that span",
            why=why,
            cure="interdesk sla show TICKET tells when clocks ran",
        )


def _refuse_unproven(found: Reading, hop_id: str, wanted: Wanted, base: str) -> None:
    chain = found.folded.chain
    levels: list[Terms] = [terms for terms in chain.agreements if hop_id in chain.subtree(terms.hop)]
    rules = {terms.id: rule for terms in levels if (rule := terms.stops_for(base, wanted.code)) is not None}
    if not rules:
        named = sorted({code for terms in levels for code in terms.stops})
        raise Refused(
            f"no agreement stops its clock for {wanted.code}",
            why=f"those that hold name {', '.join(named) or 'no code at all'}",
            cure="use one of these codes, or change the agreement and bind the ticket anew",
        )
    for name, rule in rules.items():
        missing = sorted(rule.evidence - wanted.evidence.keys())
        if missing:
            raise Refused(
                f"{name} wants evidence for {wanted.code}: {', '.join(missing)}",
                why="without it the stop does not count",
                cure=" ".join(f"--evidence {kind}=…" for kind in missing),
            )
