"""What of the news reaches behind a footing, so that everything has to be folded again: late facts are facts (R4)."""

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime

from gateway.domain.sla.footing import Footing
from gateway.domain.sla.ledger import Holding
from gateway.domain.sla.reconcile import AGREED, HAND_OVER, Reconciled, received
from gateway.domain.sla.stops import DECISIONS, visit_window
from gateway.domain.sla.terms import Chain, Record, moment


def reaches_behind(chain: Chain, footing: Footing, told: Reconciled, news: Sequence[Record]) -> bool:
    """Whether what lies behind the footing would be another if it were folded with the news. `told`: the records after the
    footing, the news among them."""
    effective = told.effective
    return (
        any(record.observed_at <= footing.seen or record.id in footing.awaited for record in news)
        or any(at <= footing.at for at in effective.values())
        or any(at is not None and at <= footing.at for record in news for at in spans_named(record))
        or any(_points_behind(footing, record, effective) for record in news)
        or any(_comes_after_all(chain, footing, record) for record in news)
        or _moves_receipts(footing, told, news)
    )


def named(record: Record) -> str | None:
    """The event that a decision is about."""
    key = "request" if record.type in DECISIONS else AGREED.get(record.type)
    return str(record.data.get(key, "")) if key is not None else None


def spans_named(record: Record) -> Iterator[datetime | None]:
    """Where the span begins that a record names besides its own moment."""
    if record.type in ("stop.requested", "exclusion.added"):
        yield moment(record.data.get("start"))
    if record.type == "ticket.opened":
        yield moment(record.data.get("outage_at"))
    window = visit_window(record)
    if window is not None:
        yield window[0]


def _points_behind(footing: Footing, record: Record, after: Container[str]) -> bool:
    """A decision, an answer, a delivery or an acceptance may be about what lies behind. Who waits for an answer now is known,
    and what was handed to the hop before."""
    about = named(record)
    if record.type == "assignment.accepted" and record.cause is not None and record.cause not in after:
        return not any(one.id == record.cause and one.hop == record.hop for one in footing.passes)
    if about is not None:
        return about not in after
    if record.type == "news.delivered":
        return record.cause is not None and record.cause not in after
    if record.type == "pending.answered" and record.cause is not None and record.cause not in after:
        return not awaits_answer(footing.holding, record)
    return False


def awaits_answer(holding: Holding, record: Record) -> bool:
    """Whether the answer is to the question that its hop waits for."""
    return any(node.id == record.hop and node.request == record.cause for node in holding.nodes)


def _comes_after_all(chain: Chain, footing: Footing, record: Record) -> bool:
    """An opening that had been missing; the first offer to a hop that had worked without one, which changes its place
    among its siblings."""
    if record.type == "ticket.opened":
        return not footing.holding.opened
    if record.type != "assignment.offered" or record.hop in footing.holding.offered:
        return False
    place = chain.places.get(record.hop or "")
    if place is None or place.parent is None or len(chain.children.get(place.parent, ())) < 2:
        return False
    return any(node.id == place.id and node.phase != "absent" for node in footing.holding.nodes)


def _moves_receipts(footing: Footing, told: Reconciled, news: Iterable[Record]) -> bool:
    """Whether an acceptance behind the footing gets another receipt as its cause."""
    if not any(record.type in HAND_OVER for record in news):
        return False
    every = [*footing.passes, *(one for one in told.records if one.type in HAND_OVER)]
    accepted = [one for one in footing.passes if one.type == "assignment.accepted"]
    return any(received(one, footing.passes) != received(one, every) for one in accepted)
