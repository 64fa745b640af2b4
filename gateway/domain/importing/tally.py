"""What came of a file, counted: what it says, and what was made of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from gateway.domain.importing.story import Story

_OF_THE_FILE = frozenset({"rows", "bad_rows", "held_cases", "held_rows", "already_cases", "elsewhere_cases"})


@dataclass(kw_only=True)
class Tally:
    """`bad_rows` could not be read, `held_cases` (with `held_rows` that could) are left out because of them; `already_cases` of
    this file are there, `elsewhere_cases` came with another file. The rest is of the cases that were taken."""

    rows: int = 0
    bad_rows: int = 0
    held_cases: int = 0
    held_rows: int = 0
    already_cases: int = 0
    elsewhere_cases: int = 0
    cases: int = 0
    taken_rows: int = 0
    assignments: int = 0
    events: int = 0
    bound: int = 0
    bound_cases: int = 0
    hand_overs: int = 0
    """Between organizations, row after row."""
    crossing_cases: int = 0
    waits: int = 0
    waiting_cases: int = 0
    reopenings: int = 0
    reopened_cases: int = 0
    open_cases: int = 0
    """Not over when the file ends."""
    doubled_rows: int = 0
    same_rows: int = 0
    """Said what was known."""
    late_rows: int = 0
    """A resolution after the close."""
    backward_rows: int = 0
    """Earlier than the row before in their order."""

    def add(self, story: Story, *, rows: int, doubled: int) -> None:
        """One more case that was taken."""
        self.cases += 1
        self.taken_rows += rows
        self.assignments += len(story.hops)
        self.events += len(story.steps)
        self.bound += story.agreements
        self.bound_cases += bool(story.agreements)
        self.hand_overs += story.passes
        self.crossing_cases += bool(story.passes)
        self.waits += story.waits
        self.waiting_cases += bool(story.waits)
        self.reopenings += story.reopened
        self.reopened_cases += bool(story.reopened)
        self.open_cases += story.unfinished
        self.doubled_rows += doubled
        self.same_rows += story.same
        self.late_rows += story.late
        self.backward_rows += story.backwards

    def begin_again(self) -> None:
        """The file is read from its beginning."""
        for name in _OF_THE_FILE:
            setattr(self, name, 0)

    def counts(self) -> dict[str, int]:
        """All of it by name."""
        return asdict(self)


def tally_from(counts: Mapping[str, int]) -> Tally:
    """What `counts` gave."""
    return Tally(**{one.name: counts.get(one.name, 0) for one in fields(Tally)})
