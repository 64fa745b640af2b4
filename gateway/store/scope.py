"""Scope: on whose behalf something is read or written. There is no way to read without one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, true

OPERATOR_ID = "operator"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The operator (`org_ids` None) or one organization plus what its links grant it."""

    org_ids: frozenset[str] | None = None

    @staticmethod
    def operator() -> "Scope":
        """The installation itself: workers, sweeps, the administrator."""
        return Scope()

    @staticmethod
    def of(org_id: str, granted: Iterable[str] = ()) -> "Scope":
        """One organization, and the organizations whose rows its links let it see."""
        return Scope(org_ids=frozenset({org_id, *granted}))

    @property
    def parameters(self) -> dict[str, Any]:
        """The same condition in a prepared statement: values for its `within`."""
        return {"scope_all": self.org_ids is None, "scope_orgs": sorted(self.org_ids or ())}

    def where(self, table: Table) -> ColumnElement[bool]:
        """The condition every SELECT, UPDATE and DELETE carries."""
        if self.org_ids is None:
            return true()
        column: Any = table.c.org_id
        return column.in_(sorted(self.org_ids))  # type: ignore[no-any-return]
