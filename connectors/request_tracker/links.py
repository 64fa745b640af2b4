"""Related tickets: RT's links "refers to" and "referred to by", in the ticket's own `_hyperlinks` and in its history.

What depends on what and what is part of what is how a desk plans its own work: not read. A link to a web page is no ticket.
Written is "refers to", and only ever added: a relation that people made, or took away again, is theirs.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from connectors.request_tracker.rest import Row
from connectors.request_tracker.words import parts_of
from gateway.domain.model import Command, Field
from gateway.errors import DeskRejected

ADD = "AddRefersTo"
CHANGES = ("AddLink", "DeleteLink")
"""The transactions that tell of a link; RT makes one on each of the two tickets."""
_SHOWN = frozenset({"refers-to", "referred-to-by"})
_KEPT = frozenset({"RefersTo", "ReferredToBy"})
_TICKET = re.compile(r"fsck\.com-rt://[^/]+/ticket/(\d+)")


def shown(row: Row) -> list[str] | None:
    """The numbers of the tickets that an RT ticket is related to; None where the answer tells no links at all."""
    if "_hyperlinks" not in row:
        return None
    found = row["_hyperlinks"]
    return sorted({str(one["id"]) for one in found if one["ref"] in _SHOWN and one.get("type") == "ticket"})


def is_ours_to_tell(row: Row) -> bool:
    """Whether a transaction tells of a relation."""
    return row.get("Type") in CHANGES and row.get("Field") in _KEPT


def number_in(address: str) -> str:
    """The number of the ticket at the other end of a link; nothing for a link to anything else."""
    found = _TICKET.fullmatch(address)
    return found[1] if found else ""


def additions(command: Command) -> Command:
    """The same command with those relations alone that the gateway did not see there yet. Raises DeskRejected for what is
    no number of a ticket."""
    if Field.RELATED not in command.fields:
        return command
    known = set(parts_of(command.was.get(Field.RELATED)))
    wanted = [one for one in parts_of(command.fields[Field.RELATED]) if one not in known]
    for one in wanted:
        if not (one.isascii() and one.isdecimal()):
            raise DeskRejected(f"{one[:40]!r} is no ticket of RT", why="its numbers are digits")
    was = {name: value for name, value in command.was.items() if name != Field.RELATED}
    return replace(command, fields={**command.fields, Field.RELATED.value: ", ".join(wanted)}, was=was)


def contains(shown: str | None, wanted: str | None) -> bool:
    """Whether every wanted relation is there; others may be too."""
    return set(parts_of(wanted)) <= set(parts_of(shown))


def lacking(shown: str | None, wanted: str | None) -> Sequence[str]:
    """The wanted ones that are not there."""
    return sorted(set(parts_of(wanted)) - set(parts_of(shown)))
