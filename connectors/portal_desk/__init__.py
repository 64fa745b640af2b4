"""The portal desk: the desk of a party that has none of its own, whose people act by links in mails and by the API."""

from pathlib import Path

from gateway.connector import load_manifest
from gateway.in_house import InHouseDesk


class PortalDesk(InHouseDesk):
    """All methods of the port."""

    manifest = load_manifest(Path(__file__).parent)
    called = "portal desk"


CONNECTOR = PortalDesk()
