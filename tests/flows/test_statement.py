"""Statements of a month: what counts and what stands apart, closed months that stay as they were, and what comes too late."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway import export
from gateway.app import Gateway, utc_now
from gateway.domain.reports.document import Report, Table
from gateway.domain.worklog import Unit, Work, WorkKind, WorkLine, WorkState
from gateway.errors import Invalid, NotFound, Refused
from gateway.export import Manner
from gateway.flows import commands, statement, worklog
from gateway.flows.commands import Order
from gateway.flows.worklog import Way
from gateway.store import audit, worklogs
from gateway.store.scope import Scope
from gateway.store.worklogs import Closed
from tests.api import house
from tests.api.house import Chain

EITHER = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    wanted = getattr(request, "param", "sqlite")
    url = None if wanted == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        yield opened


SEPTEMBER, OCTOBER, NOVEMBER = (datetime(2024, month, 15, 9, tzinfo=UTC) for month in (9, 10, 11))
LATER = datetime(2024, 12, 2, 9, tzinfo=UTC)


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return accepted_chain(gateway)


def accepted_chain(gateway: Gateway) -> Chain:
    """North and south have been at this ticket since 2024."""
    found = house.open_chain(gateway)
    commands.accept(gateway.context, found.hops["south"], Order(actor="sam", now=utc_now()))
    with gateway.database.write() as db:
        db.exec_driver_sql(
            "UPDATE hop SET offered_at = 0, number = 'S-77' WHERE id = 'x' OR parent_id IS NOT NULL"
        )
    return found


def log(
    gateway: Gateway, chain: Chain, at: datetime = OCTOBER, *, late: bool = False, **more: Any
) -> WorkLine:
    plain: dict[str, Any] = {"kind": WorkKind.LABOUR, "amount": Decimal(90), "unit": Unit.MINUTES, "at": at}
    work = Work(**(plain | more))
    return worklog.log(
        gateway.context, chain.hops["south"], work, Order(actor="sam", now=LATER), Way(late=late)
    )


def decide(gateway: Gateway, line: WorkLine, state: WorkState = WorkState.ACCEPTED, reason: str = "") -> None:
    worklog.decide(gateway.context, line.id, state, Order(actor="nora", now=LATER, reason=reason))


def composed(gateway: Gateway, month: str = "2024-10", **more: Any) -> Report:
    return statement.compose(gateway.context, "north-south", month, now=LATER, **more)


def closed(gateway: Gateway, month: str = "2024-10", now: datetime = LATER) -> Report:
    return statement.close(gateway.context, "north-south", month, Order(actor="nora", now=now))


def table(made: Report, name: str) -> Table:
    return next(one for section in made.sections for one in section.tables if one.id == name)


def column(made: Report, name: str, key: str) -> list[Any]:
    found = table(made, name)
    place = [one.key for one in found.columns].index(key)
    return [row[place] for row in found.rows]


@EITHER
def test_what_is_accepted_counts_and_the_rest_stands_apart(gateway: Gateway, chain: Chain) -> None:
    eur: dict[str, Any] = {"price": Decimal("120.00"), "currency": "EUR"}
    accepted = [
        log(gateway, chain, **eur),
        log(gateway, chain, amount=Decimal(40), text="second visit"),
        log(
            gateway,
            chain,
            kind=WorkKind.TRAVEL,
            unit=Unit.KM,
            amount=Decimal("12.5"),
            price=Decimal(9),
            currency="CHF",
        ),
        log(
            gateway,
            chain,
            kind=WorkKind.PARTS,
            unit=Unit.PIECES,
            amount=Decimal(2),
            price=Decimal(30),
            currency="EUR",
        ),
    ]
    disputed, waiting = log(gateway, chain, amount=Decimal(600)), log(gateway, chain, amount=Decimal(15))
    log(gateway, chain, SEPTEMBER)
    for line in accepted:
        decide(gateway, line)
    decide(gateway, disputed, WorkState.DISPUTED, "agreed was one hour")

    made = composed(gateway)
    assert sorted(column(made, "agreed", "line")) == sorted(one.id for one in accepted)
    assert column(made, "disputed", "line") == [disputed.id]
    assert column(made, "disputed", "reason") == ["agreed was one hour"]
    assert column(made, "waiting", "line") == [waiting.id]
    kinds = table(made, "by_kind")
    assert [one.key for one in kinds.columns] == [
        "kind",
        "lines",
        "time",
        "hours",
        "km",
        "pieces",
        "money_chf",
        "money_eur",
    ]
    time = timedelta(minutes=130)
    assert kinds.rows == (
        ("labour", 2, time, Decimal("2.17"), None, None, None, Decimal("120.00")),
        ("travel", 1, None, None, Decimal("12.5"), None, Decimal("9.00"), None),
        ("parts", 1, None, None, None, Decimal(2), None, Decimal("30.00")),
    )
    assert kinds.totals == (
        "Total",
        4,
        time,
        Decimal("2.17"),
        Decimal("12.5"),
        Decimal(2),
        Decimal(9),
        Decimal("150.00"),
    )
    assert made.headlines[0] == (
        "Agreed: 4 lines, 2 h 10 min (2.17 h), 12.5 km, 2 pieces, 9.00 CHF, 150.00 EUR."
    )
    assert column(made, "by_ticket", "ticket_above") == ["T-1"]
    assert column(made, "by_ticket", "ticket_below") == ["S-77"]
    assert (made.version, made.warnings) == (0, ("This month is not closed: decisions still change it.",))


def test_lines_accepted_by_silence_are_marked(gateway: Gateway, chain: Chain) -> None:
    line = log(gateway, chain)
    with gateway.database.write() as db:
        db.exec_driver_sql("UPDATE work_line SET state = 'told', told_at = 1, review_until = 2")
    made = composed(gateway)
    assert (column(made, "agreed", "line"), column(made, "agreed", "state")) == ([line.id], ["review lapsed"])
    assert "Of these accepted by silence, as their review period lapsed: 1 line." in made.headlines


@EITHER
def test_a_closed_month_is_frozen_and_what_is_accepted_later_goes_into_the_next(
    gateway: Gateway, chain: Chain
) -> None:
    first, slow = log(gateway, chain, amount=Decimal(60)), log(gateway, chain, amount=Decimal(30))
    disputed = log(gateway, chain, amount=Decimal(45))
    decide(gateway, first)
    decide(gateway, disputed, WorkState.DISPUTED, "no")
    before = closed(gateway)
    assert (before.version, before.warnings, before.made_at) == (1, (), LATER)

    decide(gateway, slow)
    decide(gateway, disputed)
    own = log(gateway, chain, NOVEMBER)
    decide(gateway, own)
    after = statement.compose(gateway.context, "north-south", "2024-10", now=LATER + timedelta(days=9))
    assert written(after) == written(before), "to the byte"

    november = composed(gateway, "2024-11")
    belongs = dict(
        zip(column(november, "agreed", "line"), column(november, "agreed", "belongs_to"), strict=True)
    )
    assert belongs == {slow.id: "2024-10", disputed.id: "2024-10", own.id: ""}
    assert (
        "Of these accepted after the month they belong to was closed (2024-10): 2 lines."
        in november.headlines
    )
    assert composed(gateway, "2024-12").headlines == ("Agreed: 0 lines, nothing.",)
    closed(gateway, "2024-11", now=LATER)
    assert composed(gateway, "2024-12").headlines == ("Agreed: 0 lines, nothing.",)


def written(made: Report, form: str = "json", manner: Manner | None = None) -> bytes:
    stream = io.BytesIO()
    export.write(made, form, stream, manner)
    return stream.getvalue()


def test_a_line_for_a_closed_month_is_refused_or_logged_late(gateway: Gateway, chain: Chain) -> None:
    closed(gateway)
    with pytest.raises(
        Refused, match=r"2024-10 is closed for this link · its statement was agreed on 2024-12-02"
    ) as refused:
        log(gateway, chain)
    assert "--late logs it into the next statement" in refused.value.cure
    late = log(gateway, chain, late=True)
    decide(gateway, late)
    assert column(composed(gateway, "2024-11"), "agreed", "belongs_to") == ["2024-10"]
    assert column(composed(gateway), "agreed", "line") == []


def test_on_postgresql_nobody_decides_a_line_while_its_month_is_being_closed(
    migrated_postgres: str, tmp_path: Path
) -> None:
    with house.installed(tmp_path, url=migrated_postgres) as gateway:
        chain = accepted_chain(gateway)
        line = log(gateway, chain)
        told: list[str] = []

        def dispute() -> None:
            try:
                decide(gateway, line, WorkState.DISPUTED, "too late")
            except Refused as refused:
                told.append(refused.what)

        other = threading.Thread(target=dispute)
        decide(gateway, line)
        with gateway.database.write() as db:
            kept = worklogs.unbilled(db, Scope.operator(), line.link_id, until="2024-10", lock=True)
            other.start()
            other.join(0.5)
            assert other.is_alive(), "it waits for the month"
            when = Closed(
                id="wst_1", org_id=line.org_id, consumer=line.consumer, link_id=line.link_id, month="2024-10",
                closed_at=LATER, closed_by="nora", sha256="", document={"entries": []},
            )  # fmt: skip
            worklogs.close(db, when, [one.id for one in kept])
        other.join(20)
        assert told == ["the line stands in the closed statement of 2024-10"]


def test_a_line_in_a_closed_statement_cannot_be_disputed(gateway: Gateway, chain: Chain) -> None:
    line = log(gateway, chain)
    decide(gateway, line)
    closed(gateway)
    with pytest.raises(
        Refused, match=r"stands in the closed statement of 2024-10 · closed months are frozen"
    ):
        decide(gateway, line, WorkState.DISPUTED, "after all")


def test_erased_words_leave_the_figures(gateway: Gateway, chain: Chain) -> None:
    line = log(gateway, chain, text="Mr Rossi let us in", amount=Decimal(60))
    decide(gateway, line)
    before = closed(gateway)
    assert column(before, "agreed", "what") == ["Mr Rossi let us in"]
    with gateway.database.write() as db:
        kept = str(db.exec_driver_sql("SELECT document FROM work_statement").scalar_one())
        db.exec_driver_sql("DELETE FROM content WHERE text LIKE '%Rossi%'")
    assert "Rossi" not in kept
    after = composed(gateway)
    assert column(after, "agreed", "what") == ["(erased)"]
    assert after.headlines == before.headlines
    assert after.parameters["Fingerprint (SHA-256)"] == before.parameters["Fingerprint (SHA-256)"]


def test_a_month_is_closed_once_and_when_it_is_over(gateway: Gateway, chain: Chain) -> None:
    with pytest.raises(Refused, match=r"2024-12 is not over · it ends 2025-01-01T00:00\+00:00"):
        closed(gateway, "2024-12")
    closed(gateway)
    with pytest.raises(Refused, match="2024-10 is closed for this link already · by nora on 2024-12-02"):
        closed(gateway)
    with gateway.database.read() as db:
        [entry] = [one for one in audit.entries(db, Scope.operator()) if one["action"] == "statement closed"]
    assert (entry["actor"], entry["after"]["month"], entry["after"]["lines"]) == ("nora", "2024-10", 0)


def test_a_month_is_the_consumers(gateway: Gateway, chain: Chain) -> None:
    with gateway.database.write() as db:
        row = db.exec_driver_sql("SELECT id, document FROM organization WHERE code = 'north'").one()
        document = json.dumps({**json.loads(row[1]), "zone": "Asia/Tokyo"})
        db.exec_driver_sql("UPDATE organization SET document = ? WHERE id = ?", (document, row[0]))
        db.exec_driver_sql("UPDATE meta SET value = value + 1 WHERE key LIKE '%version%'")
    line = log(gateway, chain, datetime(2024, 9, 30, 16, tzinfo=UTC))
    assert line.month == "2024-10", "01:00 on 1 October in Tokyo"


@pytest.mark.parametrize("month", ["2024-13", "2024", "2024-Q4", "October", "2024-10-01..2024-10-31", ""])
def test_what_is_no_month_is_told(gateway: Gateway, chain: Chain, month: str) -> None:
    with pytest.raises(Invalid):
        composed(gateway, month)


def test_only_the_two_ends_of_a_link_have_its_statement(gateway: Gateway, chain: Chain) -> None:
    decide(gateway, log(gateway, chain))
    north, south = (worklog.party_of(gateway.context, code) for code in ("north", "south"))
    assert composed(gateway, party=north) == composed(gateway, party=south) == composed(gateway)
    for party in ("org_stranger",):
        with pytest.raises(NotFound, match="there is no link 'north-south'"):
            composed(gateway, party=party)
    with pytest.raises(NotFound, match="did you mean 'north-south'"):
        statement.compose(gateway.context, "north-suth", "2024-10", now=LATER)


@pytest.mark.parametrize("form", ["json", "csv", "xlsx", "html"])
def test_it_is_written_in_every_format(gateway: Gateway, chain: Chain, form: str) -> None:
    line = log(gateway, chain, text="=1+1", price=Decimal(12), currency="EUR")
    decide(gateway, line)
    made = composed(gateway)
    told = written(made, form)
    assert told == written(made, form)
    if form == "json":
        assert json.loads(told)["sections"][1]["tables"][0]["columns"][5] == {
            "key": "hours", "title": "Hours", "kind": "number", "unit": "h",
        }  # fmt: skip
    if form == "csv":
        text = written(made, form, Manner(table="agreed")).decode()
        [row] = [one for one in csv.DictReader(io.StringIO(text)) if one.get("line") == line.id]
        assert (row["hours"], row["money_eur"]) == ("1.50", "12.00")
        assert not row["what"].startswith("=")
