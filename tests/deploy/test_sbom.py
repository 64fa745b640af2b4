"""T28: the bill of materials names everything that the lock installs, with every hash of it."""

import re
import runpy
from typing import Any

from tests.deploy.files import CHECKOUT, DEPLOY

LOCK = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")


def test_t28_the_bill_of_materials_names_everything_that_runs() -> None:
    bill: dict[str, Any] = runpy.run_path(str(DEPLOY / "sbom.py"))["bill"]()
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "interdesk")
    listed = {f"{one['name']}=={one['version']}" for one in bill["components"]}
    assert listed == {
        re.sub(r"\[.*?\]", "", name) for name in re.findall(r"^[\w.\[\]-]+==[^\s;\\]+", LOCK, re.MULTILINE)
    }
    hashes = [one["value"] for part in bill["components"] for one in part["properties"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", LOCK))
    assert all(part["properties"] for part in bill["components"])
