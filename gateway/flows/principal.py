"""Who calls: what every door is told of a caller, however it showed who it is (API key, token, session)."""

from dataclasses import dataclass, field

from gateway.domain.permissions import Permission
from gateway.store.scope import OPERATOR_ID, Scope


@dataclass(frozen=True, kw_only=True)
class Principal:
    """`id` is that of the key, client, account or foreign subject; `org_id` the organization on whose behalf it acts
    (`operator`: the installation's own people); `scope` whose rows it sees, `permissions` what it may do to them."""

    id: str
    org_id: str
    label: str
    scope: Scope
    permissions: frozenset[Permission]
    customers: tuple[str, ...] = field(default=())
    """Of an account manager: the ids of the organizations it looks after."""

    @property
    def party(self) -> str | None:
        """Whose eyes it sees with: an organization's id, None for the operator's."""
        return None if self.org_id == OPERATOR_ID else self.org_id

    @property
    def name(self) -> str:
        """What it is called in what it does."""
        return self.label or self.id

    def may(self, permission: Permission) -> bool:
        """Whether it may do this."""
        return permission in self.permissions
