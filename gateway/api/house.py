"""What all doors of one process share. Wired in `gateway.app`; no door and no framework is loaded for it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.api.hook_desks import HookDesks
from gateway.blobs import BlobStore
from gateway.domain.model import Message
from gateway.flows.context import Context
from gateway.flows.issuers import Issuers
from gateway.flows.preflight import Askings, Call
from gateway.flows.quotas import Meter
from gateway.metrics import Metrics
from gateway.vault import Vault


@dataclass(frozen=True, kw_only=True)
class House:
    """`store` returns when a message of an organization is on disk, or raises NotStored. `readiness` says what keeps us
    from taking messages, "" if nothing does. `max_hook_bytes` is the largest message, `calling` a way to ask desks for a while."""

    context: Context
    metrics: Metrics
    now: Callable[[], datetime]
    desks: HookDesks
    store: Callable[[Message, str], Awaitable[None]]
    readiness: Callable[[], str]
    is_stopping: Callable[[], bool]
    max_hook_bytes: int
    calling: Callable[[], AbstractAsyncContextManager[Call]]
    pause: Callable[[], Awaitable[None]] | None = None
    """Lets a moment pass for whoever waits for a desk; None: nobody does."""
    blobs: BlobStore | None = None
    """Where files go; None: nowhere."""
    vault: Vault | None = None
    """Seals the secrets that doors make; None: they make none."""
    erasures: Path | None = None
    """Where sealed orders to forget somebody lie beside the database; None: none are taken."""
    max_file_bytes: int = 0
    address: str = "http://localhost"
    """Where others find these doors, without a slash at its end."""
    issuers: Issuers | None = None
    """Whose tokens are taken besides ours."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose `X-Forwarded-For` is believed."""
    meter: Meter | None = None
    """Counts requests; None: nobody's are counted."""
    askings: Askings = field(default_factory=Askings)
