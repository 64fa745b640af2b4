"""Moments as an event log writes them: with an offset, or by the wall of a zone; one that could be two is told, not chosen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain.importing.mapping import Times
from gateway.domain.importing.trouble import Unclear

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_ISO = "iso"


class Moments:
    """Reads moments into whole microseconds since 1970 UTC."""

    def __init__(self, times: Times) -> None:
        self._zone = ZoneInfo(times.zone) if times.zone else None
        self._doubled = times.doubled
        self._parse: Callable[[str], datetime] = datetime.fromisoformat
        if times.format != _ISO:
            self._parse = lambda text: datetime.strptime(text, times.format)  # noqa: DTZ007 - its zone is judged below

    def read(self, text: str) -> int:
        """Raises Unclear for what is no moment, has no zone, or is none or two in its zone."""
        text = text.strip()
        try:
            at = self._parse(text)
        except ValueError as error:
            raise Unclear(
                f"{text!r} is no moment", "", "say in time.format how moments are written"
            ) from error
        if at.tzinfo is None:
            at = self._zoned(at, text)
        return (at - EPOCH) // _MICRO

    def _zoned(self, wall: datetime, text: str) -> datetime:
        zone = self._zone
        if zone is None:
            raise Unclear(f"{text!r} has no offset", "nobody may guess its zone", "name it in time.zone")
        first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        if before == after:
            return first
        if before is not None and after is not None and before < after:
            why = f"the clocks of {zone.key} were put forward over it"
            raise Unclear(
                f"{text!r} was never shown", why, "correct the row, or name another zone in time.zone"
            )
        if self._doubled == "hold":
            why = f"the clocks of {zone.key} were put back over it"
            raise Unclear(
                f"{text!r} was shown twice", why, "say in time.doubled which one is meant: first or second"
            )
        return first if self._doubled == "first" else second
