"""Alembic's environment: works on the connection it is given, inside that connection's transaction; never offline."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from gateway.store.columns import Document, Length, Moment
from gateway.store.migrate import is_ours


def _plain_types(kind: str, thing: Any, _autogenerate: Any) -> str | Literal[False]:
    """A revision names plain column types, so that it stays true when our own types change."""
    if kind != "type":
        return False
    names = {
        Moment: "sa.BigInteger()",
        Length: "sa.BigInteger()",
        Document: "sa.Text()",
        AutoString: "sa.String()",
    }
    return names.get(type(thing), False)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_object=is_ours,
    render_item=_plain_types,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
    transactional_ddl=True,  # both databases roll a failed migration back
    compare_type=True,
)

with context.begin_transaction():
    context.run_migrations()
