"""Sealed secrets open only where they lie and only with their key; key files are made once and closed to others."""

import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import config, vault
from gateway.errors import ConfigError
from gateway.vault import Place, Vault, ring

PLACE = Place(org_id="org_a", table="desk", row_id="dsk_1", column="sealed_credentials")
KEY_ONE, KEY_TWO = b64encode(b"1" * 32).decode(), b64encode(b"2" * 32).decode()


def test_what_was_sealed_opens_again() -> None:
    keys = ring(vault.new_entry("k1"))

    sealed = keys.seal("пароль", PLACE)

    assert "пароль" not in sealed
    assert keys.open(sealed, PLACE) == "пароль"
    assert sealed != keys.seal("пароль", PLACE)


@pytest.mark.parametrize("part", ["org_id", "table", "row_id", "column"])
def test_t17_a_sealed_text_in_another_place_does_not_open(part: str) -> None:
    keys = ring(vault.new_entry("k1"))
    sealed = keys.seal("secret", PLACE)

    with pytest.raises(ConfigError, match="does not open"):
        keys.open(sealed, replace(PLACE, **{part: "other"}))


def test_neighbouring_parts_of_a_place_do_not_run_together() -> None:
    assert replace(PLACE, org_id="a|1:b").bound() != replace(PLACE, org_id="a", table="b").bound()


@given(position=st.integers(min_value=8, max_value=60), bit=st.integers(min_value=0, max_value=5))
@settings(max_examples=60)
def test_one_changed_character_is_noticed(position: int, bit: int) -> None:
    keys = ring(f"k1:{KEY_ONE}")
    sealed = keys.seal("a secret of thirty characters!", PLACE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    altered = alphabet[alphabet.index(sealed[position]) ^ (1 << bit)]

    with pytest.raises(ConfigError):
        keys.open(sealed[:position] + altered + sealed[position + 1 :], PLACE)


def test_older_keys_open_and_the_first_one_seals() -> None:
    old = ring(f"k1:{KEY_ONE}")
    both = ring(f"k2:{KEY_TWO},k1:{KEY_ONE}")
    sealed = old.seal("secret", PLACE)

    assert both.open(sealed, PLACE) == "secret"
    assert not both.is_current(sealed)
    assert both.seal("secret", PLACE).startswith("idk1.k2.")


def test_a_missing_key_is_named() -> None:
    sealed = ring(f"k1:{KEY_ONE}").seal("secret", PLACE)

    with pytest.raises(ConfigError, match="'k1' that sealed this is not in the key ring"):
        ring(f"k2:{KEY_TWO}").open(sealed, PLACE)


def test_a_fingerprint_tells_secrets_apart_and_depends_on_key_and_place() -> None:
    keys = ring(f"k1:{KEY_ONE}")

    assert keys.fingerprint("a", PLACE) == keys.fingerprint("a", PLACE)
    assert keys.fingerprint("a", PLACE) != keys.fingerprint("b", PLACE)
    assert keys.fingerprint("a", PLACE) != keys.fingerprint("a", replace(PLACE, row_id="dsk_2"))
    assert keys.fingerprint("a", PLACE) != ring(f"k2:{KEY_TWO}").fingerprint("a", PLACE)


@pytest.mark.parametrize(
    "text",
    ["", KEY_ONE, "k1:short", f"k 1:{KEY_ONE}", "k1:ключ", f"k1:{KEY_ONE[:-8]}"],
    ids=["empty", "no-name", "short", "odd-name", "not-ascii", "cut"],
)
def test_a_bad_ring_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigError, match="INTERDESK_KEYS") as refused:
        ring(text)
    assert KEY_ONE[:12] not in str(refused.value)


def test_keys_never_show() -> None:
    assert KEY_ONE[:8] not in repr(ring(f"k1:{KEY_ONE}"))
    assert repr(b"1" * 32)[:8] not in repr(ring(f"k1:{KEY_ONE}"))


def test_what_is_opened_is_redacted_from_then_on() -> None:
    sealed = ring(f"k1:{KEY_ONE}").seal(
        '{"kind": "basic", "user": "interdesk", "secret": "tr0ub4dor&3"}', PLACE
    )
    keys = ring(f"k1:{KEY_ONE}")
    assert "tr0ub4dor" in keys.redaction.text("tried tr0ub4dor&3")

    keys.open(sealed, PLACE)

    assert keys.redaction.text("interdesk tried tr0ub4dor&3 in vain") == "interdesk tried [redacted] in vain"


def test_a_key_file_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys"

    first = vault.from_file(path, create=True)
    again = vault.from_file(path, create=True)

    assert first == again
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["keys"]


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    program = "import sys, pathlib; from gateway import vault; print(vault.from_file(pathlib.Path(sys.argv[1]), create=True).fingerprint('x', vault.Place(org_id='', table='', row_id='', column='')))"
    command = [sys.executable, "-c", program, str(tmp_path / "keys")]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]

    assert len({process.communicate(timeout=60)[0] for process in starting}) == 1


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    vault.from_file(path, create=True)
    path.chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        vault.from_file(path, create=True)
    assert isinstance(vault.from_file(path), Vault), "a mounted secret may have any mode"


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        vault.from_file(tmp_path / "nowhere")


def test_keys_come_from_the_environment_a_file_or_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INTERDESK_DATA_DIR", str(tmp_path))
    made = vault.of(config.load())
    assert (tmp_path / "keys").exists()
    assert vault.of(config.load()) == made

    (tmp_path / "mounted").write_text(f"k1:{KEY_ONE}\n")
    from_file = vault.of(config.load(key_file=tmp_path / "mounted"))
    monkeypatch.setenv("INTERDESK_KEYS", f"k1:{KEY_ONE}")
    from_environment = vault.of(config.load())

    assert from_file == from_environment != made
    assert from_environment.open(from_file.seal("x", PLACE), PLACE) == "x"
