"""How a cell reads: in the reader's language, in the report's zone. Shares are cut, never rounded over an objective; lengths
are in words; a moment says which offset it is by wherever the report spans a change of the clocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from gateway.domain.reports.document import Cell, CellKind, Column, Report
from gateway.domain.reports.plain import per_cent
from gateway.words import Words
from gateway.words.look import Look, zone_of

NOTHING = "\N{EN DASH}"
FIGURES = frozenset({CellKind.COUNT, CellKind.SHARE, CellKind.LENGTH, CellKind.MONEY, CellKind.NUMBER})
_SPACE = "\N{NO-BREAK SPACE}"
_GROUPS = {"en": ",", "ru": _SPACE, "it": "."}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Teller:
    """Words and figures of one report in one language."""

    words: Words
    look: Look

    @staticmethod
    def of(report: Report, language: str) -> "Teller":
        """For that report."""
        words = Words(language)
        zone, _ = zone_of(report.zone)
        moments = [report.made_at, *_moments(report)]
        look = Look(words, zone).over(min(moments), max(moments))
        return Teller(words, Look(words, zone, with_year=True, with_offset=look.with_offset))

    def cell(self, column: Column, cell: Cell) -> str:
        """A cell, to be read."""
        match cell:
            case None | "":
                return NOTHING
            case bool():
                return self.words("flag.yes" if cell else "flag.no")
            case str():
                return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", cell)
        if column.kind is CellKind.SHARE and isinstance(cell, int | Fraction):
            return self.share(cell)
        return self._figure(column, cell)

    def _figure(self, column: Column, cell: Cell) -> str:
        match cell:
            case timedelta():
                return self.length(cell)
            case datetime():
                return self.look.moment(cell)
            case date():
                return self.day(cell)
            case Decimal():
                return f"{self.number(f'{cell:,f}')}{_SPACE}{column.unit}".rstrip(_SPACE)
        return self.number(f"{cell:,}")

    def share(self, share: Fraction | int) -> str:
        """`99.95 %`."""
        return f"{self.number(per_cent(share))}{_SPACE}%"

    def length(self, amount: timedelta) -> str:
        """To the second; what is less than one is not nothing."""
        if timedelta() < abs(amount) < _SECOND / 2:
            sign = "\N{MINUS SIGN}" if amount < timedelta() else ""
            return f"{sign}<1{_SPACE}{self.words('unit.s')}"
        return self.look.length(amount)

    def day(self, day: date) -> str:
        """`25 Oct 2026`."""
        month = self.words.listed("months")[day.month - 1]
        return f"{day.day} {month} {day.year}".replace(" ", _SPACE)

    def number(self, text: str) -> str:
        """`1,999.5` as the language writes it."""
        signs = {",": _GROUPS[self.words.language], ".": self.words("unit.point"), "-": "\N{MINUS SIGN}"}
        return "".join(signs.get(sign, sign) for sign in text)

    def heading(self, column: Column) -> str:
        """A column's title; of moments with their zone."""
        if column.kind is CellKind.MOMENT:
            return f"{column.title} ({self.look.zone.key})"
        return f"{column.title} ({column.unit})" if column.unit else column.title

    def whole(self, at: datetime) -> str:
        """A moment that stands once on a page."""
        return self.look.whole(at)


def _moments(report: Report) -> Iterator[datetime]:
    for section in report.sections:
        for table in section.tables:
            for row in table.rows:
                yield from (cell for cell in row if isinstance(cell, datetime))


def stand(report: Report, words: Words) -> str:
    """Which version it is, or that it is a draft."""
    return words("report.version", number=report.version) if report.version else words("report.draft")
