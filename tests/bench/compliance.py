"""Reports of a year over very many finished clocks: from the sums that are kept, beside DuckDB over Parquet with the same rows.

The rows are made by arithmetic that all three databases do alike, straight into the tables."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from gateway.domain.reports.outcome import Coverage, Verdict
from gateway.domain.reports.period import period_from
from gateway.domain.reports.query import Query
from gateway.domain.reports.rollup import DAY_KEY, MONTH_KEY, SITE_KEY, SUMS, YEAR_KEY, By, Rolled
from gateway.store import migrate, outcomes, rollups
from gateway.store.db import Database, Db
from gateway.store.scope import Scope
from tests.bench.figures import Bench, Row
from tests.bench.house import STORES, store_of
from tests.bench.length import Length

CUSTOMERS, TURNS, DUCKS = 200, 7, 2
OPERATOR = Scope.operator()
YEAR = Query(period=period_from("2025"))
CUSTOMER = "org_007"
WHOLE, ONE, LATE = "year by customer × priority, ms", "one customer's year, ms", "its breaches of a month, ms"
NOTE = (
    f"Clocks of a year, {CUSTOMERS} customers, 4 priorities, 5 services, 50 sites, 2 targets. Share met, count and mean for each "
    "customer and priority; then all that one customer's report of the year counts (target, priority, service, site, partner, "
    "13 months, minutes by party); then the rows of its breaches in one month. Ours are read from the sums kept as clocks end, "
    "the breaches from rows by index; DuckDB scans the same rows in Parquet with two threads. Medians, nothing cold."
)
Answers = tuple[dict[tuple[str, ...], tuple[int, int, int]], int, int]
"""What the three questions came to."""
_BY = ([By.TARGET_KIND], [By.PRIORITY], [By.SERVICE], [By.SITE], [By.PROVIDER], [By.MONTH])
_SUMMED = {
    "outcome_day": DAY_KEY,
    "outcome_month": MONTH_KEY,
    "outcome_year": YEAR_KEY,
    "outcome_site": SITE_KEY,
}
_HASH = "n * 2654435761 % 4294967296"
_FACTS = """
  'org_' || {pad3} AS customer, {day} AS day,
  CASE WHEN h % 1019 % 2 = 0 THEN 'response' ELSE 'resolution' END AS target_kind,
  CASE h % 1009 % 4 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END AS priority,
  'service_' || (h % 1013 % 5) AS service, 'site_' || (h % 1021 % 50) AS site,
  CASE WHEN h % 10007 % 100 < 94 THEN 'met' WHEN h % 10007 % 100 < 99 THEN 'breached' ELSE 'excluded' END AS verdict,
  CASE WHEN h % 10007 % 100 < 94 THEN h % 14400 * 1000000 ELSE 14400000001 + h % 7200 * 1000000 END AS elapsed,
  1735689600000000 + h % 100003 % 365 * 86400000000 + h % 86400 * 1000000 AS at
"""
_DIALECTS = {
    "sqlite": {
        "numbers": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
        "source": "numbers",
        "pad3": "printf('%03d', h % 200)",
        "pad9": "printf('%09d', n)",
        "day": "date('2025-01-01', '+' || (h % 100003 % 365) || ' days')",
    },
    "postgresql": {
        "numbers": "",
        "source": "generate_series(0::bigint, {last}) AS numbers(n)",
        "pad3": "lpad((h % 200)::text, 3, '0')",
        "pad9": "lpad(n::text, 9, '0')",
        "day": "(DATE '2025-01-01' + (h % 100003 % 365)::int)::text",
    },
    "duckdb": {
        "numbers": "",
        "source": "range({last} + 1) AS numbers(n)",
        "pad3": "lpad((h % 200)::text, 3, '0')",
        "pad9": "''",
        "day": "strftime(DATE '2025-01-01' + (h % 100003 % 365)::int, '%Y-%m-%d')",
    },
}
_ROWS = """
{numbers} SELECT {pad9} AS number, {facts} FROM (SELECT n, {hash} AS h FROM {source}) AS hashed
"""
_ADDED = """
INSERT INTO outcome (id, org_id, ticket_id, hop_id, number, customer, provider, consumer, agreement, agreement_kind, sheet,
  target_kind, place, key, priority, service, site, asset, opened_at, started_at, due_at, ended_at, breached_at, counted_at,
  counted_on, verdict, provisional, unmeasured, target, elapsed, net_elapsed, stopped_time, coverage, time, stopped, parts)
SELECT 'out_' || number, 'org_vendor', 'tkt_' || number, 'hop_' || number, 'INC-' || number, customer, 'org_vendor', customer,
  'gold', 'sla', 'sht_1', target_kind, 1, 'gold/hop_' || number, priority, service, site, '', at - elapsed, at - elapsed, at,
  at, CASE WHEN verdict = 'met' THEN NULL ELSE at END, at, day, verdict, {no}, {no}, 14400000000, elapsed, elapsed, 0,
  'history', '{{"org_vendor":' || elapsed || '}}', '{{}}', '{{}}'
FROM ({rows}) AS made
"""


def _rows(dialect: str, clocks: int) -> str:
    words = {name: text.format(last=clocks - 1) for name, text in _DIALECTS[dialect].items()}
    return _ROWS.format(hash=_HASH, facts=_FACTS.format(**words), **words)


# -- ours ------------------------------------------------------------------------------------------------------------------


def fill(database: Database, clocks: int) -> None:
    """So many finished clocks, their sums, and nothing left to be tidied while something is measured."""
    dialect = "sqlite" if database.is_sqlite else "postgresql"
    no = "0" if database.is_sqlite else "false"
    with database.write(slow=True) as db:
        db.exec_driver_sql(_ADDED.format(no=no, rows=_rows(dialect, clocks)).replace("%", _percent(db)))
        for table, key in _SUMMED.items():
            db.exec_driver_sql(_summing(table, key))
        db.exec_driver_sql(
            "INSERT INTO outcome_minutes (customer, day, target_kind, agreement, provider, measure, name, org_id, amount)"
            " SELECT customer, counted_on, target_kind, agreement, provider, 'time', 'org_vendor', org_id, sum(elapsed)"
            " FROM outcome GROUP BY customer, counted_on, target_kind, agreement, provider, org_id"
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        plain: Any = db.connection.driver_connection
        plain.execute("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")


def _percent(db: Db) -> str:
    """The driver of PostgreSQL wants it doubled where there might be parameters; without any it takes it as it is."""
    return "%" if db.dialect.paramstyle != "pyformat" else "%%"


def _summing(table: str, key: Sequence[str]) -> str:
    named = {"day": "counted_on", "month": "substr(counted_on, 1, 7)", "year": "substr(counted_on, 1, 4)"}
    told = [named.get(name, name) for name in key]
    of = {verdict.value: f"verdict = '{verdict.value}'" for verdict in Verdict}
    of |= {coverage.value: f"coverage = '{coverage.value}'" for coverage in Coverage}
    counts = {name: f"sum(CASE WHEN {rule} THEN 1 ELSE 0 END)" for name, rule in of.items()}
    counts |= {
        "provisional": "0",
        "unmeasured": "0",
        "elapsed": "sum(elapsed)",
        "stopped": "sum(stopped_time)",
    }
    counts["overrun"] = "sum(CASE WHEN elapsed > target THEN elapsed - target ELSE 0 END)"
    return (
        f"INSERT INTO {table} ({', '.join((*key, *SUMS))}) SELECT {', '.join((*told, *(counts[name] for name in SUMS)))}"
        f" FROM outcome GROUP BY {', '.join(told)}"
    )


def whole(db: Db) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """(customer, priority) → met, counted, microseconds."""
    found = rollups.rolled(db, OPERATOR, YEAR, [By.CUSTOMER, By.PRIORITY])
    return {one.place: _told(one) for one in found}


def _told(one: Rolled) -> tuple[int, int, int]:
    return one.met, one.counted, one.elapsed // timedelta(microseconds=1)


def one_customer(db: Db) -> int:
    """All the sums that a customer's report of the year tells; how many."""
    query = Query(customer=CUSTOMER, period=YEAR.period)
    return sum(len(rollups.rolled(db, OPERATOR, query, by)) for by in _BY) + len(
        rollups.minutes(db, OPERATOR, query)
    )


def late(db: Db) -> int:
    """The breaches of a customer's month; how many."""
    verdicts = {Verdict.BREACHED, Verdict.EXCLUDED}
    query = Query(customer=CUSTOMER, period=period_from("2025-06"), verdicts=verdicts)
    return len(outcomes.select_outcomes(db, OPERATOR, query))


def ours(store: str, url: str, clocks: int) -> tuple[Row, Answers]:
    """Our figures and answers, in an empty database."""
    database = Database(url)
    try:
        migrate.upgrade(database)
        fill(database, clocks)
        with database.read() as db:
            answers = whole(db), one_customer(db), late(db)
            figures = {
                WHOLE: _ms(lambda: whole(db)),
                ONE: _ms(lambda: one_customer(db)),
                LATE: _ms(lambda: late(db)),
            }
    finally:
        database.close()
    return Row(what="kept sums", store=store, figures=figures), answers


# -- the peer --------------------------------------------------------------------------------------------------------------


def peers(folder: Path, clocks: int) -> tuple[Row, Answers]:
    """The same questions over the same rows."""
    db = duckdb.connect(config={"threads": DUCKS})
    file = folder / "clocks.parquet"
    db.execute(f"COPY ({_rows('duckdb', clocks)}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    db.execute(
        f"CREATE VIEW clocks AS SELECT *, substr(day, 1, 7) AS month, 'org_vendor' AS provider FROM '{file}'"
    )
    counted = "count(*) FILTER (verdict = 'met'), count(*), sum(elapsed), avg(elapsed)"
    mine = f"FROM clocks WHERE customer = '{CUSTOMER}'"

    def whole_year() -> dict[tuple[str, ...], tuple[int, int, int]]:
        found = db.execute(f"SELECT customer, priority, {counted} FROM clocks GROUP BY ALL").fetchall()
        return {(row[0], row[1]): (row[2], row[3], int(row[4])) for row in found}

    def customer_year() -> int:
        each = [f"SELECT {by[0].value}, {counted} {mine} GROUP BY ALL" for by in _BY]
        return sum(len(db.execute(one).fetchall()) for one in [*each, f"SELECT sum(elapsed) {mine}"])

    def breaches() -> int:
        return len(db.execute(f"SELECT * {mine} AND month = '2025-06' AND verdict <> 'met'").fetchall())

    answers = whole_year(), customer_year(), breaches()
    figures = {WHOLE: _ms(whole_year), ONE: _ms(customer_year), LATE: _ms(breaches)}
    return Row(what="DuckDB over Parquet", figures=figures, baseline=True), answers


def _ms(ask: Callable[[], object]) -> float:
    found = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        ask()
        found.append(time.perf_counter() - begun)
    return statistics.median(found) * 1000


def run(length: Length) -> Bench:
    """All rows. Raises ValueError if the three do not come to the same."""
    title = f"A year's report over {length.clocks:,} finished clocks"
    bench = Bench(name="compliance", title=title, note=NOTE)
    with store_of(STORES[0]) as store:
        peer, wanted = peers(store.folder, length.clocks)
    for name in STORES:
        with store_of(name) as store:
            row, found = ours(name, store.url, length.clocks)
        if found != wanted:
            raise ValueError(f"{name} and DuckDB do not come to the same")
        bench.rows.append(row)
    bench.rows.append(peer)
    return bench
