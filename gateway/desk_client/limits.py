"""What one exchange with a desk may cost: time, bytes, requests."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds and bytes. `deadline` covers a whole exchange, the others one step of it."""

    deadline: float = 60.0
    connect: float = 10.0
    read: float = 30.0
    """The longest silence of a desk, and the longest it may refuse to take bytes from us."""
    head_bytes: int = 256 * 1024
    body_bytes: int = 20_000_000
    """Also the limit of what a compressed body may grow to."""
    blob_bytes: int = 100_000_000
    requests: int = 1000
    """Requests in one exchange; beyond it a connector is taken to loop for ever."""
    idle: float = 4.0
    """How long an unused connection is kept; below the shortest keep-alive time of common servers (5 s)."""
