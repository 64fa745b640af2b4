"""TM Forum's own examples, where its file is given to us: `INTERDESK_TEST_TMF621` names its folder."""

import os
from pathlib import Path
from typing import Any

import yaml

from tests.documents import CHECKOUT

FOLDER = Path(os.environ.get("INTERDESK_TEST_TMF621", CHECKOUT.parent / "shared/data/tmf621"))
OFFICIAL = FOLDER / "TMF621-Trouble_Ticket-v5.0.1.oas.yaml"


class _Plain(yaml.CSafeLoader):
    """YAML whose moments stay texts, as in JSON."""


_Plain.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for sign, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def official(resource: str = "TroubleTicket") -> dict[str, Any]:
    """The examples of a resource in the official file, by name; none where the file is not given."""
    if not OFFICIAL.exists():
        return {}
    told = yaml.load(OFFICIAL.read_text(), Loader=_Plain)["components"]["examples"]
    other = resource == "TroubleTicket"
    return {name: one["value"] for name, one in told.items() if ("Specification" in name) is not other}
