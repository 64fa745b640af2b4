"""The API desk: the desk of a party that has none of its own and speaks to us by API (TMF621, `POST /v1/tickets`)."""

from pathlib import Path

from gateway.connector import load_manifest
from gateway.in_house import InHouseDesk


class ApiDesk(InHouseDesk):
    """All methods of the port."""

    manifest = load_manifest(Path(__file__).parent)
    called = "API desk"


CONNECTOR = ApiDesk()
