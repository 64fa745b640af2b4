"""Who calls with this bearer token (RFC 6750), whichever kind it is: an API key, an access token of ours, a token of an issuer that
is trusted."""

from datetime import datetime

from gateway.flows import clients, keys
from gateway.flows.context import Context
from gateway.flows.issuers import Issuers
from gateway.flows.principal import Principal


def bearer(
    context: Context, text: str, issuers: Issuers | None, *, now: datetime, address: str | None
) -> Principal | None:
    """None for nobody. `address`: where the caller is (numeric), None if that is not known."""
    key = keys.verify(context, text, now=now, address=address)
    if key is not None:
        return keys.principal(key)
    if issuers is not None and issuers.trusted and text.count(".") == 2:
        return issuers.principal(context, text, now=now)
    return clients.principal(context, text, now=now, address=address)
