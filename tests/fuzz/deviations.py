"""What Schemathesis takes for a failure and is none, each argued (deviations.json). What is not listed fails a run."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.fuzz.asking import Kind

FILE = Path(__file__).with_name("deviations.json")


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """`of`: the description; `operation`: a pattern of `METHOD path`; `statuses`: of which answers (none: of any); `saying`: a
    pattern of how the refusal begins."""

    of: str
    check: str
    operation: str
    why: str
    statuses: tuple[int, ...] = ()
    saying: str = "*"

    def covers(self, kind: Kind) -> bool:
        """Whether this is what was found."""
        mine = self.check == kind.check and fnmatchcase(_plain(kind.operation), _plain(self.operation))
        mine = mine and fnmatchcase(kind.said, self.saying)
        return mine and (not self.statuses or kind.status in self.statuses)


def _plain(text: str) -> str:
    """Without what is a sign of patterns in an address."""
    return text.replace("[", "(").replace("]", ")")


def listed(of: str) -> list[Deviation]:
    """Those from one description."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    every = [Deviation(**{**row, "statuses": tuple(row.get("statuses", ()))}) for row in rows]
    return [one for one in every if fnmatchcase(of, one.of)]


def unlisted(of: str, found: Iterable[Kind]) -> list[Kind]:
    """What was found and is not argued."""
    known = listed(of)
    return sorted(kind for kind in found if not any(one.covers(kind) for one in known))


def gone(of: str, found: Iterable[Kind]) -> list[Deviation]:
    """What is argued and did not occur."""
    kinds = list(found)
    return [one for one in listed(of) if not any(one.covers(kind) for kind in kinds)]
