"""The audit's chain: each organization's lines are numbered from 1 and each holds the SHA-256 of the one before, so that whoever
changes, removes, swaps or slips in a line is found. Where lines are kept is the store's; who signs the heads is the flow's."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

GENESIS = "0" * 64
"""What stands before the first line of a chain."""
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line as it is stored: `at` in microseconds since 1970 UTC, `before` and `after` as JSON text or None."""

    seq: int
    org_id: str
    at: int
    actor: str
    action: str
    subject: str
    before: str | None
    after: str | None
    number: int | None = None
    previous: str | None = None
    digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last line of a chain."""

    number: int = 0
    digest: str = GENESIS


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """The first line of a chain that is not as it was written. `number` is its place, `seq` its own number, 0 where it is gone."""

    org_id: str
    number: int
    seq: int
    what: str


def canonical(document: Any) -> str:
    """JSON with sorted names and no spaces: the same document is the same text everywhere."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sealed_text(line: Line, number: int) -> str:
    """What a digest is over, besides the digest before it. Raises ValueError for a line whose document is none."""
    told = {name: getattr(line, name) for name in ("seq", "org_id", "at", "actor", "action", "subject")}
    documents = {name: _document(getattr(line, name)) for name in ("before", "after")}
    return canonical({"format": FORMAT, "number": number, **told, **documents})


def _document(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def digest(line: Line, number: int, previous: str) -> str:
    """SHA-256 in hex over the digest before it and the line. Raises ValueError for a line whose document is none."""
    text = f"{previous}\n{sealed_text(line, number)}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def sealed(lines: Iterable[Line], heads: Mapping[str, Head]) -> list[Line]:
    """New lines with their places in their organizations' chains, in the order they are given."""
    ends, done = dict(heads), []
    for line in lines:
        end = ends.get(line.org_id, Head())
        number = end.number + 1
        now = digest(line, number, end.digest)
        done.append(Line(**{**asdict(line), "number": number, "previous": end.digest, "digest": now}))
        ends[line.org_id] = Head(number=number, digest=now)
    return done


@dataclass
class Check:
    """Follows chains line by line. `anchors`: (organization, number) → the digest that was signed for it."""

    anchors: Mapping[tuple[str, int], str]
    heads: dict[str, Head] = field(default_factory=dict)
    flaws: dict[str, Flaw] = field(default_factory=dict)

    def follow(self, line: Line) -> None:
        """The next sealed line of its organization, in the order of their numbers."""
        if line.org_id in self.flaws:
            return
        end = self.heads.get(line.org_id, Head())
        what, number = self._wrong(line, end)
        if what:
            seq = 0 if what == MISSING else line.seq
            self.flaws[line.org_id] = Flaw(org_id=line.org_id, number=number, seq=seq, what=what)
        else:
            self.heads[line.org_id] = Head(number=number, digest=line.digest or "")

    def _wrong(self, line: Line, end: Head) -> tuple[str, int]:
        wanted = end.number + 1
        if line.number != wanted:
            return (MISSING, wanted) if (line.number or 0) > wanted else (INSERTED, line.number or 0)
        try:
            right = digest(line, wanted, end.digest)
        except ValueError:
            return ALTERED, wanted
        if line.digest != right or line.previous != end.digest:
            return ALTERED, wanted
        return (REWRITTEN if self.anchors.get((line.org_id, wanted), right) != right else ""), wanted

    def end(self) -> list[Flaw]:
        """After the last line: what is wrong, chains that end before their anchors among it."""
        for org_id, number in sorted(self.anchors):
            end = self.heads.get(org_id, Head())
            if org_id not in self.flaws and number > end.number:
                self.flaws[org_id] = Flaw(org_id=org_id, number=end.number + 1, seq=0, what=MISSING)
        return [self.flaws[org_id] for org_id in sorted(self.flaws)]


MISSING = "the line is gone"
INSERTED = "a second line stands at this place"
ALTERED = "the line is not what was sealed"
REWRITTEN = "the chain up to this line was written anew: a signed anchor tells another digest"
