"""The witness can accuse: each claim that should not be possible is written down as what it was. (That it understands the
product's tables is seen in test_cluster.)"""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from tests.cluster.witness import Witness
from tests.postgres import PostgresServer

pytestmark = pytest.mark.pg

TABLES = """
CREATE TABLE delivery (id text PRIMARY KEY, state text, kind text, error text, fence int, worker text, lease_until bigint);
CREATE TABLE look (id text PRIMARY KEY, fence int, lease_until bigint);
CREATE TABLE message (id text, state text, error text);
CREATE TABLE desk (code text, held text);
INSERT INTO look VALUES ('look', 1, NULL);
"""
LATER = "(extract(epoch FROM clock_timestamp()) * 1000000 + 60000000)::bigint"
LONG_AGO = "1"


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database("witness") as address:
        _run(address, TABLES)
        Witness(address).post()
        yield address


def _run(url: str, statements: str) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(statements.encode())


@pytest.mark.parametrize(
    ("state", "lease", "fence", "told"),
    [
        ("pending", "NULL", 2, ""),
        ("ambiguous", LONG_AGO, 2, ""),
        ("pending", LATER, 2, "the lease of first ran"),
        ("inflight", LONG_AGO, 2, "it was inflight"),
        ("done", "NULL", 2, "it was done"),
        ("pending", "NULL", 3, "its fence jumped"),
    ],
    ids=["well", "asked about", "leased", "in flight", "done", "fence"],
)
def test_a_claim_is_judged(url: str, state: str, lease: str, fence: int, told: str) -> None:
    _run(
        url,
        f"""TRUNCATE delivery, witness_claim;
        INSERT INTO delivery VALUES ('one', '{state}', 'comment', '', 1, 'first', {lease});
        UPDATE delivery SET fence = {fence}, worker = 'second', state = 'inflight', lease_until = {LATER};""",
    )
    witness = Witness(url)
    accused = f"delivery one under fence {fence} by second: {told}"
    assert witness.wrong() == ([accused] if told else [])
    claims = witness.claims()
    assert (claims.deliveries, claims.workers, claims.again) == (1, 1, 1)


def test_a_look_is_judged_too(url: str) -> None:
    _run(
        url,
        f"""TRUNCATE witness_claim;
        UPDATE look SET fence = 2, lease_until = {LATER};
        UPDATE look SET fence = 3;""",
    )
    assert Witness(url).wrong() == ["look look under fence 3 by : a lease ran"]


def test_what_is_unfinished_is_named(url: str) -> None:
    _run(
        url,
        """TRUNCATE delivery;
        INSERT INTO delivery VALUES ('d1', 'parked', 'comment', 'no', 1, '', NULL), ('d2', 'done', 'comment', '', 1, '', NULL);
        INSERT INTO message VALUES ('m1', 'received', ''), ('m2', 'processed', '');
        INSERT INTO desk VALUES ('vend', 'credentials'), ('part', '');""",
    )
    assert sorted(Witness(url).open()) == [
        "delivery parked comment d1 no",
        "desk held vend credentials",
        "message received m1 ",
    ]
