"""`interdesk clients` and the options of `interdesk keys`."""

import json
from pathlib import Path

from joserfc.jwk import ECKey

from gateway.app import Gateway
from tests.cli.conftest import Run


def test_a_client_is_added_listed_rotated_and_revoked(gateway: Gateway, run: Run) -> None:
    made = json.loads(run("clients", "add", "push", "--may", "tickets:write", "--json").stdout)
    assert made["client_secret"].startswith("fgw_clnt_")
    again = run("clients", "rotate", made["client_id"], "--overlap", "0")
    assert again.stdout.splitlines()[0] == made["client_id"]
    listed = run("clients", "list").stdout
    assert "tickets:write" in listed
    assert made["client_secret"] not in listed
    assert run("clients", "revoke", made["client_id"]).stderr == f"{made['client_id']} (push) is revoked\n"
    assert run("clients", "rotate", made["client_id"]).exit_code != 0


def test_a_client_that_signs_has_no_secret(gateway: Gateway, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}))
    made = json.loads(run("clients", "add", "x", "--may", "admin", "--jwks", str(file), "--json").stdout)
    assert made["client_secret"] is None
    file.write_text("{")
    assert "IDK-1403" in run("clients", "add", "x", "--may", "admin", "--jwks", str(file)).stderr


def test_a_key_is_narrowed_and_renewed(gateway: Gateway, run: Run) -> None:
    made = run("keys", "create", "x", "--may", "metrics:read", "--network", "10.0.0.0/8", "--json")
    old = json.loads(made.stdout)
    fresh = json.loads(run("keys", "renew", old["id"], "--json").stdout)
    assert fresh["key"] != old["key"]
    assert run("keys", "list").stdout.count("metrics:read") == 2
    assert "IDK-1403" in run("keys", "create", "x", "--may", "nonsense").stderr
