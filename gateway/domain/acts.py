"""Acts: which sighting means accepted, declined, returned, confirmed. The link's table first, then what a status
implies for a hop that has not been answered. What the desk does by itself after our write is never an act."""

from gateway.domain import handover, progress, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import ActKind, ActRow, Content, Field, Hop, HopStatus, ReasonFrom, StatusRow
from gateway.domain.model.change import replace
from gateway.domain.sighting import FieldChange

_REFUSING = frozenset(
    {HopStatus.REJECTED, HopStatus.CANCELLED, HopStatus.DECLINED, HopStatus.RETURNED, HopStatus.EXPIRED}
)
_REGISTERED = frozenset({HopStatus.ACKNOWLEDGED, HopStatus.OFFERED})
"""What a new ticket shows before anybody did anything."""
_ENDED = frozenset(
    {HopStatus.DECLINED, HopStatus.EXPIRED, HopStatus.RETURNED, HopStatus.WITHDRAWN, HopStatus.CLOSED}
)


def judge(case: Case, hop: Hop, change: FieldChange, because: Because, said: list[Content]) -> bool:
    """Whether the links' acts tables give this change a meaning; if so it is done."""
    if not because.by_person:
        return False
    for link, there in _tables(case, hop):
        for row in link:
            if row.field == change.field and row.value.casefold() == (change.new or "").casefold():
                _do(case, there, row, reason_of(case, hop, row, said), because)
                return True
    return _taken_by_somebody(case, hop, change, because)


def _tables(case: Case, hop: Hop) -> list[tuple[tuple[ActRow, ...], Hop]]:
    """The acts a change at this hop can be: its own link's about itself, its children's links' about them."""
    tables: list[tuple[tuple[ActRow, ...], Hop]] = []
    own = case.link(hop)
    if own is not None:
        tables.append((tuple(row for row in own.acts if row.act not in _UPSTREAM), hop))
    for child in case.children(hop):
        link = case.link(child)
        if link is not None and child.status in OPEN:
            tables.append((tuple(row for row in link.acts if row.act in _UPSTREAM), child))
    return tables


_UPSTREAM = frozenset({ActKind.RESOLUTION_CONFIRMED, ActKind.RESOLUTION_REJECTED})


def reason_of(case: Case, hop: Hop, row: ActRow, said: list[Content]) -> str:
    """The reason as the table says where it stands: the newest comment by a person, or a field."""
    if row.reason_from is ReasonFrom.FIELD and row.reason_field:
        return hop.shadow.get(row.reason_field) or ""
    if row.reason_from is ReasonFrom.LAST_COMMENT:
        return newest_words(case, hop, said)
    return ""


def newest_words(case: Case, hop: Hop, said: list[Content]) -> str:
    """The text of the last public comment of a person at this hop: of this very look, else what was kept."""
    kept = [content for content in case.all_contents() if content.origin_hop_id == hop.id]
    for content in reversed(said or kept):
        if content.text and not content.automatic and content.kind.value == "comment":
            return content.text
    return ""


def _do(case: Case, hop: Hop, row: ActRow, reason: str, because: Because) -> None:
    content = queueing.reason_text(case, hop, reason, because)
    match row.act:
        case ActKind.ACCEPTED if hop.status is HopStatus.OFFERED:
            handover.accept(case, hop, because)
        case ActKind.DECLINED if hop.status is HopStatus.OFFERED:
            handover.refuse(case, hop, HopStatus.DECLINED, content, because)
        case ActKind.DECLINED | ActKind.RETURNED if (
            hop.status in OPEN and hop.status is not HopStatus.OFFERED
        ):
            handover.refuse(case, hop, HopStatus.RETURNED, content, because)
        case ActKind.ARRIVED if hop.status in OPEN:
            case.record("visit.arrived", hop, because)
        case ActKind.WITHDRAWAL_ACKNOWLEDGED if hop.status is HopStatus.WITHDRAWN:
            handover.acknowledge_withdrawal(case, hop, because)
        case ActKind.RESOLUTION_CONFIRMED if hop.status is HopStatus.RESOLVED:
            progress.confirm(case, hop, because)
        case ActKind.RESOLUTION_REJECTED if hop.status is HopStatus.RESOLVED:
            progress.reject(case, hop, content, because)
        case _:
            case.disagree("act_out_of_place", hop, act=row.act.value, status=hop.status.value)


def _taken_by_somebody(case: Case, hop: Hop, change: FieldChange, because: Because) -> bool:
    """Somebody at the downstream took the ticket: that accepts an offer (a table may say otherwise first)."""
    if change.field != Field.ASSIGNEE or hop.parent_id is None or hop.status is not HopStatus.OFFERED:
        return False
    if change.new and not change.old:
        handover.accept(case, hop, because)
    return False  # the assignee itself is still a fact to pass on


def implied(case: Case, hop: Hop, row: StatusRow, because: Because, said: list[Content]) -> None:
    """What a mapped status means where no table says more. Rule 5: what the hop is already, is no event."""
    if hop.parent_id is None:
        _at_root(case, hop, row, because, said)
    elif hop.status in _ENDED:
        _after_the_end(case, hop, row, because)
    elif row.status in _REFUSING:
        verdict = HopStatus.DECLINED if hop.status is HopStatus.OFFERED else HopStatus.RETURNED
        reason = queueing.reason_text(case, hop, newest_words(case, hop, said), because)
        handover.refuse(case, hop, verdict, reason, because)
    elif hop.status is HopStatus.OFFERED:
        _answer_offer(case, hop, row, because)
    elif not _same(hop, row):
        _work(case, hop, row, because, said)


def _same(hop: Hop, row: StatusRow) -> bool:
    accepted = hop.status is HopStatus.ACCEPTED and row.status in (HopStatus.ACCEPTED, *_REGISTERED)
    return accepted or (hop.status is row.status and hop.reason == row.reason)


def _answer_offer(case: Case, hop: Hop, row: StatusRow, because: Because) -> None:
    """A working status implies acceptance; the registered status a new ticket has anyway implies nothing."""
    if row.status in _REGISTERED:
        return
    handover.accept(case, hop, because)
    _work(case, case.hops[hop.id], row, because, [])


def _work(case: Case, hop: Hop, row: StatusRow, because: Because, said: list[Content]) -> None:
    """Closing needs the upstream's confirmation: a downstream that closes by itself states a resolution."""
    status = HopStatus.RESOLVED if row.status is HopStatus.CLOSED else row.status
    if _rejects_children(case, hop, status):
        _reject_children(case, hop, because, said)
    if hop.status is not status or hop.reason != row.reason:
        progress.move(case, hop, status, row.reason, because)


def _at_root(case: Case, hop: Hop, row: StatusRow, because: Because, said: list[Content]) -> None:
    if _rejects_children(case, hop, row.status):
        _reject_children(case, hop, because, said)
    if not _same(hop, row):
        words = _said_since_it_closed(case, hop, said)
        progress.move(case, hop, row.status, row.reason, replace(because, words=words))


def _said_since_it_closed(case: Case, hop: Hop, said: list[Content]) -> str:
    """Why a closed ticket is opened again: what was said at its desk since, for the hops below heard none of it."""
    closed_at = case.ticket.closed_at
    if closed_at is None:
        return ""
    since = [*(content for content in case.all_contents() if content.origin_hop_id == hop.id), *said]
    return newest_words(case, hop, [content for content in since if content.at >= closed_at] or said)


def _rejects_children(case: Case, hop: Hop, status: HopStatus) -> bool:
    """The parent went back to work from "to verify": it does not accept what its children call resolved."""
    verifying = case.desk(hop).profile.to_verify is not None
    resolved = any(child.status is HopStatus.RESOLVED for child in case.children(hop))
    return verifying and resolved and status is HopStatus.IN_PROGRESS


def _reject_children(case: Case, hop: Hop, because: Because, said: list[Content]) -> None:
    if not because.by_person:
        return
    words = newest_words(case, hop, said)
    for child in case.children(hop):
        if child.status is HopStatus.RESOLVED:
            progress.reject(case, child, queueing.reason_text(case, hop, words, because), because)


def _after_the_end(case: Case, hop: Hop, row: StatusRow, because: Because) -> None:
    """A desk that moves a ticket it no longer has: an acknowledgement of the withdrawal, or a disagreement."""
    if hop.status is HopStatus.WITHDRAWN and because.by_person:
        handover.acknowledge_withdrawal(case, hop, because)
    elif hop.status is not row.status:
        case.disagree("moved_after_end", hop, status=hop.status.value, shows=row.native)
