"""The table of daily totals of links."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from gateway.store import fields


class ControlTotalRow(SQLModel, table=True):
    """What passed over a link on a day, as it was last counted; `org_id` is the link's upstream, both ends may read it. `id` is the
    link's with the day."""

    __tablename__ = "control_total"
    id: str = Field(primary_key=True)
    org_id: str
    link_id: str
    day: str
    document: Any = fields.document()
    differs: bool
    counted_at: datetime = fields.moment(nullable=False)
    restated: int = 0
