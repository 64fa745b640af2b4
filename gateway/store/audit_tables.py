"""The table of signed heads of the audit's chains; the lines themselves are in `tables`."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from gateway.store import fields


class AuditAnchorRow(SQLModel, table=True):
    """The heads of all chains at the end of a day, signed; the operator's."""

    __tablename__ = "audit_anchor"
    day: str = Field(primary_key=True)
    org_id: str
    at: datetime = fields.moment(nullable=False)
    document: str = fields.words()
    signature: str
