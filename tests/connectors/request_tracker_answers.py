"""What the tests of the RT connector share: a desk, and an answer of RT."""

import json

from connectors.request_tracker import CONNECTOR
from gateway.connector import Response
from gateway.domain.model import Desk

DESK = Desk(
    id="dsk_1",
    code="rt",
    org_id="org_1",
    connector="request_tracker",
    base_url="https://rt.example",
    account="fedbot",
    zone="Europe/Rome",
    settings={
        "queue": "Federation",
        "custom_fields": {"marker": "ExternalRef", "site": "Site", "tags": "Tags"},
    },
    profile=CONNECTOR.manifest.profile,
)


def answer(document: object, *, status: int = 200, **headers: str) -> Response:
    """A JSON answer; keyword arguments are its headers."""
    return Response(status=status, headers=headers, body=json.dumps(document).encode())
