"""A support bundle tells how an installation is, and nothing that anybody wrote or must not know."""

import json
import zipfile
from pathlib import Path

import pytest

from gateway.cli.doctor import findings_of
from gateway.errors import ConfigError
from gateway.flows import support
from tests.api import house
from tests.flows.test_erasing import CANARY, ticket


def test_neither_a_secret_nor_a_word_nor_a_name_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_SMTP_URL", "smtp://post:a-password-of-mail@mail.example")
    with house.installed(tmp_path) as gateway:
        ticket(gateway)
        gateway.vault.redaction.remember(house.SECRETS.values())
        log = tmp_path / "log"
        line = {"level": "error", "desk": "north", "outcome": house.TOKEN, "event": f"{CANARY} said no"}
        log.write_text(json.dumps(line) + "\nplain words of Ada\n[1]\n")
        found = [
            {"level": one.level.value, "subject": one.subject, "what": CANARY} for one in findings_of(gateway)
        ]
        found += [{"level": "bad", "subject": f"{kind} ada-quirrenbach"} for kind in ("webhook", "link")]
        redaction = gateway.vault.redaction
        desks = support.desk_numbers(gateway.context)
        documents = support.bundle(gateway.context, gateway.settings, redaction, found)
        support.write(tmp_path / "b.zip", documents, support.log_of(log, redaction, desks))
        with pytest.raises(ConfigError, match="cannot be written"):
            support.write(tmp_path / "b.zip", documents)
        with pytest.raises(ConfigError, match="cannot be read"):
            support.log_of(tmp_path / "none", redaction, desks)
    with zipfile.ZipFile(tmp_path / "b.zip") as bundle:
        told = {name: bundle.read(name).decode() for name in bundle.namelist()}
    whole = "\n".join(told.values())
    secrets = [*house.SECRETS.values(), "a-password-of-mail", str(tmp_path)]
    words = [CANARY, "please hurry", "My safe", "4711", "North Stores", "plain words", "said no"]
    assert [one for one in (*secrets, *words) if one in whole] == []
    assert json.loads(told["counts.json"])["content"] > 0
    assert json.loads(told["settings.json"])["smtp_url"] == "set"
    assert json.loads(told["log.txt"])["desk"] == desks["north"]
    assert "quirrenbach" not in whole
    subjects = [one["subject"] for one in json.loads(told["doctor.json"])]
    assert {"webhook 1", "link 1", f"desk {desks['south']}"} <= {*subjects}
    assert [one for one in subjects if "north" in one or "south" in one] == []
    assert {"of": "messages", "state": "processed"}.items() <= json.loads(told["failures.json"])[-1].items()
