"""The whole schema: importing this module imports every table."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from gateway.store import (
    account_tables,
    agent_tables,
    agreement_tables,
    api_tables,
    audit_tables,
    clock_tables,
    closing_tables,
    erasure_tables,
    import_tables,
    in_house_tables,
    linking_tables,
    mapping_tables,
    oauth_tables,
    outcome_tables,
    portal_tables,
    publication_tables,
    reconcile_tables,
    share_tables,
    tables,
    ticket_sharing_tables,
    tmf_tables,
    total_tables,
    webhook_tables,
    work_tables,
    worklog_tables,
)

METADATA = SQLModel.metadata
"""All tables, for migrations to compare with and for tests to create at once."""

MODULES = (
    tables,
    agent_tables,
    work_tables,
    clock_tables,
    share_tables,
    outcome_tables,
    agreement_tables,
    worklog_tables,
    import_tables,
    in_house_tables,
    publication_tables,
    reconcile_tables,
    closing_tables,
    linking_tables,
    portal_tables,
    mapping_tables,
    oauth_tables,
    account_tables,
    audit_tables,
    webhook_tables,
    tmf_tables,
    api_tables,
    ticket_sharing_tables,
    erasure_tables,
    total_tables,
)


def every_table() -> list[Table]:
    """Every table of ours; what somebody else declared on SQLModel is not among them."""
    rows = (
        thing
        for module in MODULES
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, SQLModel) and hasattr(thing, "__table__")
    )
    return list({row.__table__.name: row.__table__ for row in rows}.values())
