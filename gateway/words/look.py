"""How figures look: moments in the viewer's zone, lengths of time in words. Rounding goes against the provider (R5): what has
passed is rounded up, what is left and what stood still is rounded down, a due moment is never shown later than it is."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from gateway.words import Words

_SECOND = timedelta(seconds=1)
_SHORT = timedelta(minutes=5)
"""Of a ticket that lived no longer than this, tenths of a second are told."""
_MINUS, _SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"


@cache
def zones() -> frozenset[str]:
    """The names of all zones there are."""
    return frozenset(available_timezones())


def zone_of(*wanted: str) -> tuple[ZoneInfo, bool]:
    """(the first of these zones that there is, whether it is the first that was wanted); UTC where there is none."""
    named = [name for name in wanted if name]
    for name in named:
        if name in zones():
            return ZoneInfo(name), name == named[0]
    return ZoneInfo("UTC"), not named


@dataclass(frozen=True)
class Look:
    """How one visitor sees figures: words, zone, and whether the page spans a year's end or a change of the clocks."""

    words: Words
    zone: ZoneInfo
    with_year: bool = False
    with_offset: bool = False
    tenths: bool = False

    def over(self, start: datetime, end: datetime) -> "Look":
        """The same for a page about that time."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        offsets = {self._offset(start + (end - start) * part / 8) for part in range(9)}
        return Look(
            self.words,
            self.zone,
            with_year=first.year != last.year,
            with_offset=len(offsets) > 1,
            tenths=end - start < _SHORT,
        )

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self.zone).utcoffset()

    # -- moments ----------------------------------------------------------------------------------------------------------

    def moment(self, at: datetime | None) -> str:
        """`22 Nov 14:02:07`, down to the second that has begun: no due moment is shown later than it is."""
        if at is None:
            return "\N{EN DASH}"
        local = at.astimezone(self.zone)
        clock = f"{local:%H:%M:%S}" + (f".{local.microsecond // 100_000}" if self.tenths else "")
        offset = f" {self._name(at)}" if self.with_offset else ""
        return f"{self.day(at)}{f' {local.year}' if self.with_year else ''}, {clock}{offset}".replace(
            " ", _SPACE
        )

    def whole(self, at: datetime) -> str:
        """Weekday, date, year, time and zone: for what stands once on a page."""
        local = at.astimezone(self.zone)
        weekday = self.words.listed("weekdays")[local.weekday()]
        return f"{weekday} {self.day(at)} {local.year}, {local:%H:%M:%S} {self._name(at)}"

    def day(self, at: datetime) -> str:
        """`22 Nov`."""
        local = at.astimezone(self.zone)
        return f"{local.day} {self.words.listed('months')[local.month - 1]}"

    def hour(self, at: datetime) -> str:
        """`14:02` of a tick."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def zone_name(self, at: datetime) -> str:
        """`Europe/Rome (CET, UTC+01:00)`."""
        offset = self._offset(at) or timedelta()
        minutes = int(offset.total_seconds()) // 60
        sign = "-" if minutes < 0 else "+"
        told = f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        name = self._name(at)
        parts = [told] if name in (self.zone.key, told) or name[:1] in "+-" else [name, told]
        return f"{self.zone.key} ({', '.join(parts)})"

    def _name(self, at: datetime) -> str:
        """`CET`; where the zone has no letters of its own, its offset."""
        return at.astimezone(self.zone).tzname() or ""

    @staticmethod
    def iso(at: datetime) -> str:
        """For machines."""
        return at.astimezone(UTC).isoformat(timespec="milliseconds")

    # -- lengths ----------------------------------------------------------------------------------------------------------

    def passed(self, amount: timedelta) -> str:
        """Time that ran against the provider: rounded up."""
        return self._words(math.ceil(amount / self._unit))

    def stopped(self, amount: timedelta) -> str:
        """Time that the provider is not charged with: rounded down."""
        return self._words(math.floor(amount / self._unit))

    def left(self, amount: timedelta | None) -> str:
        """What is left of a target, rounded down; negative where it is over."""
        return "\N{EN DASH}" if amount is None else self._words(math.floor(amount / self._unit))

    def length(self, amount: timedelta | None) -> str:
        """A length that is for or against nobody: to the nearest."""
        return "\N{EN DASH}" if amount is None else self._words(round(amount / self._unit))

    @property
    def _unit(self) -> timedelta:
        return _SECOND / 10 if self.tenths else _SECOND

    def _words(self, units: int) -> str:
        whole, tenth = divmod(abs(units), 10) if self.tenths else (abs(units), 0)
        hours, rest = divmod(whole, 3600)
        minutes, seconds = divmod(rest, 60)
        fine = f"{seconds}{self.words('unit.point')}{tenth}" if tenth else str(seconds)
        parts = [(hours, str(hours), "h"), (minutes, str(minutes), "min"), (seconds or tenth, fine, "s")]
        told = [f"{text}{_SPACE}{self.words(f'unit.{unit}')}" for there, text, unit in parts if there]
        return (_MINUS if units < 0 else "") + (_SPACE.join(told) or f"0{_SPACE}{self.words('unit.s')}")
