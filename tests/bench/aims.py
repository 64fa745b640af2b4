"""What the figures are to reach: each aim with what a run found, met or missed. Nothing fails over a missed one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.figures import Bench, Row, shown

STORES = ("SQLite", "PostgreSQL")
NONE = ""
"""The store of what needs none."""


@dataclass(frozen=True, kw_only=True)
class Aim:
    """`found` against `wanted`: at least that much if `more` is better, else at most."""

    what: str
    store: str
    found: float
    wanted: float
    more: bool = True

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.found >= self.wanted if self.more else self.found <= self.wanted

    @property
    def cells(self) -> list[str]:
        """For a table."""
        wanted = f"{'at least' if self.more else 'at most'} {shown(self.wanted)}"
        return [self.what, self.store, shown(self.found), wanted, "met" if self.met else "MISSED"]


HEAD = ["aim", "store", "found", "wanted", ""]


def judged(benches: Sequence[Bench]) -> list[Aim]:
    """Every aim of the benches that were run."""
    by_name = {bench.name: bench for bench in benches}
    return [
        aim
        for name, rule in _RULES.items()
        if name in by_name
        for store in (*STORES, NONE)
        if all(row.store == NONE for row in by_name[name].rows) == (store == NONE)
        if any(row.store == store for row in by_name[name].rows)
        for aim in rule(by_name[name], store)
    ]


def _rows(bench: Bench, store: str) -> tuple[Row, Row]:
    """(the first row of ours, the baseline) of a store; a baseline may be the same for all stores."""
    here = [row for row in bench.rows if row.store in (store, "")]
    return next(row for row in here if not row.baseline), next(row for row in here if row.baseline)


def _accept(bench: Bench, store: str) -> Iterator[Aim]:
    ours, base = _rows(bench, store)
    rate = ours.figures["accepted/s"]
    times = rate / base.figures["accepted/s"]
    yield Aim(what="webhooks accepted a second", store=store, found=rate, wanted=3_000)
    yield Aim(what="times one commit a request", store=store, found=times, wanted=6)
    p99 = ours.figures["p99 ms at 50/s"]
    yield Aim(what="ms to the answer, p99 at 50/s", store=store, found=p99, wanted=10, more=False)


def _path(bench: Bench, store: str) -> Iterator[Aim]:
    ours, base = _rows(bench, store)
    rate = ours.figures["events/s"]
    times = rate / base.figures["events/s"]
    yield Aim(what="events a second, whole path", store=store, found=rate, wanted=1_200)
    yield Aim(what="times the SQLModel outbox", store=store, found=times, wanted=3)
    most = {"CPU ms/event": 1.0, "delay p50 ms": 5.0, "delay p99 ms": 20.0, "MB": 150.0}
    for name, wanted in most.items():
        yield Aim(
            what=f"{name}, whole path", store=store, found=ours.figures[name], wanted=wanted, more=False
        )


def _thin(bench: Bench, store: str) -> Iterator[Aim]:
    ours, base = _rows(bench, store)
    share = ours.figures["calls/s"] / base.figures["calls/s"] * 100
    yield Aim(what="% of the wire's calls a second, by hints", store=store, found=share, wanted=60)


def _stock(bench: Bench, store: str) -> Iterator[Aim]:
    ours, base = _rows(bench, store)
    for name, few in base.figures.items():
        share = ours.figures[name] / few * 100
        what = f"{name}, full store in % of the small one"
        yield Aim(what=what, store=store, found=share, wanted=110, more=False)


def _fairness(bench: Bench, store: str) -> Iterator[Aim]:
    ours, base = _rows(bench, store)
    later = ours.figures["p90 ms"] - base.figures["p90 ms"]
    what = "ms that a flood adds to a critical ticket, p90 (one answer of its desk: 50)"
    yield Aim(what=what, store=store, found=later, wanted=50, more=False)


def _worktime(bench: Bench, store: str) -> Iterator[Aim]:
    """The smallest ratio of all spans, and how flat the cost is in the span."""
    rows = {row.what: row.figures for row in bench.rows}
    times = {"businesstimedelta": 200, "pandas CustomBusinessHour": 50}
    for peer, wanted in times.items():
        least = min(rows[f"times {peer}"].values())
        yield Aim(what=f"times {peer}, at least", store=store, found=least, wanted=wanted)
    between = [rate for name, rate in rows["Interdesk, calls/s"].items() if name.startswith("between")]
    yield Aim(what="between/s, any span", store=store, found=min(between), wanted=1_000_000)
    share = 100 * between[0] / min(between)
    yield Aim(what="cost of the dearest span in % of 4 h", store=store, found=share, wanted=150, more=False)


def _clocks(bench: Bench, store: str) -> Iterator[Aim]:
    rows = {row.what: row.figures for row in bench.rows}
    found = rows["folded again"]["s for 1 M"]
    yield Aim(what="s to fold 1 M tickets again", store=store, found=found, wanted=60, more=False)
    share = 100 * max(rows["times the cost at 10"].values())
    what = "one more event, the longest history in % of the shortest"
    yield Aim(what=what, store=store, found=share, wanted=110, more=False)


def _compliance(bench: Bench, store: str) -> Iterator[Aim]:
    """In ms and against DuckDB over the same rows, for each question that only sums answer."""
    ours, base = _rows(bench, store)
    for what in list(ours.figures)[:2]:
        found = ours.figures[what]
        yield Aim(what=what, store=store, found=found, wanted=200, more=False)
        times = found / base.figures[what]
        yield Aim(
            what=f"{what.removesuffix(', ms')}, × DuckDB", store=store, found=times, wanted=2, more=False
        )


_RULES = {
    "accept": _accept,
    "path": _path,
    "thin": _thin,
    "stock": _stock,
    "fairness": _fairness,
    "worktime": _worktime,
    "clocks": _clocks,
    "compliance": _compliance,
}
