"""How a line of work is told at a desk: an internal note of the gateway's own, one link away and no further."""

from collections.abc import Mapping
from decimal import Decimal

from gateway.domain import duedates, people, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.imported import is_imported
from gateway.domain.model import Content, ContentKind, Delivery, Event, Hop, HopStatus, Link
from gateway.domain.model.change import replace
from gateway.domain.worklog import (
    Unit,
    Work,
    WorkKind,
    WorkLine,
    WorkState,
    check,
    line_of,
    names_people,
    told,
    zone_of,
)
from gateway.errors import Invalid, Refused

_KINDS: Mapping[WorkKind, Mapping[str, str]] = {
    WorkKind.LABOUR: {"en": "labour", "ru": "работа", "it": "manodopera"},
    WorkKind.TRAVEL: {"en": "travel", "ru": "дорога", "it": "viaggio"},
    WorkKind.PARTS: {"en": "parts", "ru": "запчасти", "it": "ricambi"},
    WorkKind.ABORTIVE_VISIT: {"en": "abortive visit", "ru": "напрасный выезд", "it": "uscita a vuoto"},
}
_UNITS: Mapping[Unit, Mapping[str, str]] = {
    Unit.MINUTES: {"en": "min", "ru": "мин", "it": "min"},
    Unit.KM: {"en": "km", "ru": "км", "it": "km"},
    Unit.PIECES: {"en": "×", "ru": "×", "it": "×"},
}
_NEVER_TAKEN = frozenset({HopStatus.OFFERED, HopStatus.DECLINED, HopStatus.EXPIRED})


def what(line: WorkLine, language: str) -> str:
    """`labour 90 min, 120.00 EUR`, in a desk's language."""
    kinds, units = _KINDS[line.kind], _UNITS[line.unit]
    words = f"{kinds.get(language, kinds['en'])} {plain(line.amount)} {units.get(language, units['en'])}"
    return f"{words}, {line.price:.2f} {line.currency}" if line.price is not None else words


def plain(number: Decimal) -> str:
    """Without an exponent or idle zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def place(case: Case, hop: Hop) -> tuple[Hop, Link]:
    """The hop and link above, which a line of this hop is told over. Raises Refused."""
    if is_imported(case.ticket):
        raise Refused(
            "this ticket came with an imported history",
            why="its desks are not connected: nobody would hear of it",
        )
    parent, link = case.parent(hop), case.link(hop)
    if parent is None or link is None:
        raise Refused(
            "nobody above this assignment is linked",
            why="it is the first ticket of its chain; work is told one link up",
            cure="log it at an assignment that came over a link",
        )
    if not link.crossing.worklogs_up:
        raise Refused(
            "the link does not let logged work cross",
            why=f"the terms of {link.code} keep it below",
            cure="keep it in your own books, or change worklogs_up of the link",
        )
    if hop.status in _NEVER_TAKEN:
        raise Refused(
            f"this assignment is {hop.status.value}",
            why="work is logged once it was accepted",
            cure=f"interdesk accept {hop.id}",
        )
    return parent, link


def log(case: Case, hop: Hop, work: Work, because: Because, *, known: WorkLine | None = None) -> WorkLine:
    """Record a line of work and tell it one link up; `known` is the proposal that it confirms. Raises Refused where nobody is
    above, Invalid for what no line can say."""
    parent, link = place(case, hop)
    check(work, now=case.now)
    if hop.offered_at is not None and work.at < hop.offered_at:
        raise Invalid(
            "the work lies before its assignment",
            why=f"that was offered at {hop.offered_at.isoformat(timespec='minutes')}",
            cure="log it where it was done, or correct --at",
        )
    text = (
        case.write(hop, ContentKind.NOTE, work.text.strip(), author=work.worker, automatic=True)
        if work.text.strip()
        else None
    )
    made = replace(
        line_of(case, hop, link, work), logged_by=because.actor, content_id=text.id if text else None
    )
    if known is not None:
        made = replace(made, id=known.id, visit_event=known.visit_event)
    event = case.record("work.logged", hop, because, _said(made, text))
    delivery = _tell(case, (hop, parent), replace(made, event_id=event.id), (event, text, work.worker))
    line = replace(made, event_id=event.id, delivery_id=delivery.id if delivery else None)
    return line if delivery else told(line, case.now, link=link, zone=zone_of(case, link))


def _said(line: WorkLine, text: Content | None) -> dict[str, str]:
    """Of a line no event says more than that there is one."""
    said = {"line": line.id, "kind": line.kind.value}
    return said | ({"content": text.id, "digest": text.digest} if text else {})


def _tell(
    case: Case, way: tuple[Hop, Hop], line: WorkLine, about: tuple[Event, Content | None, str]
) -> Delivery | None:
    """The note at the desk above. Without a place that only its own people read, nothing is written there: a public word
    would show the amounts to the next one up. It then stands in the work list alone."""
    hop, parent = way
    event, text, worker = about
    desk = case.desk(parent)
    if parent.status not in OPEN:
        return None
    if not desk.capabilities.private_comments:
        case.disagree("no_private_place", parent, line=line.id)
        return None
    named = people.shown(case, parent, people.Party(hop=hop, name=worker, role=people.TECHNICIAN))
    who = queueing.neighbour(case, hop, parent)
    queueing.note(
        case,
        parent,
        "work_logged",
        event,
        who=f"{who} ({named})" if named else who,
        what=what(line, desk.language),
        at=duedates.at_desk(desk, line.at),
        text=text.text if text else "",
        line=line.id,
    )
    return next(one for one in reversed(case.deliveries) if one.event_id == event.id)


def judged(case: Case, hop: Hop, line: WorkLine, because: Because, *, reason: str = "") -> WorkLine:
    """Record a verdict (`line` is as it stands after it), and tell a dispute at the desk that logged the line."""
    disputed, link = line.state is WorkState.DISPUTED, case.link(hop)
    if link is None or not names_people(link, down=True):
        because = replace(because, actor="")
    words = queueing.reason_text(case, hop, reason, because)
    data = {"line": line.id} | ({"content": words.id, "digest": words.digest} if words else {})
    lapse = {"by": "silence"} if line.state is WorkState.LAPSED else {}
    event = case.record("work.disputed" if disputed else "work.accepted", hop, because, data | lapse)
    parent = case.parent(hop)
    desk = case.desk(hop)
    if disputed and parent is not None and hop.status in OPEN and desk.capabilities.private_comments:
        who = queueing.neighbour(case, parent, hop)
        queueing.note(
            case,
            hop,
            "work_disputed",
            event,
            who=who,
            what=what(line, desk.language),
            reason=reason,
            line=line.id,
        )
    return replace(line, reason_id=words.id if words else line.reason_id)
