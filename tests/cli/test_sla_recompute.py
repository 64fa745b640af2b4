"""Clocks counted again by command: against what was told, against an earlier moment, under other terms; each bad input with
what, why and what to do."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain import progress
from gateway.domain.case import Because
from gateway.domain.model import HopStatus, Reason
from gateway.flows import clockwork, sla
from gateway.flows.context import OPERATOR
from gateway.store import cases
from gateway.store.clocks import CLOCK
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run

CONTRACTS = """
calendars:
  - {code: always, organization: south, always: true}
  - {code: never-so-late, organization: south, weekly: {mon: ["00:00-00:01"]}}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {acceptance: {critical: 15m}, resolution: {critical: 4h}}
    stops: {requester_info: automatic}
  - code: south-new
    organization: south
    consumer: north
    kind: uc
    calendar: always
    draft: true
    targets: {acceptance: {critical: 15m}, resolution: {critical: 2h}}
  - code: north-inside
    organization: south
    consumer: south
    kind: ola
    calendar: always
    draft: true
    targets: {resolution: {critical: 2h}}
"""


@pytest.fixture
def chain(gateway: Gateway, tmp_path: Path, run: Run) -> Chain:
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    done = run("apply", str(file), "--yes")
    assert done.exit_code == 0, done.stderr
    return house.open_chain(gateway)


@pytest.fixture
def kept(gateway: Gateway, chain: Chain) -> Chain:
    """The same once its clocks were folded and kept."""
    assert clockwork.run(gateway.context, now=utc_now()) == 1
    return chain


def ask(gateway: Gateway, chain: Chain) -> None:
    """The downstream asks something: the clock stops."""
    with gateway.database.write() as db:
        case = cases.load(db, OPERATOR, [chain.ticket], gateway.context.occasion(db, utc_now()))[chain.ticket]
        hop = case.hops[chain.hops["south"]]
        progress.move(case, hop, HopStatus.PENDING, Reason.REQUESTER_INFO, Because())
        cases.save(db, [case])


def counted(run: Run, *words: str) -> tuple[int, dict[tuple[str, str], Any]]:
    """(exit code, (target, figure) → row)."""
    done = run("sla", "recompute", *words, "--diff", "--json")
    rows = [row for line in done.stdout.splitlines() for row in orjson.loads(line)["differences"]]
    return done.exit_code, {(row["clock"].rpartition("/")[2], row["figure"]): row for row in rows}


def test_what_is_kept_is_what_the_events_come_to(run: Run, kept: Chain) -> None:
    done = run("sla", "recompute", "--all")
    assert done.exit_code == 0
    assert "1 of 1 tickets agree" in done.stderr
    assert counted(run, kept.ticket) == (0, {})
    assert "agrees (told" in run("sla", "recompute", kept.ticket).stdout


def test_a_figure_that_somebody_changed_in_the_database_is_found(
    run: Run, gateway: Gateway, kept: Chain
) -> None:
    with gateway.database.write() as db:
        mine = CLOCK.c.target_kind == "resolution"
        db.execute(CLOCK.update().where(mine).values(target=timedelta(hours=40), state="met"))
    code, found = counted(run, "--all")
    assert code == 1
    assert found["resolution", "state"]["told"] == "met"
    assert found["resolution", "target"]["now"] == "4 h"
    assert found["resolution", "target"]["causes"] == ["no event: the same events come to this"]
    assert "2 figures differ" in run("sla", "recompute", kept.ticket).stdout


def test_news_that_is_not_told_yet_is_named(run: Run, gateway: Gateway, kept: Chain) -> None:
    ask(gateway, kept)
    code, found = counted(run, kept.ticket)
    assert code == 1
    [cause] = found["acceptance", "state"]["causes"]
    assert cause.startswith("evt_")
    assert found["acceptance", "state"]["now"] == "met"
    shown = run("sla", "recompute", kept.ticket, "--diff").stdout
    assert cause in shown
    assert "BECAUSE OF" in shown


def test_against_an_earlier_moment_each_figure_names_its_events(
    run: Run, gateway: Gateway, chain: Chain
) -> None:
    before = utc_now().isoformat()
    ask(gateway, chain)
    code, found = counted(run, chain.ticket, "--as-of", before)
    assert code == 1
    assert found["acceptance", "ended"]["told"] is None
    assert counted(run, chain.ticket, "--as-of", utc_now().isoformat()) == (0, {})


def test_under_another_agreement_or_calendar(run: Run, chain: Chain) -> None:
    code, found = counted(run, chain.ticket, "--under", "south-new")
    assert code == 1
    row = found["resolution", "target"]
    assert (row["told"], row["now"], row["causes"]) == ("4 h", "2 h", ["the other terms"])
    assert ("acceptance", "target") not in found
    code, found = counted(run, chain.ticket, "--under", "/never-so-late")
    assert code == 1
    assert "due" in {figure for _, figure in found}
    assert counted(run, chain.ticket, "--under", "south-uc") == (0, {})


def test_under_a_sheet_and_a_calendar(run: Run, gateway: Gateway, chain: Chain) -> None:
    [bound] = sla.read(gateway.context, chain.ticket, now=utc_now()).bound.values()
    assert bound.sheet.startswith("sht_")
    assert counted(run, chain.ticket, "--under", bound.sheet) == (0, {})
    code, found = counted(run, "--all", "--under", f"{bound.sheet}/never-so-late")
    assert (code, found["acceptance", "due"]["causes"]) == (1, ["the other terms"])


def test_before_anything_was_told_there_is_nothing_to_compare(run: Run, chain: Chain) -> None:
    assert "nothing was told yet" in run("sla", "recompute", chain.ticket).stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 3, "which tickets? · name them, or say --all"),
        (("{ticket}", "--all"), 3, "which tickets?"),
        (("tkt_none",), 2, "there is no ticket tkt_none"),
        (("{ticket}", "--as-of", "2026-01-01T00:00:00"), 3, "has no offset"),
        (("{ticket}", "--as-of", "soon"), 3, "is no moment"),
        (("{ticket}", "--as-of", "2199-01-01T00:00:00Z"), 5, "has not come yet · name an earlier moment"),
        (("{ticket}", "--as-of", "2026-01-01T00:00:00Z", "--under", "south-uc"), 3, "two different things"),
        (("{ticket}", "--under", "south-ux"), 2, "there is no agreement or sheet 'south-ux' · did you mean"),
        (("{ticket}", "--under", "/allways"), 2, "there is no calendar 'allways' · did you mean 'always'?"),
        (("{ticket}", "--under", "north-inside"), 5, "north-inside says nothing about"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(
    run: Run, chain: Chain, words: tuple[str, ...], code: int, told: str
) -> None:
    done = run("sla", "recompute", *(word.format(ticket=chain.ticket) for word in words))
    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
