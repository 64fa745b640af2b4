"""The registry finds connectors by entry point, loads them when asked, and refuses what it cannot trust."""

import json
import os
import py_compile
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import pytest

from connectors.loopback import CONNECTOR
from gateway import registry
from gateway.connector import Connector
from gateway.domain.model import Command, Desk, Message, NativeAttachment
from gateway.errors import ConfigError
from gateway.registry import GROUP, Registry, digest_of, folder_of


def installed(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    """Make these (name, value) the only entry points of our group."""
    found = EntryPoints(point(name, value) for name, value in points)
    monkeypatch.setattr(registry, "entry_points", lambda *, group: found.select(group=group))


HANDED = {Message, Desk, Command, NativeAttachment, datetime, str, str | None}


def point(name: str, value: str) -> EntryPoint:
    """As our own package declares it if it is ours, else as another."""
    made = EntryPoint(name=name, value=value, group=GROUP)
    vars(made).update(
        dist=SimpleNamespace(name="interdesk" if value.startswith("connectors.") else "acme-desk")
    )
    return made


def trusting() -> Registry:
    """The operator has enabled what is installed."""
    return Registry({"acme_desk": digest_of(point("acme_desk", "acme_desk:CONNECTOR"))})


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `acme_desk` somewhere else, made from the loopback connector."""
    folder = tmp_path / "acme_desk"
    folder.mkdir()
    source = Path(CONNECTOR.__class__.__module__.replace(".", "/"))
    assert source == Path("connectors/loopback")
    for path in folder_of(CONNECTOR).glob("*.py"):
        (folder / path.name).write_text(path.read_text().replace("connectors.loopback", "acme_desk"))
    shutil.copy(folder_of(CONNECTOR) / "manifest.json", folder)
    rewrite(folder, name="acme_desk")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "pycache_prefix", None)  # put back afterwards
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_desk"]:
        del sys.modules[name]


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_nothing_is_loaded_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(
        monkeypatch, ("loopback", "connectors.loopback:CONNECTOR"), ("broken", "connectors.no.such:CONNECTOR")
    )
    found = Registry()
    assert found.names() == ("broken", "loopback")
    assert found.connector("loopback") is CONNECTOR
    assert found.connector("loopback") is CONNECTOR
    assert found.manifest("loopback").title == "Loopback desk"


def test_t20_code_of_others_is_off_until_it_is_named_by_its_digest(
    third_party: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(
        monkeypatch, ("loopback", "connectors.loopback:CONNECTOR"), ("acme_desk", "acme_desk:CONNECTOR")
    )
    assert Registry().names() == ("loopback",)
    assert Registry().installed() == {"loopback", "acme_desk"}
    assert [connector.manifest.name for connector in Registry()] == ["loopback"]
    pinned = trusting()
    with pytest.raises(
        ConfigError, match=f"acme-desk.*is not enabled.*acme_desk={pinned._pins['acme_desk']}"
    ):
        Registry().connector("acme_desk")
    (third_party / "more.py").write_text("raise SystemExit('this ran')")
    with pytest.raises(ConfigError, match="is not the code that INTERDESK_CONNECTORS names"):
        pinned.connector("acme_desk")
    assert not [name for name in sys.modules if name.startswith("acme_desk")]
    (third_party / "more.py").unlink()
    assert pinned.connector("acme_desk").manifest.name == "acme_desk"


def test_t20_a_connector_is_handed_nothing_to_reach_others_with() -> None:
    """A request is all that it yields, an answer all that it gets: no client, no database, no credentials."""
    for method in ("verify", "parse", "fetch", "changed", "push", "find", "check", "download", "normalised"):
        hints = get_type_hints(getattr(Connector, method))
        hints.pop("return")
        assert set(hints.values()) <= HANDED, method


def test_a_third_party_brings_its_own(third_party: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("acme_desk", "acme_desk:CONNECTOR"))
    connector = trusting().connector("acme_desk")
    assert connector.manifest.name == "acme_desk"
    assert folder_of(connector) == third_party


def test_an_unknown_name_lists_the_known(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("loopback", "connectors.loopback:CONNECTOR"))
    with pytest.raises(ConfigError, match="no connector 'jira' · known here: loopback"):
        Registry().connector("jira")


def test_without_any_it_says_none(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(ConfigError, match="known here: none"):
        Registry().connector("jira")


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("desk", "connectors.loopback:CONNECTOR"), ("desk", "acme_desk:CONNECTOR"))
    with pytest.raises(ConfigError, match=r"two packages bring a connector called 'desk'.*acme_desk"):
        Registry()


def test_one_package_found_twice_is_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout installed in place can be listed by two path entries."""
    installed(monkeypatch, *[("loopback", "connectors.loopback:CONNECTOR")] * 2)
    assert Registry().names() == ("loopback",)
    assert Registry().installed() == {"loopback"}


def test_a_connector_given_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    assert list(Registry(extra={"loopback": CONNECTOR})) == [CONNECTOR]


def test_a_connector_given_directly_may_not_hide_an_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("loopback", "connectors.loopback:CONNECTOR"))
    with pytest.raises(ConfigError, match="two connectors are called 'loopback'"):
        Registry(extra={"loopback": CONNECTOR})


def test_code_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("broken", "connectors.no_such:CONNECTOR"), ("gone", "no_such_package:CONNECTOR"))
    with pytest.raises(ConfigError, match=r"'broken' cannot be loaded.*ModuleNotFoundError.*no_such"):
        Registry().connector("broken")
    with pytest.raises(ConfigError, match=r"no_such_package.* is not there"):
        Registry({"gone": "0" * 64}).connector("gone")


BAD_MANIFESTS = {
    "a level nobody knows": ({"quality": "gold"}, 'one of "draft"'),
    "no tiers for updates": ({"tiers": {"create": "nothing", "comment": "nothing"}}, "'update' is missing"),
}


@pytest.mark.parametrize(("changes", "words"), BAD_MANIFESTS.values(), ids=BAD_MANIFESTS.keys())
def test_a_manifest_that_breaks_the_schema_is_refused(
    third_party: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], words: str
) -> None:
    rewrite(third_party, **changes)
    installed(monkeypatch, ("acme_desk", "acme_desk:CONNECTOR"))
    with pytest.raises(ConfigError, match=f"manifest of connector 'acme_desk' is not usable[^$]*{words}"):
        trusting().connector("acme_desk")


@pytest.mark.parametrize(
    "mode",
    [py_compile.PycInvalidationMode.UNCHECKED_HASH, py_compile.PycInvalidationMode.TIMESTAMP],
)
def test_t20_compiled_files_beside_pinned_code_are_not_run(
    third_party: Path, monkeypatch: pytest.MonkeyPatch, mode: py_compile.PycInvalidationMode
) -> None:
    installed(monkeypatch, ("acme_desk", "acme_desk:CONNECTOR"))
    trusted = trusting()
    source = third_party / "__init__.py"
    text, times = source.read_bytes(), (1_700_000_000, 1_700_000_000)
    evil = b"raise SystemExit('other code ran')\n"
    source.write_bytes(evil + b"#" * (len(text) - len(evil)))
    os.utime(source, times)
    py_compile.compile(str(source), invalidation_mode=mode, doraise=True)
    source.write_bytes(text)
    os.utime(source, times)
    assert trusted.connector("acme_desk").manifest.name == "acme_desk"


def test_the_entry_point_bears_the_manifests_name(third_party: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("acme", "acme_desk:CONNECTOR"))
    with pytest.raises(ConfigError, match="'acme' calls itself 'acme_desk'"):
        Registry({"acme": digest_of(point("acme", "acme_desk:CONNECTOR"))}).connector("acme")


def test_every_declared_connector_of_this_installation_loads() -> None:
    found = Registry()
    assert "loopback" in found.names()
    assert [connector.manifest.name for connector in found] == list(found.names())
