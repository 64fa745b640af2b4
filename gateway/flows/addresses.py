"""Where a caller is: the address at the other end of the connection or, where that is a proxy of the operator's, what the
proxies say (`X-Forwarded-For`, read from the right: what stands left of a stranger's entry is the stranger's word)."""

import ipaddress
from collections.abc import Sequence

_MOST = 20
"""Entries that are looked at."""


def address_of(nearest: str | None, forwarded: Sequence[str], proxies: Sequence[str]) -> str | None:
    """The numeric address of the caller; None where nobody can tell. `nearest`: the other end of the connection; `forwarded`: the
    `X-Forwarded-For` headers; `proxies`: the networks (CIDR) of the operator's proxies."""
    if nearest is None or not _within(nearest, proxies):
        return nearest
    told = ",".join(forwarded)
    for entry in [part.strip() for part in told.split(",")][: -_MOST - 1 : -1]:
        if not _is_address(entry):
            return None
        if not _within(entry, proxies):
            return entry
    return nearest


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(text: str, networks: Sequence[str]) -> bool:
    if not _is_address(text):
        return False
    place = ipaddress.ip_address(text)
    return any(place in ipaddress.ip_network(one) for one in networks)
