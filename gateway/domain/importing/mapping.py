"""What the columns and words of a desk's event log mean, as its mapping says (schemas/import_mapping)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.domain.model import HopStatus

_QUEUED, _UNCHANGED = "queued", "unchanged"
_OTHER_SIGNS = re.compile(r"[^a-z0-9]+")
MOST = 63
"""So long a code may be."""


class Meaning(NamedTuple):
    """A native status in canonical words: `offered` is the queue of whoever has it, None says nothing of the work."""

    status: HopStatus | None
    reason: str | None = None
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of the columns; empty: there is none."""

    case: str
    time: str
    status: tuple[str, ...]
    organization: str
    order: str = ""
    desk: str = ""
    priority: str = ""
    service: str = ""
    customer: str = ""

    def __iter__(self) -> Iterator[str]:
        named = (self.case, self.time, *self.status, self.organization, self.order, self.desk)
        yield from (name for name in (*named, self.priority, self.service, self.customer) if name)


@dataclass(frozen=True, kw_only=True)
class Times:
    """How moments are written. `zone`: of those without an offset; `doubled`: which of two equal wall times is meant."""

    format: str = "iso"
    zone: str = ""
    doubled: str = "hold"


@dataclass(frozen=True, kw_only=True)
class Organizations:
    """Which organization is behind a value: by the table, else, with `create`, by its letters and digits."""

    create: bool = False
    table: Mapping[str, str] = field(default_factory=dict)

    def code_of(self, value: str) -> str | None:
        """The organization's code; None for a value that the mapping does not name."""
        named = self.table.get(value)
        return named or (code_from(value) or None if self.create else None)


@dataclass(frozen=True, kw_only=True)
class ImportMapping:
    """The whole mapping. `customer`: one code for all, else `customers` says whom a value means."""

    source: str
    columns: Columns
    statuses: Mapping[str, Meaning]
    organizations: Organizations
    times: Times = Times()
    returns: bool = True
    """Who gets a ticket back that it had handed over: that is a return, not another assignment."""
    customer: str = ""
    customers: Organizations | None = None
    priorities: Mapping[str, str] = field(default_factory=dict)
    lowered_agreed: bool = False
    """The customer had agreed to every lower priority (R17)."""
    services: Mapping[str, str] | None = None
    unfinished_ends: bool = False
    """What is not over when the file ends is taken as cancelled then."""


def code_from(value: str) -> str:
    """`Org line A2` → `org-line-a2`."""
    return _OTHER_SIGNS.sub("-", value.lower()).strip("-")[:MOST].strip("-")


def mapping_from(document: Mapping[str, Any]) -> ImportMapping:
    """The mapping that a document, which keeps its schema, describes."""
    parties, customer = document["parties"], document.get("customer", "")
    return ImportMapping(
        source=document["source"],
        columns=_columns(document["columns"]),
        statuses={native: _meaning(told) for native, told in document["statuses"].items()},
        organizations=_organizations(parties["organizations"]),
        times=Times(**document.get("time", {})),
        returns=parties.get("back", "return") == "return",
        customer=customer if isinstance(customer, str) else "",
        customers=None if isinstance(customer, str) else _organizations(customer),
        priorities=document.get("priorities", {}),
        lowered_agreed=document.get("lowered") == "agreed",
        services=document.get("services"),
        unfinished_ends=document.get("unfinished") == "end",
    )


def _columns(named: Mapping[str, Any]) -> Columns:
    status = named["status"]
    return Columns(**{**named, "status": (status,) if isinstance(status, str) else tuple(status)})


def _organizations(told: Mapping[str, Any]) -> Organizations:
    return Organizations(create=told.get("create", False), table=told.get("table", {}))


def _meaning(told: Any) -> Meaning:
    if isinstance(told, Mapping):
        return Meaning(HopStatus(told["status"]), told["reason"], told.get("code", ""))
    if told == _UNCHANGED:
        return Meaning(None)
    return Meaning(HopStatus.OFFERED if told == _QUEUED else HopStatus(told))
