"""`/tickets/{id}/timeline` with an API key, or by a link (`shared`): one ticket's timeline as one party may see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gateway.domain.sla.clocks import BREACHED, CANCELLED, MET, RUNNING, Clock
from gateway.domain.timeline import ClockLine
from gateway.errors import NotFound
from gateway.flows.timeline import Shown, read
from gateway.store.share import ShareLink
from gateway.web import chart
from gateway.web.asking import AnyWanted, Visitor, Wanted
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page, refusal
from gateway.web.telling import Said
from gateway.words.look import Look, zone_of

router = APIRouter()
_ICONS = {RUNNING: "▶", MET: "✔", BREACHED: "!", CANCELLED: "✕"}


@router.get("/tickets/{ticket_id}/timeline", response_class=HTMLResponse)
def of_ticket(here: AnyParlour, ticket_id: str, asked: AnyWanted, who: Visitor) -> HTMLResponse:
    """With the key of the operator or of an organization that has to do with the ticket."""
    if who is None:
        return refusal(asked.words(), 401)
    try:
        return show(read(here.context, ticket_id, who.party, now=here.now()), asked)
    except NotFound:
        return refusal(asked.words(), 404)


def linked(here: Parlour, link: ShareLink, asked: Wanted) -> HTMLResponse:
    """What somebody sees whose link leads to a ticket."""
    try:
        return show(
            read(here.context, link.subject, link.org_id, now=here.now()), asked, until=link.expires_at
        )
    except NotFound:
        return refusal(asked.words(), 404)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A clock as it is shown."""

    id: str
    line: ClockLine
    name: str
    standing: str
    icon: str
    parties: str
    label: str
    left: str
    is_over: bool
    shapes: list[chart.Shape]
    moved: list[chart.Mark]
    due_x: float | None
    due_title: str
    beyond: str

    @property
    def clock(self) -> Clock:
        """Its figures."""
        return self.line.clock


def show(shown: Shown, asked: Wanted, *, until: datetime | None = None) -> HTMLResponse:
    """The page. `until`: when the link it was opened by expires."""
    seen, words = shown.timeline, asked.words(shown.language)
    zone, known = zone_of(asked.zone, shown.zone)
    look = Look(words, zone).over(seen.start, seen.end)
    said = Said.of(look, seen, shown.names)
    scale = chart.scale_of(seen)
    drawn, height = chart.lanes(scale, seen, said)
    cards = [_card(number, line, scale, said) for number, line in enumerate(seen.clocks, start=1)]
    return page(
        "timeline.html",
        words,
        seen=seen,
        look=look,
        said=said,
        drawn=drawn,
        height=height,
        cards=cards,
        title=words("title", ticket=_number(shown) or seen.ticket_id),
        viewer=said.org(seen.org) if seen.org else words("operator"),
        summary=_summary(shown, said, cards),
        ticks=chart.ticks(scale, look),
        now_x=scale.at(seen.now) if scale.holds(seen.now) else None,
        signs=sorted({chart.sign_of(event) for event in seen.events}),
        zones=sorted({"UTC", shown.zone, zone.key, "Europe/Rome", "Europe/Moscow", "Europe/London"}),
        unknown_zone="" if known else asked.zone,
        link_until=until,
        test=shown.test,
    )


def _number(shown: Shown) -> str:
    """The ticket's number at the first of the viewer's own desks."""
    seen = shown.timeline
    return next((seen.numbers[lane.hop] for lane in seen.lanes if lane.hop in seen.numbers), "")


def _summary(shown: Shown, said: Said, cards: list[Card]) -> str:
    """One sentence for the whole page."""
    seen, words = shown.timeline, said.look.words
    last = seen.rows[-1] if seen.rows else None
    if seen.is_over or last is None:
        told = [words("now_nobody" if shown.timeline.closed else "ended_for_you")]
    else:
        told = [words("now_with", who=said.holders(last.cells), state=said.states(last.cells))]
    open_ones = [card for card in cards if card.clock.ended_at is None and card.clock.started_at is not None]
    ahead = [card for card in open_ones if card.clock.due is not None and not card.is_over]
    if ahead:
        first = min(ahead, key=lambda card: card.clock.due or seen.now)
        due = said.look.moment(first.clock.due)
        told.append(words("nearest", clock=first.name, due=due, left=first.left))
    over = sum(card.clock.breached_at is not None for card in cards)
    if over:
        told.append(words("breaches", count=over))
    return " ".join(told)


def _card(number: int, line: ClockLine, scale: chart.Scale, said: Said) -> Card:
    clock, look, words = line.clock, said.look, said.look.words
    name, standing, due = said.clock(clock), said.standing(clock), look.moment(clock.due)
    left, is_over = _left(clock, look)
    inside = clock.due is not None and scale.holds(clock.due)
    ahead = clock.ended_at is None and clock.due is not None and not inside
    return Card(
        id=f"clock-{number}",
        line=line,
        name=name,
        standing=standing,
        icon="⏸" if clock.stopped else _ICONS.get(clock.state, "○"),
        parties=said.parties(line),
        label=words("clock.bar", clock=name, state=standing),
        left=left,
        is_over=is_over,
        shapes=chart.clock_shapes(scale, line, said),
        moved=[chart.Mark(scale.at(one.at), "moved", said.shift(one)) for one in line.shifts],
        due_x=scale.at(clock.due) if clock.due is not None and inside else None,
        due_title=f"{words('clock.due')} {due}",
        beyond=words("beyond", due=due) if ahead else "",
    )


def _left(clock: Clock, look: Look) -> tuple[str, bool]:
    """(what is left of the target, or by how much it is over; which of the two)."""
    remaining = clock.remaining
    if remaining is not None and remaining < timedelta():
        return look.passed(-remaining), True
    return look.left(remaining), False
