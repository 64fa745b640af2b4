"""Can the chain keep its promises? Every agreement against those that support it (R21), over the days of one year."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.domain.agreements import Underpinning, underpinnings
from gateway.domain.contract_problems import countable
from gateway.domain.sla.support import Support
from gateway.errors import NotFound
from gateway.flows.context import Context


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One promise over one agreement that supports it. `found` is None where a calendar is that of the ticket's site."""

    pair: Underpinning
    found: Support | None

    @property
    def gap(self) -> timedelta:
        """By how much the support is too slow; negative: to spare."""
        return self.found.gap if self.found else timedelta.min


def check(context: Context, *, year: int, agreement: str = "") -> list[Checked]:
    """Every promise, or only that of one agreement (its code), the worst first. Raises NotFound for an unknown code."""
    with context.database.read() as db:
        agreements = context.directory(db).agreements
    if agreement and agreement not in {one.code for one in agreements}:
        raise NotFound(f"there is no agreement {agreement}", cure="interdesk apply adds agreements")
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = []
    for pair in underpinnings(agreements):
        if agreement in ("", pair.promise.code):
            counts = countable(pair.promise) and countable(pair.support)
            found.append(Checked(pair=pair, found=pair.check(start=start, end=end) if counts else None))
    return sorted(found, key=lambda one: (one.gap, one.pair.promise.code), reverse=True)
