"""What the pages of one process share. Wired in `gateway.app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from gateway.blobs import BlobStore
from gateway.flows.context import Context
from gateway.flows.identity import Identity
from gateway.flows.issuers import Issuers
from gateway.flows.known_keys import KnownKeys
from gateway.passwords import Cost


@dataclass(frozen=True, kw_only=True)
class Parlour:
    """The installation, and the time."""

    context: Context
    now: Callable[[], datetime]
    blobs: BlobStore | None = None
    most_bytes: int = 25_000_000
    """Of a form with a file in it."""
    trusted_proxies: tuple[str, ...] = ()
    address: str = "http://localhost"
    """Where browsers find these pages, without a slash at its end."""
    identity: Identity = field(default_factory=Identity)
    known_keys: KnownKeys | None = None
    posts: bool = False
    """Whether letters leave this installation."""
    cost: Cost = field(default_factory=Cost)
    """Of a password."""

    @property
    def issuers(self) -> Issuers | None:
        """Whose tokens are taken besides ours."""
        return Issuers(trusted=self.identity.issuers, keys=self.known_keys) if self.known_keys else None


def parlour(request: Request) -> Parlour:
    """The parlour this request came to."""
    found: Parlour = request.app.state.parlour
    return found


AnyParlour = Annotated[Parlour, Depends(parlour)]
