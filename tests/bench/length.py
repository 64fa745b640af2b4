"""How long the parts of a bench take."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Length:
    """Seconds of each part; `few` and `many` tickets for the bench of a full store; `flood` tickets for fairness; `clocks`
    finished ones that a year's report is made of."""

    warm: float = 2.0
    closed: float = 5.0
    open: float = 6.0
    few: int = 10_000
    many: int = 1_000_000
    flood: int = 500
    clocks: int = 1_000_000


WHOLE = Length()
QUICK = Length(warm=0.5, closed=2.0, open=2.0, few=1_000, many=20_000, flood=100, clocks=100_000)
