"""Wherever a name of somebody may stand, an erasure looks."""

import re

from gateway.store import schema, traces

NAMING = re.compile(
    r"_by$|^actor|^label$|name$|^contact$|^address$|^email$|author|person|requester|^agent$|^browser$"
)
HARMLESS = {
    ("account_reset", "asked_by"): "a hash",
    ("clock", "ended_by"): "the id of an event",
    ("desk_part", "actor_kind"): "a word of ours",
    ("event", "actor"): "the id of a person's row",
    ("event", "actor_kind"): "a word of ours",
    ("outcome_minutes", "name"): "the name of a measure",
    ("shared_part", "actor_kind"): "a word of ours",
    ("shared_part", "name"): "the uuid of a comment, or of what was changed",
    ("sharing_agreement", "deactivated_by"): "which side",
}


def test_every_column_that_may_name_somebody_is_looked_at() -> None:
    missing = {
        (str(table.name), column.key)
        for table in schema.every_table()
        for column in table.c
        if NAMING.search(column.key)
        and "CHAR" in str(column.type)
        and column.name not in traces.columns(table)
    }
    assert missing == HARMLESS.keys()
