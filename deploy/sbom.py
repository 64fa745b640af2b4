"""The bill of materials of what runs, as CycloneDX 1.5: `python deploy/sbom.py > interdesk.cdx.json`. It is read from requirements.lock, which
names every package with the hashes it is installed by. Standard library only."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> Iterator[dict[str, object]]:
    """One for each pinned package. The hashes are of its files at the registry, one for each platform."""
    found: dict[str, object] | None = None
    hashes: list[str] = []
    for line in [*lock.splitlines(), "end==0"]:
        pinned = _PINNED.match(line)
        hashes += _HASH.findall(line)
        if pinned:
            if found is not None:
                yield found | {"properties": [{"name": "interdesk:sha256", "value": one} for one in hashes]}
            hashes = []
            name, version, _ = pinned.groups()
            purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
            found = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}


def bill() -> dict[str, object]:
    """The whole document."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = {
        "type": "application",
        "name": project["name"],
        "version": project["version"],
        "bom-ref": "interdesk",
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": list(components((CHECKOUT / "requirements.lock").read_text(encoding="utf-8"))),
    }


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1)
    sys.stdout.write("\n")
