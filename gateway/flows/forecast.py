"""When a ticket's clocks may be met, and how likely they are not (R22), from what each party needed before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.sla.forecast import Forecast, Past, forecast
from gateway.domain.sla.terms import TargetKind
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import clocks


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A reading and the forecasts of its resolution clocks that are not over."""

    reading: sla.Reading
    forecasts: Sequence[Forecast]


def look_ahead(context: Context, ticket_id: str, *, now: datetime) -> Outlook:
    """The forecasts of a ticket. Raises NotFound."""
    reading = sla.read(context, ticket_id, now=now)
    past = _past(context, reading)
    found = [
        forecast(reading.folded, reading.clocks, clock, past)
        for clock in reading.clocks
        if clock.target_kind is TargetKind.RESOLUTION
    ]
    return Outlook(reading=reading, forecasts=[one for one in found if one is not None])


def _past(context: Context, reading: sla.Reading) -> Past:
    kind = TargetKind.RESOLUTION
    targets = {clock.agreement: clock.target for clock in reading.clocks if clock.target_kind is kind}
    with context.database.read() as db:
        return {
            agreement: clocks.past(db, OPERATOR, agreement, kind.value, target)
            for agreement, target in targets.items()
        }
