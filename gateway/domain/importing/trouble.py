"""What is wrong with a row of an event log, in words: its line, its case, what, why, what to do."""

from dataclasses import dataclass


class Unclear(Exception):
    """A cell that does not say what it should; carried to its row."""

    def __init__(self, what: str, why: str, cure: str) -> None:
        super().__init__(what)
        self.what, self.why, self.cure = what, why, cure


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """`line` is that of the file, the first is 1. `case` is empty where the row names none."""

    line: int
    case: str
    what: str
    why: str = ""
    cure: str = ""

    def __str__(self) -> str:
        told = " · ".join(part for part in (self.what, self.why, self.cure) if part)
        return f"line {self.line}{f' ({self.case})' if self.case else ''}: {told}"
