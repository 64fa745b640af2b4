"""An independent witness in the database: triggers write down every claim as it happens and judge it by the database's own
clock. The product knows nothing of them."""

from dataclasses import dataclass

import psycopg
from sqlalchemy import make_url

_SETUP = """
CREATE TABLE witness_claim (
    seq bigserial PRIMARY KEY, what text NOT NULL, id text NOT NULL, fence int NOT NULL, worker text NOT NULL,
    wrong text NOT NULL
);
CREATE UNIQUE INDEX witness_fence ON witness_claim (what, id, fence);

CREATE FUNCTION witness_now() RETURNS bigint LANGUAGE sql AS
    $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

CREATE FUNCTION witness_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness_claim (what, id, fence, worker, wrong) VALUES (
        'delivery', NEW.id, NEW.fence, NEW.worker,
        CASE WHEN NEW.fence <> OLD.fence + 1 THEN 'its fence jumped'
             WHEN OLD.state NOT IN ('pending', 'ambiguous') THEN 'it was ' || OLD.state
             WHEN OLD.lease_until > witness_now() THEN 'the lease of ' || OLD.worker || ' ran' ELSE '' END);
    RETURN NEW;
END $$;
CREATE TRIGGER witness BEFORE UPDATE OF fence ON delivery
    FOR EACH ROW WHEN (NEW.fence IS DISTINCT FROM OLD.fence) EXECUTE FUNCTION witness_delivery();

CREATE FUNCTION witness_look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness_claim (what, id, fence, worker, wrong) VALUES (
        'look', NEW.id, NEW.fence, '',
        CASE WHEN NEW.fence <> OLD.fence + 1 THEN 'its fence jumped'
             WHEN OLD.lease_until > witness_now() THEN 'a lease ran' ELSE '' END);
    RETURN NEW;
END $$;
CREATE TRIGGER witness BEFORE UPDATE OF fence ON look
    FOR EACH ROW WHEN (NEW.fence IS DISTINCT FROM OLD.fence) EXECUTE FUNCTION witness_look();
"""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """How many claims were seen, by how many workers, how many of deliveries that somebody had claimed before."""

    deliveries: int
    looks: int
    workers: int
    again: int


class Witness:
    """Looks into the database of `url` over connections of its own."""

    def __init__(self, url: str) -> None:
        self._address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def post(self) -> None:
        """Begin to watch; the tables must stand."""
        self._run(_SETUP)

    def _run(self, statements: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as db:
            db.execute(statements.encode())

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of one query."""
        with psycopg.connect(self._address, autocommit=True) as db:
            return db.execute(question.encode(), values).fetchall()

    def in_hand(self, pid: int) -> dict[str, int]:
        """Deliveries that this process has claimed and not settled: id → fence."""
        rows = self.ask(
            "SELECT id, fence FROM delivery WHERE state = 'inflight' AND worker LIKE %s", f"%-{pid}-%"
        )
        return {str(row[0]): int(str(row[1])) for row in rows}

    def fences(self, deliveries: set[str]) -> dict[str, tuple[int, str]]:
        """Delivery id → (fence, state) as they are now."""
        rows = self.ask("SELECT id, fence, state FROM delivery WHERE id = ANY(%s)", sorted(deliveries))
        return {str(row[0]): (int(str(row[1])), str(row[2])) for row in rows}

    def late(self, deliveries: set[str]) -> int:
        """Tries that were written down after somebody else had taken the delivery."""
        question = "SELECT count(*) FROM attempt WHERE outcome LIKE 'late: %%' AND delivery_id = ANY(%s)"
        return int(str(self.ask(question, sorted(deliveries))[0][0]))

    def all_late(self) -> int:
        """All such tries."""
        return int(str(self.ask("SELECT count(*) FROM attempt WHERE outcome LIKE 'late: %%'")[0][0]))

    def wrong(self) -> list[str]:
        """Claims that should not have been possible."""
        rows = self.ask("SELECT what, id, fence, worker, wrong FROM witness_claim WHERE wrong <> ''")
        return [f"{row[0]} {row[1]} under fence {row[2]} by {row[3]}: {row[4]}" for row in rows]

    def claims(self) -> Claims:
        """What was seen in all."""
        [row] = self.ask(
            "SELECT count(*) FILTER (WHERE what = 'delivery'), count(*) FILTER (WHERE what = 'look'),"
            " count(DISTINCT worker) FILTER (WHERE what = 'delivery'),"
            " count(*) FILTER (WHERE what = 'delivery' AND fence > 1) FROM witness_claim"
        )
        numbers = [int(str(value)) for value in row]
        return Claims(deliveries=numbers[0], looks=numbers[1], workers=numbers[2], again=numbers[3])

    def open(self) -> list[str]:
        """Everything that is not finished. (Looks are never finished: open tickets are looked at on schedule.)"""
        rows = self.ask("""
            SELECT 'delivery ' || state || ' ' || kind, id, error FROM delivery
             WHERE state NOT IN ('done', 'superseded', 'cancelled')
            UNION ALL SELECT 'message ' || state, id, error FROM message WHERE state NOT IN ('processed', 'superseded')
            UNION ALL SELECT 'desk held', code, held FROM desk WHERE held <> ''
        """)
        return _lines(rows)

    def lines(self, question: str) -> list[str]:
        """The rows of a query, each as one line."""
        return _lines(self.ask(question))


def _lines(rows: list[tuple[object, ...]]) -> list[str]:
    return [" ".join(str(part) for part in row) for row in rows]
