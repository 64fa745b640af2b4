"""Links between the real desks, certified by alice's own accounts. `python -m tests.desks.certified customer vendor` plays every
situation between the two and prints what came of each; minutes, so the suite plays a few only."""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gateway.cli import app
from tests.desks.house import House, installation
from tests.desks.launch.chain import Chain

PAIRS = (
    ("customer", "vendor"),
    ("customer", "partner"),
    ("vendor", "subcontractor"),
    ("subcontractor", "vendor"),
)


def links() -> list[Mapping[str, Any]]:
    """One with defaults for each pair."""
    return [
        {"code": f"{up}-{down}", "upstream": up, "downstream": down, "passes": {"delegate_as": down}}
        for up, down in PAIRS
    ]


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """A gateway at work over the four desks, and a file of alice's credentials for each."""

    house: House
    folder: Path

    def certify(self, up: str, down: str, *more: str) -> dict[str, Any]:
        """The protocol, played at the served gateway with the upper organization's own key. `more`: further words of the command."""
        hands = [f"{side}={self._hand(desk)}" for side, desk in (("upstream", up), ("downstream", down))]
        file = self.folder / f"{up}-{down}.json"
        words = [
            "link",
            "certify",
            f"{up}-{down}",
            "--hand",
            hands[0],
            "--hand",
            hands[1],
            "--out",
            str(file),
        ]
        far = ["--url", self.house.url, "--yes", "--patience", "60s", *more]
        ran = CliRunner().invoke(app, [*words, *far], env=self._environment(up))
        assert ran.exit_code in (0, 1), ran.output
        document: dict[str, Any] = json.loads(file.read_bytes())
        return document

    def _environment(self, org: str) -> dict[str, str]:
        """What alice's terminal has: the key, and where she keeps her own secrets."""
        chain = self.house.chain
        made = json.loads(self.house.command("keys", "create", "alice", "--organization", org, "--json"))
        return {
            "INTERDESK_KEY": made["key"],
            "ALICE_CUSTOMER": chain.customer.tokens["alice"],
            "ALICE_VENDOR": chain.vendor.keys["alice"],
            "ALICE_PARTNER": chain.partner.tokens["alice"],
            "ALICE_SUBCONTRACTOR": chain.subcontractor.passwords["alice"],
        }

    def _hand(self, desk: str) -> Path:
        kind = "kind: basic, user: alice" if desk == "subcontractor" else "kind: header"
        file = self.folder / f"{desk}.yaml"
        file.write_text(f"{{{kind}, secret: {{env: ALICE_{desk.upper()}}}}}")
        return file


def verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    """Of each situation its verdict, with the reason where it did not pass."""
    return {one["name"]: f"{one['verdict']}: {one['why']}".rstrip(": ") for one in document["situations"]}


def main(given: Sequence[str]) -> int:
    """Certify one link between real desks that are started for it."""
    parser = argparse.ArgumentParser(prog="python -m tests.desks.certified", description=__doc__)
    parser.add_argument("upstream")
    parser.add_argument("downstream")
    parser.add_argument("--only", action="append", default=[], help="only this situation; again for more")
    asked = parser.parse_args(given)
    only = [word for name in asked.only for word in ("--only", name)]
    with Chain() as chain, tempfile.TemporaryDirectory() as folder:
        house = House(directory=Path(folder), chain=chain, hooks=False)
        house.apply(installation(chain, links()))
        with house.at_work():
            house.has_looked()
            examiner = Examiner(house=house, folder=Path(folder))
            found = verdicts(examiner.certify(asked.upstream, asked.downstream, *only))
    sys.stdout.write("".join(f"{name}: {verdict}\n" for name, verdict in found.items()))
    return int(any(verdict.startswith("failed") for verdict in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
