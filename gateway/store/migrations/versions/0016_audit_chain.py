"""The audit's lines in a chain for each organization, those that are there already among them; triggers that refuse to change or
delete one; signed heads."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_LINE = ("seq", "org_id", "at", "actor", "action", "subject", "before", "after")
_REFUSED = "the audit is only ever added to"


def upgrade() -> None:
    """To this revision."""
    op.add_column("audit", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("previous", sa.String(), nullable=True))
    op.add_column("audit", sa.Column("digest", sa.String(), nullable=True))
    _chain(op.get_bind())
    op.create_index("audit_chain", "audit", ["org_id", "number"], unique=True)
    there = sa.text("number IS NULL")
    op.create_index("audit_unsealed", "audit", ["seq"], sqlite_where=there, postgresql_where=there)
    op.create_table(
        "audit_anchor",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("day", "org_id")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.get_bind().exec_driver_sql(statement)


def _chain(db: sa.Connection) -> None:
    """In the words of format 1, as they stood when this was written."""
    heads: dict[str, tuple[int, str]] = {}
    for row in db.execute(sa.text(f"SELECT {', '.join(_LINE)} FROM audit ORDER BY seq")).mappings().all():  # noqa: S608
        number, previous = heads.get(row["org_id"], (0, "0" * 64))
        told = {name: row[name] for name in _LINE[:6]}
        told |= {name: None if row[name] is None else json.loads(row[name]) for name in _LINE[6:]}
        text = json.dumps(
            {"format": 1, "number": number + 1, **told},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        digest = hashlib.sha256(f"{previous}\n{text}".encode(errors="surrogatepass")).hexdigest()
        heads[row["org_id"]] = number + 1, digest
        sealed = {"number": number + 1, "previous": previous, "digest": digest, "seq": row["seq"]}
        db.execute(
            sa.text(
                "UPDATE audit SET number = :number, previous = :previous, digest = :digest WHERE seq = :seq"
            ),
            sealed,
        )


def _is_no_sealing(same: str) -> str:
    """Of one row: whether an UPDATE does anything but give an unsealed line its place."""
    kept = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in _LINE)
    return f"NOT (OLD.number IS NULL AND NEW.number IS NOT NULL AND {kept})"


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    return [
        f"CREATE TRIGGER audit_kept BEFORE UPDATE ON audit WHEN {_is_no_sealing('IS')} {refuse}",
        f"CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit {refuse}",
        f"CREATE TRIGGER audit_comes_unsealed BEFORE INSERT ON audit WHEN NEW.number IS NOT NULL {refuse}",
        f"CREATE TRIGGER audit_anchor_kept BEFORE UPDATE ON audit_anchor {refuse}",
        f"CREATE TRIGGER audit_anchor_not_deleted BEFORE DELETE ON audit_anchor {refuse}",
    ]


def _postgresql() -> list[str]:
    same, call, sealed = "IS NOT DISTINCT FROM", "EXECUTE FUNCTION audit_refuses()", "NEW.number IS NOT NULL"
    body = f"BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'restrict_violation'; END"
    return [
        f"CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER audit_kept BEFORE UPDATE ON audit FOR EACH ROW WHEN ({_is_no_sealing(same)}) {call}",
        f"CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit FOR EACH ROW {call}",
        f"CREATE TRIGGER audit_comes_unsealed BEFORE INSERT ON audit FOR EACH ROW WHEN ({sealed}) {call}",
        f"CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit {call}",
        f"CREATE TRIGGER audit_anchor_kept BEFORE UPDATE OR DELETE ON audit_anchor FOR EACH ROW {call}",
        f"CREATE TRIGGER audit_anchor_not_emptied BEFORE TRUNCATE ON audit_anchor {call}",
    ]
