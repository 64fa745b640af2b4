"""What a caller may do: permissions, which of them each role has, and which follow from which. Whose rows it may do it to is
its Scope; which door asks for which permission is `gateway.flows.permissions`."""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """Also the scopes of OAuth 2.0 (RFC 6749, 3.3)."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    LINKS_READ = "links:read"
    LINKS_WRITE = "links:write"
    REPORTS_READ = "reports:read"
    METRICS_READ = "metrics:read"
    AGENT = "agent"
    """To make requests at one's own desks on behalf of the gateway (`interdesk agent`)."""
    ADMIN = "admin"


ALL = frozenset(Permission)
_FOLLOWS = {
    Permission.TICKETS_WRITE: Permission.TICKETS_READ,
    Permission.LINKS_WRITE: Permission.LINKS_READ,
}
"""Who may write something may read it."""


class Role(StrEnum):
    """What people are to the gateway."""

    OPERATOR = "operator"
    INTEGRATION_ADMIN = "integration_admin"
    ACCOUNT_MANAGER = "account_manager"
    PARTNER_AGENT = "partner_agent"
    CUSTOMER_VIEWER = "customer_viewer"


_OF_ROLE = {
    Role.OPERATOR: ALL,
    Role.INTEGRATION_ADMIN: ALL - {Permission.METRICS_READ},
    Role.ACCOUNT_MANAGER: frozenset({Permission.TICKETS_READ, Permission.REPORTS_READ}),
    Role.PARTNER_AGENT: frozenset({Permission.TICKETS_READ, Permission.TICKETS_WRITE}),
    Role.CUSTOMER_VIEWER: frozenset({Permission.TICKETS_READ, Permission.REPORTS_READ}),
}


def of_role(role: Role) -> frozenset[Permission]:
    """What somebody in this role may do."""
    return _OF_ROLE[role]


def with_what_follows(permissions: Iterable[Permission]) -> frozenset[Permission]:
    """The permissions and those that follow from them."""
    given = frozenset(permissions)
    return given | {_FOLLOWS[one] for one in given if one in _FOLLOWS}


def named(names: Iterable[str]) -> tuple[frozenset[Permission], tuple[str, ...]]:
    """The permissions of these names, and the names that are none."""
    wanted = tuple(names)
    known = {one.value for one in Permission}
    unknown = tuple(name for name in wanted if name not in known)
    return frozenset(Permission(name) for name in wanted if name in known), unknown


def spelled(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """Their names, always in one order."""
    return tuple(sorted(one.value for one in permissions))
