"""(d) CPU per event with few and with very many tickets already stored: it must not grow.

The stock is made of real tickets that went through the gateway, copied inside the database under new ids."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, MetaData, Table, text

from gateway.app import Gateway
from gateway.cli.serve import settle_in
from tests.bench.figures import Bench, Row
from tests.bench.house import STORES, Plan, installed, store_of
from tests.bench.length import Length
from tests.bench.path import Outside
from tests.bench.rounds import Rounds
from tests.bench.traffic import MIX, NEW

PATTERN = 1_000
TURNS, EACH = 30, 50
AT_ONCE = 20
COPIED = ("ticket", "hop", "event", "content", "delivery", "attempt", "message")
_NAMED = frozenset(
    {"id", "ticket_id", "hop_id", "parent_id", "origin_hop_id", "content_id", "delivery_id", "event_id", "remote_id", "marker"}
)  # fmt: skip
_TIDY = {True: ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"), False: ("VACUUM ANALYZE", "CHECKPOINT")}
"""On SQLite, else: nothing of the copying is left to be done while an event is measured."""
NOTE = (
    "CPU of the gateway's flows for one event (new tickets, comments, status changes, 50 messages at a time), without sockets; "
    "the PostgreSQL server's CPU beside it. The first row of each store is the baseline: it must not grow by more than a tenth."
)


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="stock", title="Cost of an event with few and with many tickets stored", note=NOTE)
    for name in STORES:
        with store_of(name) as store, installed(store, Plan(url="http://127.0.0.1:9")) as house:
            settle_in()
            rounds = Rounds(gateway=house, outside=Outside(turns=NEW))
            while len(rounds.outside.traffic.delivered) < PATTERN:
                rounds.turn(EACH)
            rounds.outside.traffic.turns = MIX
            for tickets in (length.few, length.many):
                fill(house, tickets)
                before = store.cpu()
                own = _cost(rounds)
                server = (store.cpu() - before) / (TURNS * EACH)
                figures = {"CPU us/event": own * 1e6} | (
                    {"server CPU us": server * 1e6} if store.server_pid else {}
                )
                row = Row(
                    what=f"{tickets:,} tickets stored",
                    store=name,
                    figures=figures,
                    baseline=tickets == length.few,
                )
                bench.rows.append(row)
    return bench


def _cost(rounds: Rounds) -> float:
    """CPU seconds of one event: the least of three series, for everything else on the machine only adds."""
    for _ in range(TURNS // 3):
        rounds.turn(EACH)
    found = []
    for _ in range(3):
        rounds.cpu, rounds.settled = 0.0, 0
        for _ in range(TURNS // 3):
            rounds.turn(EACH)
        found.append(rounds.cpu / rounds.settled)
    return min(found)


def fill(house: Gateway, tickets: int) -> None:
    """Copy what went through the gateway first, until so many tickets are stored."""
    tables = _patterns(house)
    with house.database.read() as db:
        stored, pattern = _count(db, "ticket"), _count(db, "bench_ticket")

    def copied(begun: int) -> None:
        copies = min(AT_ONCE, -(-(tickets - begun) // pattern))
        stamps = [f"{begun + number:08d}" for number in range(copies)]
        with house.database.write(slow=True) as db:
            for table in tables:
                db.exec_driver_sql(_copying(table, stamps))

    with ThreadPoolExecutor(max_workers=2) as both:
        list(both.map(copied, range(stored, tickets, pattern * AT_ONCE)))
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        plain: Any = db.connection.driver_connection  # outside of the transaction that SQLAlchemy would begin
        for statement in _TIDY[house.database.is_sqlite]:
            plain.execute(statement)


def _patterns(house: Gateway) -> list[Table]:
    """The tables to copy; their first rows are kept apart under `bench_…` when this is first asked."""
    metadata = MetaData()
    metadata.reflect(house.database.engine, only=COPIED)
    with house.database.write() as db:
        for name in COPIED:
            db.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS bench_{name} AS SELECT * FROM {name}")
    return [metadata.tables[name] for name in COPIED]


def _copying(table: Table, stamps: list[str]) -> str:
    """One statement that copies the pattern once for each stamp, in the order of the new ids."""
    columns = [column.name for column in table.columns if column.name != "seq" or table.name == "delivery"]
    told = [f"{_renamed(name)} AS {name}" if name in _NAMED else name for name in columns]
    listed = " UNION ALL ".join(f"SELECT '{stamp}' AS stamp" for stamp in stamps)
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(told)} "
        f"FROM ({listed}) AS stamps CROSS JOIN bench_{table.name} ORDER BY stamp"
    )


def _renamed(name: str) -> str:
    """The stamp stands behind the prefix, so that new ids follow one another as real ones do."""
    return f"substr({name}, 1, 4) || stamp || substr({name}, 5)"


def _count(db: Connection, name: str) -> int:
    return int(db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
