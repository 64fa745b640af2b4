"""Acts: which sighting means accepted, declined, returned, confirmed. The link's table first, then what a status
implies for a hop that has not been answered. What the desk does by itself after our write is never an act."""

from datetime import datetime

from gateway.domain import attending, handover, mapping, progress, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import (
    ActKind,
    ActRow,
    Content,
    ContentKind,
    Field,
    Hop,
    HopStatus,
    Link,
    ReasonFrom,
    StatusRow,
    Visibility,
)
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
_LAID_DOWN = _REFUSING | {HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.WITHDRAWN}
"""Moves of a withdrawn ticket that show that its people know."""
_RESOLUTION = frozenset({ActKind.RESOLUTION_CONFIRMED, ActKind.RESOLUTION_REJECTED})
_APPROVAL = frozenset({ActKind.APPROVAL_GRANTED, ActKind.APPROVAL_REFUSED})
_UPSTREAM = _RESOLUTION | _APPROVAL
"""Acts about a child, seen at its parent's desk."""


def judge(case: Case, hop: Hop, change: FieldChange, because: Because) -> bool:
    """Do what the links' acts tables make of this change. True if that leaves nothing for the change itself to mean."""
    if not because.by_person:
        return False
    done = False
    for table, there in _tables(case, hop):
        row = _row(table, change)
        if row is not None:
            done |= _do(case, there, row, _reason(case, hop, row, there), because)
    if not done:
        _taken_by_somebody(case, case.hops[hop.id], change, because)
    return done


def _tables(case: Case, hop: Hop) -> list[tuple[tuple[ActRow, ...], Hop]]:
    """The acts a change at this hop can be: its own link's about itself, those of its children's links about what they
    call resolved."""
    tables: list[tuple[tuple[ActRow, ...], Hop]] = []
    own = case.link(hop)
    if own is not None:
        tables.append((tuple(row for row in _said_of(case, hop, own) if row.act not in _UPSTREAM), hop))
    for child in case.children(hop):
        link = case.link(child)
        wanted = _RESOLUTION if child.status is HopStatus.RESOLVED else frozenset()
        wanted |= _APPROVAL if attending.waits_for_approval(child) else frozenset()
        if link is not None and wanted:
            tables.append((tuple(row for row in link.acts if row.act in wanted), child))
    return tables


def _said_of(case: Case, hop: Hop, link: Link) -> tuple[ActRow, ...]:
    """The link's table; of acts that it does not speak of, what the desk itself says."""
    spoken_of = {row.act for row in link.acts}
    return (*link.acts, *(row for row in case.desk(hop).profile.acts if row.act not in spoken_of))


def _row(table: tuple[ActRow, ...], change: FieldChange) -> ActRow | None:
    shown = (change.new or "").casefold()
    return next((row for row in table if row.field == change.field and row.value.casefold() == shown), None)


def _reason(case: Case, hop: Hop, row: ActRow, about: Hop) -> str:
    """The reason as the table says where it stands: the newest comment by a person, or a field."""
    if row.reason_from is ReasonFrom.FIELD and row.reason_field:
        return hop.shadow.get(row.reason_field) or ""
    if row.reason_from is ReasonFrom.LAST_COMMENT:
        return newest_words(case, hop, over=about.link_id)
    return ""


def newest_words(case: Case, hop: Hop, *, over: str | None = None, since: datetime | None = None) -> str:
    """What a person last said at this hop's desk, to everybody or to the neighbour over that link. Notes of ours quote it,
    so what is internal counts only where it was said to that neighbour, who has a place for it."""
    for content in reversed(case.all_contents()):
        here = content.origin_hop_id == hop.id and content.kind is ContentKind.COMMENT
        if here and content.text and not content.automatic and _may_be_quoted(case, hop, content, over):
            return content.text if since is None or content.at >= since else ""
    return ""


def _may_be_quoted(case: Case, hop: Hop, content: Content, over: str | None) -> bool:
    now = case.changed_contents.get(content.id, content)
    if now.visibility is Visibility.PUBLIC:
        return now.to_link_id in (None, over)
    link = case.directory.links.get(over or "")
    if link is None or now.to_link_id != link.id:
        return False
    ends = {link.upstream_desk_id, link.downstream_desk_id} - {hop.desk_id}
    return all(case.directory.desks[end].capabilities.private_comments for end in ends)


def _do(case: Case, hop: Hop, row: ActRow, reason: str, because: Because) -> bool:
    """Carry out one act; True if it ends what the change can mean."""
    content = queueing.reason_text(case, hop, reason, because)
    match row.act:
        case ActKind.ACCEPTED if hop.status is HopStatus.OFFERED:
            handover.accept(case, hop, because)
        case ActKind.DECLINED if hop.status is HopStatus.OFFERED:
            handover.refuse(case, hop, HopStatus.DECLINED, content, because)
            return True
        case ActKind.DECLINED | ActKind.RETURNED if (
            hop.status in OPEN and hop.status is not HopStatus.OFFERED
        ):
            handover.refuse(case, hop, HopStatus.RETURNED, content, because)
            return True
        case act if attending.is_one(act) and hop.status in OPEN:
            attending.act(case, hop, row, content, because)
        case ActKind.WITHDRAWAL_ACKNOWLEDGED if hop.status is HopStatus.WITHDRAWN:
            handover.acknowledge_withdrawal(case, hop, because)
            return True
        case ActKind.RESOLUTION_CONFIRMED:
            progress.confirm(case, hop, because)
        case ActKind.RESOLUTION_REJECTED:
            progress.reject(case, hop, content, because)
        case ActKind.ACCEPTED | ActKind.WITHDRAWAL_ACKNOWLEDGED if hop.status in OPEN:
            return False  # said again of a hop where it means nothing new: an ordinary move
        case _:
            case.disagree("act_out_of_place", hop, act=row.act.value, status=hop.status.value)
    return False


def _taken_by_somebody(case: Case, hop: Hop, change: FieldChange, because: Because) -> None:
    """Somebody at the downstream took the ticket: that accepts an offer, where no table says what does."""
    link = case.link(hop)
    if change.field != Field.ASSIGNEE or link is None or hop.status is not HopStatus.OFFERED:
        return
    if change.new and not change.old and not _says_what_accepts(link):
        handover.accept(case, hop, because)


def _says_what_accepts(link: Link) -> bool:
    return any(row.act is ActKind.ACCEPTED for row in link.acts)


def implied(case: Case, hop: Hop, row: StatusRow, change: FieldChange, because: Because) -> None:
    """What a mapped status means where no table says more. Rule 5: what the hop is already, is no event."""
    if _rejects_children(case, hop, row, change) and because.by_person:
        _reject_children(case, hop, because)
    if hop.parent_id is None:
        _at_root(case, hop, row, change, because)
    elif hop.status in _ENDED:
        _after_the_end(case, hop, row, because)
    elif row.status in _REFUSING:
        verdict = HopStatus.DECLINED if hop.status is HopStatus.OFFERED else HopStatus.RETURNED
        words = newest_words(case, hop, over=hop.link_id)
        reason = queueing.reason_text(case, hop, words, because)
        handover.refuse(case, hop, verdict, reason, because)
    elif hop.status is not HopStatus.OFFERED:
        _work(case, hop, row, change, because)
    elif row.status not in _REGISTERED:  # a working status implies acceptance
        handover.accept(case, hop, because)
        _work(case, case.hops[hop.id], row, change, because)


def _same(hop: Hop, row: StatusRow) -> bool:
    accepted = hop.status is HopStatus.ACCEPTED and row.status in (HopStatus.ACCEPTED, *_REGISTERED)
    return accepted or (hop.status is row.status and hop.reason == row.reason)


def _recoded(case: Case, hop: Hop, row: StatusRow, change: FieldChange) -> bool:
    """From one code of the installation's own to another that refines the same reason (R15)."""
    before = mapping.status_of(case.desk(hop), change.old or "")
    return before is not None and before.code != row.code and hop.status is row.status


def _work(case: Case, hop: Hop, row: StatusRow, change: FieldChange, because: Because) -> None:
    """Closing needs the upstream's confirmation: a downstream that closes by itself states a resolution."""
    if row.status is HopStatus.CLOSED:
        row = replace(row, status=HopStatus.RESOLVED)
    if not _same(hop, row) or _recoded(case, hop, row, change):
        progress.move(case, hop, row.status, row.reason, replace(because, code=row.code))


def at_root(status: HopStatus) -> HopStatus:
    """A word that means "offered" at a downstream says only "registered" where the ticket began: nobody offered it."""
    return HopStatus.ACKNOWLEDGED if status is HopStatus.OFFERED else status


def _at_root(case: Case, hop: Hop, row: StatusRow, change: FieldChange, because: Because) -> None:
    row = replace(row, status=at_root(row.status))
    if _same(hop, row) and not _recoded(case, hop, row, change):
        return
    closed_at = case.ticket.closed_at
    # Why a closed ticket is opened again: the hops below heard nothing of what was said since.
    words = newest_words(case, hop, since=closed_at) if closed_at is not None else ""
    progress.move(case, hop, row.status, row.reason, replace(because, words=words, code=row.code))


def _rejects_children(case: Case, hop: Hop, row: StatusRow, change: FieldChange) -> bool:
    """The parent went back to work from "to verify": it does not accept what its children call resolved."""
    word = case.desk(hop).profile.to_verify
    came_from_there = word is not None and (change.old or "").casefold() == word.casefold()
    return came_from_there and row.status in (HopStatus.IN_PROGRESS, HopStatus.ACKNOWLEDGED)


def _reject_children(case: Case, hop: Hop, because: Because) -> None:
    for child in case.children(hop):
        if child.status is HopStatus.RESOLVED:
            words = newest_words(case, hop, over=child.link_id)
            progress.reject(case, child, queueing.reason_text(case, hop, words, because), because)


def _after_the_end(case: Case, hop: Hop, row: StatusRow, because: Because) -> None:
    """A desk that moves a ticket it no longer has: an acknowledgement of the withdrawal, or a disagreement."""
    if hop.status is HopStatus.WITHDRAWN and row.status in _LAID_DOWN:
        if because.by_person:
            handover.acknowledge_withdrawal(case, hop, because)
    elif hop.status is not row.status and row.status not in _REGISTERED:
        case.disagree("moved_after_end", hop, status=hop.status.value, shows=row.native)
