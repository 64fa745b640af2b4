"""Time that people log at their own desk becomes a line of work, told one link up by the rules of `worktelling`. What cannot
be told is said once at that desk."""

from decimal import Decimal

from gateway.domain import queueing, worktelling
from gateway.domain.case import Because, Case
from gateway.domain.model import ContentKind, Copy, Hop, HopStatus, NativeWork, Source, Visibility
from gateway.domain.worklog import Unit, Work, WorkKind
from gateway.errors import Invalid, Refused

_NOT_YET = frozenset({HopStatus.OFFERED})


def seen(case: Case, hop: Hop, native: NativeWork) -> None:
    """Log what a time entry says, once. Of a ticket that nobody above is linked to, nobody has to hear; what was logged
    before the assignment was accepted waits for that."""
    hop = case.hops[hop.id]
    link = case.link(hop)
    if link is None or hop.status in _NOT_YET or native.minutes <= 0:
        return
    if not (link.crossing.worklogs_up and link.crossing.time_entries_up):
        return
    because = Because(
        source=Source.HISTORY,
        actor_kind=native.author.kind,
        actor=case.person(hop, native.author),
        reported_at=native.at,
    )
    try:
        case.lines.append(worktelling.log(case, hop, _work(native), because))
    except (Invalid, Refused) as error:
        case.disagree("work_not_told", hop, remote_id=native.remote_id, why=str(error))
        event = case.record("work.kept", hop, because, {"minutes": native.minutes})
        queueing.note(case, hop, "work_not_told", event, minutes=str(native.minutes), why=str(error))
    case.copies.append(_copy(case, hop, native))


def _work(native: NativeWork) -> Work:
    words = ": ".join(part for part in (native.activity, native.text) if part)
    return Work(
        kind=WorkKind.LABOUR,
        amount=Decimal(native.minutes),
        unit=Unit.MINUTES,
        at=native.at,
        worker=native.author.name or native.author.id,
        text=words,
    )


def _copy(case: Case, hop: Hop, native: NativeWork) -> Copy:
    return Copy(
        id=case.new_id("cpy"),
        org_id=hop.org_id,
        ticket_id=case.ticket.id,
        hop_id=hop.id,
        content_id="",
        kind=ContentKind.WORK,
        remote_id=native.remote_id,
        native_hash="",
        visibility=Visibility.PRIVATE,
        ours=False,
    )
