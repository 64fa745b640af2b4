"""Tokens of others: whose are taken, for whom they stand, what they may, and when keys are asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.desk_client.documents import Ask, Told
from gateway.domain.permissions import Permission
from gateway.errors import ConfigError, DeskUnavailable, Invalid
from gateway.flows import identity
from gateway.flows.apply import apply
from gateway.flows.bearers import bearer
from gateway.flows.context import Context
from gateway.flows.identity import Issuer
from gateway.flows.issuers import Issuers
from gateway.flows.known_keys import KnownKeys
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store.db import Database
from gateway.store.scope import Scope
from gateway.vault import new_entry, ring
from tests.flows import installation

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHO = "https://idp.example"
KEY, NEXT = (ECKey.generate_key("P-256", {"kid": name}) for name in ("one", "two"))
TRUSTED = Issuer(
    issuer=WHO,
    audience="us",
    permissions=frozenset({Permission.TICKETS_WRITE}),
    claim="tenant",
    values={"t-1": "acme", "t-2": "gone"},
    scope_claim="scope",
)


class Web:
    """What the issuer publishes; `asked` counts."""

    def __init__(self) -> None:
        self.now, self.keys, self.asked, self.away = NOW, [KEY], list[str](), False
        known = KnownKeys(fetch=self.fetch, now=lambda: self.now)
        self.issuers = Issuers(trusted={WHO: TRUSTED}, keys=known)

    def fetch(self, ask: Ask) -> Told:
        self.asked.append(ask.url)
        if self.away:
            raise DeskUnavailable("no answer")
        documents: dict[str, object] = {
            f"{WHO}/.well-known/openid-configuration": {"issuer": WHO, "jwks_uri": f"{WHO}/keys"},
            f"{WHO}/keys": {"keys": [one.as_dict(private=False) for one in self.keys]},
        }
        return Told(status=200, body=orjson.dumps(documents[ask.url]))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    database = Database("sqlite://")
    made = installation.context(database)
    text = "organizations: [{code: acme}, {code: north}]\n"
    file = installation.write(tmp_path_factory.mktemp("issuers"), text)
    apply(made, read(file), Terms(vault=ring(new_entry("k1"))), actor="maria", now=NOW)
    yield made
    database.close()


def token(key: Any = KEY, alg: str = "ES256", **changes: Any) -> str:
    now = int(NOW.timestamp())
    said = {"iss": WHO, "aud": ["us", "them"], "sub": "robot", "exp": now + 300, "tenant": "t-1"}
    said |= {"scope": "tickets:read openid"} | changes
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": str(getattr(key, "kid", ""))}, kept, key, algorithms=[alg])


def called(context: Context, web: Web, text: str) -> Any:
    return bearer(context, text, web.issuers, now=web.now, address=None)


def test_a_token_stands_for_an_organization_and_may_what_both_say(context: Context) -> None:
    who = called(context, Web(), token())
    assert (who.id, who.label) == (f"{WHO}#robot", "robot")
    assert who.permissions == {Permission.TICKETS_READ}
    assert who.scope == Scope.of(who.org_id)
    more = called(context, Web(), token(scope="tickets:write admin"))
    assert more.permissions == {Permission.TICKETS_READ, Permission.TICKETS_WRITE}
    assert called(context, Web(), token(scope=["admin"])).permissions == set()


BAD: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "them"},
    "no audience": {"aud": None},
    "ended": {"exp": int(NOW.timestamp()) - 61},
    "no end": {"exp": None},
    "an end that is none": {"exp": "tomorrow"},
    "not yet": {"nbf": int(NOW.timestamp()) + 61},
    "nobody": {"sub": ""},
    "somebody with a NUL": {"sub": "a\0b"},
    "an unknown tenant": {"tenant": "t-3"},
    "a tenant whose organization is gone": {"tenant": "t-2"},
    "no tenant": {"tenant": None},
    "the operator": {"tenant": "operator"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_what_a_token_must_say(context: Context, changes: dict[str, Any]) -> None:
    assert called(context, Web(), token(**changes)) is None


def test_only_its_own_keys_sign_for_an_issuer(context: Context) -> None:
    web = Web()
    head, body, signature = token().split(".")
    shared = OctKey.import_key(orjson.dumps(KEY.as_dict(private=False)))
    bad = [
        token(ECKey.generate_key("P-256", {"kid": "one"})),
        token(shared, "HS256"),
        f"{head}.{body}.{signature[:-2]}AA",
        f"eyJhbGciOiJub25lIn0.{body}.",
        "a.b.c",
        "..",
    ]
    assert [called(context, web, text) for text in bad] == [None] * len(bad)
    narrow = replace(TRUSTED, algorithms=("RS256",))
    web.issuers = replace(web.issuers, trusted={WHO: narrow})
    assert called(context, web, token()) is None


def test_nobody_is_asked_about_an_issuer_that_is_not_trusted(context: Context) -> None:
    web = Web()
    assert called(context, web, token(iss="https://elsewhere.example")) is None
    assert web.asked == []


def test_keys_are_remembered_and_asked_for_anew_when_they_change(context: Context) -> None:
    web = Web()
    for _ in range(3):
        assert called(context, web, token()) is not None
    assert len(web.asked) == 2
    web.keys = [NEXT]
    assert called(context, web, token(NEXT)) is None  # within a minute nobody makes us ask again
    web.now += timedelta(minutes=1)
    assert called(context, web, token(NEXT)) is not None
    assert called(context, web, token(KEY)) is None
    assert len(web.asked) == 3


def test_an_issuer_that_is_away_lets_nobody_in(context: Context) -> None:
    web = Web()
    web.away = True
    for _ in range(5):
        assert called(context, web, token()) is None
    assert len(web.asked) == 1  # nobody makes us wait for it again and again
    web.away, web.now = False, web.now + timedelta(seconds=30)
    assert called(context, web, token()) is not None


FILE = """
providers:
  - {code: corp, name: Corporate, issuer: "https://login.example", client_id: interdesk, client_secret: {env: CORP_SECRET}}
issuers:
  - {issuer: "https://idp.example", audience: us, organization: acme, permissions: ["tickets:read"]}
"""


def test_the_file_names_providers_and_issuers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "identity.yaml"
    file.write_text(FILE)
    with pytest.raises(ConfigError, match="CORP_SECRET"):
        identity.read(file)
    monkeypatch.setenv("CORP_SECRET", "s3cret-of-the-corporation")
    found = identity.read(file)
    assert found.providers["corp"].client_secret == "s3cret-of-the-corporation"
    assert "s3cret" not in repr(found)
    assert found.issuers[WHO].values == {"": "acme"}
    assert identity.read(None) == identity.Identity()


@pytest.mark.parametrize(
    ("old", "new"),
    [("tickets:read", "tickets:reed"), ("audience: us", "audience: 7"), ("providers:", "provider:")],
)
def test_a_file_that_is_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.setenv("CORP_SECRET", "x" * 20)
    file = tmp_path / "identity.yaml"
    file.write_text(FILE.replace(old, new))
    with pytest.raises(Invalid):
        identity.read(file)
    with pytest.raises(ConfigError):
        identity.read(tmp_path / "absent.yaml")
