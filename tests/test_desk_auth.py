"""Credentials: from a manifest's auth kinds and a desk's secrets to headers for one origin, never shown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.connector import load_manifest
from gateway.desk_auth import Credentials, credentials_for, origin_of
from gateway.domain.model import AuthKind, Desk, Manifest
from gateway.errors import ConfigError

MANIFEST = {
    "name": "x",
    "title": "X",
    "version": "1",
    "quality": "draft",
    "auth": [],
    "settings": {},
    "capabilities": {},
    "tiers": {},
}
DESK = Desk(
    id="dsk_1", code="partner", org_id="org_1", connector="x", base_url="https://Desk.example:8443/rt"
)
BASIC = AuthKind(kind="basic")
TOKEN = AuthKind(kind="header", format="token {secret}")
KEY = AuthKind(kind="header", header="X-Api-Key")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    return load_manifest(tmp_path)


KINDS = {
    "basic": (
        (BASIC,),
        {"user": "bot", "secret": "pä:ss"},
        {"Authorization": "Basic Ym90OnDDpDpzcw=="},
    ),
    "a token": ((TOKEN,), {"secret": "abc"}, {"Authorization": "token abc"}),
    "a header of its own": ((KEY,), {"secret": "abc"}, {"X-Api-Key": "abc"}),
    "the first that fits": ((BASIC, TOKEN), {"secret": "abc"}, {"Authorization": "token abc"}),
    "the one named": (
        (BASIC, KEY),
        {"user": "bot", "secret": "abc", "kind": "header"},
        {"X-Api-Key": "abc"},
    ),
    "none wanted": ((), {}, {}),
    "a secret with braces": ((TOKEN,), {"secret": "{secret}"}, {"Authorization": "token {secret}"}),
}


@pytest.mark.parametrize(("kinds", "secrets", "headers"), KINDS.values(), ids=KINDS.keys())
def test_headers(
    manifest: Manifest, kinds: tuple[AuthKind, ...], secrets: dict[str, str], headers: dict[str, str]
) -> None:
    credentials = credentials_for(DESK, replace(manifest, auth=kinds), secrets)
    assert credentials == Credentials(origin="https://desk.example:8443", headers=headers)


def test_the_products_own_headers_come_along(manifest: Manifest) -> None:
    wanted = {"Referer": "{base_url}/", "Origin": "{origin}", "X-Requested-With": "rest"}
    credentials = credentials_for(DESK, replace(manifest, headers=wanted), {})
    assert credentials.headers == {
        "Referer": "https://Desk.example:8443/rt/",
        "Origin": "https://desk.example:8443",
        "X-Requested-With": "rest",
    }


@pytest.mark.parametrize(
    ("base_url", "written"),
    {
        "https://desk.example/x": "https://desk.example",
        "https://desk.example:443/x": "https://desk.example",
        "http://desk.example/x": "http://desk.example",
        "http://desk.example:443/x": "http://desk.example:443",
        "https://[::1]:8443/x": "https://[::1]:8443",
    }.items(),
)
def test_an_origin_header_is_written_as_browsers_do(manifest: Manifest, base_url: str, written: str) -> None:
    desk, told = replace(DESK, base_url=base_url), replace(manifest, headers={"Origin": "{origin}"})
    assert credentials_for(desk, told, {}).headers == {"Origin": written}


MISSING = {
    "nothing": ((BASIC,), {}),
    "no user": ((BASIC,), {"secret": "s3cr3t"}),
    "an empty secret": ((TOKEN,), {"secret": ""}),
    "another kind": ((TOKEN,), {"secret": "s3cr3t", "kind": "basic"}),
    "a kind nobody knows": ((AuthKind(kind="magic"),), {"secret": "s3cr3t"}),
    "a line break": ((TOKEN,), {"secret": "s3cr3t\r\nEvil: 1"}),
    "a null": ((KEY,), {"secret": "s3cr3t\0"}),
}


@pytest.mark.parametrize(("kinds", "secrets"), MISSING.values(), ids=MISSING.keys())
def test_what_does_not_fit_is_named_without_the_secret(
    manifest: Manifest, kinds: tuple[AuthKind, ...], secrets: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="partner") as raised:
        credentials_for(DESK, replace(manifest, auth=kinds), secrets)
    assert "s3cr3t" not in str(raised.value)


def test_no_secret_in_a_repr(manifest: Manifest) -> None:
    credentials = credentials_for(DESK, replace(manifest, auth=(BASIC,)), {"user": "bot", "secret": "s3cr3t"})
    shown = repr(credentials) + str(credentials) + f"{credentials}"
    assert "desk.example" in shown
    assert "s3cr3t" not in shown
    assert "Ym90" not in shown


ORIGINS = {
    "https://desk.example": "https://desk.example:443",
    "http://DESK.example/path": "http://desk.example:80",
    "https://desk.example:8443/": "https://desk.example:8443",
    "https://[::1]:3000/x": "https://[::1]:3000",
}


@pytest.mark.parametrize(("url", "origin"), ORIGINS.items())
def test_an_origin_names_its_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "desk.example",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x:y",
        "https://x:99999",
        "https://[x",
    ],
)
def test_what_is_no_address_of_a_desk(url: str) -> None:
    with pytest.raises(ConfigError):
        origin_of(url)
