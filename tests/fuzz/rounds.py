"""Rounds until there are as many cases as wanted: another caller and seed in each, an installation made anew now and then."""

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway import app as wiring
from gateway.app import Life
from tests.api.furnished import Furnished, furnished
from tests.fuzz import descriptions
from tests.fuzz.asking import PHASES, Findings, Round, ask

EACH = 10
"""Random cases for each operation in one round."""
FRESH = 6_000
"""An installation is made anew after so many cases, so that its lists stay short."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Which description is asked, how often, from which seed; where official files are; what is said after each round."""

    of: str = descriptions.OWN
    cases: int
    seed: int = 1
    folder: Path = Path()
    phases: tuple[str, ...] = PHASES
    each: int = EACH
    until: float = math.inf
    """By the monotonic clock."""
    tell: Callable[[Findings], None] = lambda _found: None

    def enough(self, found: Findings) -> bool:
        """Whether there are as many cases as wanted, or no time is left."""
        return found.cases >= self.cases or time.monotonic() > self.until


def run(wanted: Run) -> Findings:
    """What all rounds found."""
    found, turn = Findings(), 0
    while not wanted.enough(found):
        # what a last request still writes is no finding of the run
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, furnished(Path(place)) as here:
            fresh = found.cases + FRESH
            while found.cases < fresh and not wanted.enough(found):
                before = found.cases
                _round(wanted, here, found, turn)
                turn += 1
                wanted.tell(found)
                if found.cases == before:
                    return found  # nothing can be asked
    return found


def _round(wanted: Run, here: Furnished, found: Findings, turn: int) -> None:
    """The cases that any seed gives (examples, coverage) are asked in the first round alone."""
    is_own = wanted.of == descriptions.OWN
    who = descriptions.OURS[turn % len(descriptions.OURS)] if is_own else "far"
    told = (
        descriptions.own(here, conditions=turn == 0)
        if is_own
        else descriptions.official(wanted.of, wanted.folder)
    )
    app: Any = wiring.web_app(here.gateway, with_worker=False, life=Life())  # it lives on another event loop
    app.state.house = replace(app.state.house, meter=None)
    later = tuple(name for name in wanted.phases if name in ("fuzzing", "stateful"))
    turned = Round(
        token=here.keys[who]["authorization"].removeprefix("Bearer "),
        each=wanted.each,
        seed=wanted.seed + turn,
        phases=wanted.phases if turn == 0 else later,
        enough=wanted.enough,
    )
    ask(told, app, turned, found)
