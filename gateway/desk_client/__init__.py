"""Talks to desks: `DeskClient` runs connectors' exchanges; `GuardedTransport` is the one way out of the house."""

from gateway.desk_auth import Credentials, credentials_for
from gateway.desk_client.client import DeskClient
from gateway.desk_client.guard import NetworkPolicy
from gateway.desk_client.in_house import Asked, Door, Told
from gateway.desk_client.limits import Limits
from gateway.desk_client.pool import tls_context
from gateway.desk_client.transport import GuardedTransport
from gateway.desk_client.wire import PushTerms
from gateway.domain.outcome import ClockSample, OutcomeClass, Verdict

__all__ = [
    "Asked",
    "ClockSample",
    "Credentials",
    "DeskClient",
    "Door",
    "GuardedTransport",
    "Limits",
    "NetworkPolicy",
    "OutcomeClass",
    "PushTerms",
    "Told",
    "Verdict",
    "credentials_for",
    "tls_context",
]
