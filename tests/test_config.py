"""Settings come from the environment, name themselves when they are wrong, and are all described in env.example."""

import base64
import re
from pathlib import Path

import pytest

from gateway import config
from gateway.config import PREFIX, Settings
from gateway.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parent.parent / "deploy" / "env.example"
KEY = base64.b64encode(b"k" * 32).decode()


def described() -> dict[str, str]:
    lines = [line[1:] for line in EXAMPLE.read_text().splitlines() if line.startswith(f"#{PREFIX}")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_every_setting_is_described_and_nothing_else_is() -> None:
    assert sorted(described()) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def test_every_setting_is_read_by_somebody() -> None:
    code = "\n".join(path.read_text() for path in (EXAMPLE.parents[1] / "gateway").rglob("*.py"))
    read = set(re.findall(r"\b(?:settings|self)\.(\w+)", code))
    assert [name for name in Settings.model_fields if name not in read] == []


def test_the_example_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in described().items():
        monkeypatch.setenv(name, value)

    assert config.load() == Settings()


def test_the_environment_is_read_and_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_PORT", "9000")
    monkeypatch.setenv("INTERDESK_HOST", "::1")

    settings = config.load(port=0)

    assert (settings.host, settings.port) == ("::1", 0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "valid integer"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x", "write sqlite:///"),
        ("ALLOWED_NETWORKS", "10.0.0.1/8", "has host bits set"),
        ("LOG_LEVEL", "loud", "'debug', 'info'"),
        ("WORKER", "perhaps", "boolean"),
        ("ALLOWED_PORTS", "443;8443", "valid integer"),
    ],
)
def test_a_bad_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)

    with pytest.raises(ConfigError, match=PREFIX + name) as refused:
        config.load()

    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_misspelt_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_ULR", "x")

    with pytest.raises(ConfigError, match="did you mean INTERDESK_DATABASE_URL"):
        config.load()


def test_other_variables_may_share_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_VENDOR_PASSWORD", "x")

    assert config.load() == Settings()


@pytest.mark.parametrize(
    ("given", "database", "working"),
    [
        ("", "sqlite:///interdesk-data/interdesk.db", True),
        ("postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x", False),
        ("postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x", False),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db", True),
    ],
)
def test_the_database_decides_who_works(
    monkeypatch: pytest.MonkeyPatch, given: str, database: str, working: bool
) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", given)

    settings = config.load()

    assert (settings.database, settings.worker_in_serve) == (database, working)
    assert config.load(worker=not working).worker_in_serve is not working


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_ALLOWED_NETWORKS", "10.0.0.0/8, fd12::/48")
    monkeypatch.setenv("INTERDESK_ALLOWED_PORTS", "443,8443,9443")

    settings = config.load()

    assert settings.allowed_networks == ("10.0.0.0/8", "fd12::/48")
    assert settings.allowed_ports == (443, 8443, 9443)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_KEYS", f"k1:{KEY}")
    monkeypatch.setenv("INTERDESK_DATABASE_URL", "postgresql://u:hunter2@db/x")

    shown = repr(config.load()) + str(config.load()) + config.load().model_dump_json()

    assert "hunter2" not in shown
    assert KEY not in shown


def test_secrets_of_desks_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_TOKEN", "s3cret")
    assert config.environment_secret("VENDOR_TOKEN") == "s3cret"

    monkeypatch.setenv("VENDOR_TOKEN", "")
    with pytest.raises(ConfigError, match="VENDOR_TOKEN is not set"):
        config.environment_secret("VENDOR_TOKEN")
