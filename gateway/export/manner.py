"""In which format a report is written, and what its reader likes: language, and how a spreadsheet reads CSV."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What a report can be written as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """As mail and HTTP name it; of CSV that of one table."""
        return _MEDIA[self]


_MEDIA = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.HTML: "text/html; charset=utf-8",
    Format.PDF: "application/pdf",
}


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How it is written. `table`: only that one, by its id (CSV; without it all of them, as a zip archive). `delimiter`,
    `decimal` and `bom` are CSV's too; `for_excel` knows which of them Excel expects."""

    language: str = "en"
    made_by: str = ""
    table: str = ""
    delimiter: str = ","
    decimal: str = "."
    bom: bool = False

    @staticmethod
    def for_excel(language: str, *, table: str = "", made_by: str = "") -> "Manner":
        """Excel takes a file for UTF-8 by its mark, and where people write a decimal comma it parts cells by semicolons."""
        comma = language in _DECIMAL_COMMA
        return Manner(
            language=language,
            made_by=made_by,
            table=table,
            delimiter=";" if comma else ",",
            decimal="," if comma else ".",
            bom=True,
        )


_DECIMAL_COMMA = frozenset({"ru", "it"})
