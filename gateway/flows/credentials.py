"""Credentials of desks, opened when they are first needed and kept until the directory is read anew."""

import threading
from dataclasses import dataclass, field, replace

import orjson

from gateway.desk_auth import Credentials, credentials_for
from gateway.domain.model import Desk
from gateway.errors import ConfigError
from gateway.flows import ticket_sharing
from gateway.flows.context import OPERATOR, Context
from gateway.store import directory
from gateway.store import ticket_sharing as sharing_store


@dataclass(kw_only=True)
class OpenedCredentials:
    """Callable: a desk's credentials. A desk that was read anew is another object, so it is opened anew."""

    context: Context
    _opened: dict[str, tuple[Desk, Credentials]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, desk: Desk) -> Credentials:
        """Raises ConfigError naming what is missing, never what is there."""
        known = self._opened.get(desk.id)
        if known is not None and known[0] is desk:
            return known[1]
        with self._lock:
            opened = credentials_for(
                desk, self.context.registry.manifest(desk.connector), self._secrets(desk)
            )
            if ticket_sharing.shares(desk):
                opened = replace(opened, headers={**opened.headers, **self._token(desk)})
            self._opened[desk.id] = (desk, opened)
        return opened

    def _token(self, desk: Desk) -> dict[str, str]:
        """What a partner that shares tickets wants to see: nothing, until there is an agreement."""
        with self.context.database.read() as db:
            held = sharing_store.in_force(db, OPERATOR, desk.id)
        if held is None or self.context.open_secret is None:
            return {}
        token = self.context.open_secret(held.sealed_token, sharing_store.token_place(held.agreement))
        return {ticket_sharing.TOKEN_HEADER.lower(): token}

    def _secrets(self, desk: Desk) -> dict[str, str]:
        with self.context.database.read() as db:
            sealed = directory.sealed_credentials(db, OPERATOR, desk.id)
        if sealed is None:
            return {}
        if self.context.open_secret is None:
            raise ConfigError(f"desk {desk.code}: nothing here opens its credentials")
        opened = self.context.open_secret(sealed, directory.credentials_place(desk.org_id, desk.id))
        secrets: dict[str, str] = orjson.loads(opened)
        return secrets
