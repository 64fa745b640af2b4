"""T24: programs get tokens of ours by secret or by signature, use them at the doors, ask about them and give them back; who shows
nothing, too little or the same twice gets none."""

import base64
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway import app as wiring
from gateway import keys as key_form
from gateway.app import Gateway
from gateway.errors import Invalid, Refused
from gateway.flows import clients
from gateway.flows.apply import apply
from gateway.flows.clients import Wanted
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from tests.api import house
from tests.api.house import Answer, Doors
from tests.flows.installation import write

KEY = ECKey.generate_key("P-256", {"kid": "one"})
OTHER = ECKey.generate_key("P-256", {"kid": "one"})
SHORT = {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xc1" * 128).decode().rstrip("=")}
JWKS = {"keys": [KEY.as_dict(private=False)]}


PUSHER = """
organizations: [{code: pusher, name: Pusher}]
desks: [{code: pusher, organization: pusher, connector: api_desk}]
"""
TICKETS = "/tmf-api/troubleTicket/v5/troubleTicket"
NEW = {"name": "n", "description": "The till is dead", "severity": "Major", "ticketType": "incident"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("oauth")
    with house.installed(folder) as opened:
        wanted, terms = read(write(folder, PUSHER, "pusher.yaml")), Terms(vault=opened.vault)
        apply(opened.context, wanted, terms, actor="test", now=wiring.utc_now())
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        yield opened


def made(gateway: Gateway, *may: str, code: str = "north", **more: Any) -> tuple[str, str]:
    wanted = Wanted(label="push", permissions=may or ("tickets:write",), organization=code, **more)
    client, secret = clients.register(gateway.context, wanted, actor="test", now=wiring.utc_now())
    return client.id, secret or ""


def ask(doors: Doors, door: str, basic: tuple[str, str] | None = None, **fields: str) -> Answer:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if basic:
        headers["authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    return doors.send("POST", f"/oauth/{door}", body=urlencode(fields).encode(), headers=headers)


def token(doors: Doors, client: tuple[str, str], **fields: str) -> Answer:
    return ask(doors, "token", client, grant_type="client_credentials", **fields)


def listed(doors: Doors, text: str) -> Answer:
    return doors.send("GET", "/v1/tickets", headers={"authorization": f"Bearer {text}"})


def issuer(gateway: Gateway) -> str:
    return gateway.settings.address


def test_a_stock_client_gets_a_token_and_is_let_in(gateway: Gateway, doors: Doors, monkeypatch: Any) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    door = f"http://127.0.0.1:{doors.port}"
    for method in ("client_secret_basic", "client_secret_post"):
        name, secret = made(gateway)
        with OAuth2Client(name, secret, token_endpoint_auth_method=method) as client:
            told = client.fetch_token(f"{door}/oauth/token", grant_type="client_credentials")
            assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 900, "tickets:write")
            assert client.get(f"{door}/v1/tickets").status_code == 200
            assert client.get(f"{door}/v1/links").status_code == 403


def test_a_stock_client_shows_who_it_is_by_a_signature(
    gateway: Gateway, doors: Doors, monkeypatch: Any
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    name, _ = made(gateway, jwks=JWKS)
    way = PrivateKeyJWT(f"{issuer(gateway)}/oauth/token", headers={"kid": "one"}, alg="ES256")
    door = f"http://127.0.0.1:{doors.port}"
    with OAuth2Client(name, KEY, token_endpoint_auth_method=way) as client:
        client.fetch_token(f"{door}/oauth/token", grant_type="client_credentials")
        assert client.get(f"{door}/v1/tickets").status_code == 200


def test_stock_clients_push_a_ticket_and_stop_with_their_client(
    gateway: Gateway, doors: Doors, monkeypatch: Any
) -> None:
    """Authlib's client by secret and by signature, and the standard library's as a stranger writes it."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    door = f"http://127.0.0.1:{doors.port}"
    way = PrivateKeyJWT(f"{issuer(gateway)}/oauth/token", headers={"kid": "one"}, alg="ES256")
    by_key, _ = made(gateway, code="pusher", jwks=JWKS)
    by_secret = made(gateway, code="pusher")
    for name, client in {
        by_secret[0]: OAuth2Client(*by_secret, token_endpoint_auth_method="client_secret_basic"),
        by_key: OAuth2Client(by_key, KEY, token_endpoint_auth_method=way),
    }.items():
        with client:
            client.fetch_token(f"{door}/oauth/token", grant_type="client_credentials")
            pushed = client.post(f"{door}{TICKETS}", json=NEW)
            assert (pushed.status_code, pushed.json()["description"]) == (201, NEW["description"])
            assert client.get(f"{door}{TICKETS}/{pushed.json()['id']}").json()["severity"] == "Major"
            clients.revoke(gateway.context, name, actor="test", now=wiring.utc_now())
            assert client.get(f"{door}{TICKETS}").status_code == 401  # the next request, not the next token

    name, secret = made(gateway, code="pusher")
    form = urlencode({"grant_type": "client_credentials", "client_id": name, "client_secret": secret})
    with urllib.request.urlopen(f"{door}/oauth/token", form.encode(), timeout=10) as answer:
        text = orjson.loads(answer.read())["access_token"]
    headers = {"authorization": f"Bearer {text}", "content-type": "application/json"}
    asked = urllib.request.Request(f"{door}{TICKETS}", orjson.dumps(NEW), headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 201


def signed(gateway: Gateway, name: str, key: ECKey = KEY, alg: str = "ES256", **changes: Any) -> str:
    now = int(wiring.utc_now().timestamp())
    said = {"iss": name, "sub": name, "aud": issuer(gateway), "exp": now + 120, "jti": wiring.new_id("jti")}
    said |= changes
    header = {"alg": alg, "kid": "one"}
    return jwt.encode(header, {k: v for k, v in said.items() if v is not None}, key, algorithms=[alg])


def by(assertion: str) -> dict[str, str]:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": assertion}


def test_an_assertion_is_good_once(gateway: Gateway, doors: Doors) -> None:
    name, _ = made(gateway, jwks=JWKS)
    assertion = signed(gateway, name)
    answers = [ask(doors, "token", None, grant_type="client_credentials", **by(assertion)) for _ in range(3)]
    assert [one.status for one in answers] == [200, 400, 400]


BAD: dict[str, Mapping[str, Any]] = {
    "for another": {"aud": "https://elsewhere.example"},
    "for nobody": {"aud": None},
    "ended": {"exp": 1_700_000_000},
    "without an end": {"exp": None},
    "for ever": {"exp": 32_000_000_000},
    "an end beyond time": {"exp": 1e300},
    "not yet": {"nbf": 32_000_000_000},
    "by another": {"iss": "cli_other"},
    "without a jti": {"jti": None},
    "a jti of no text": {"jti": 7},
    "a jti beyond all length": {"jti": "x" * 301},
    "of nobody": {"sub": "cli_00000000000000000000000000"},
    "of no text": {"sub": 5},
    "with a NUL": {"sub": "cli_\0"},
}


@pytest.fixture(scope="module")
def signer(gateway: Gateway) -> str:
    return made(gateway, jwks=JWKS)[0]


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_bad_assertion_gets_nothing(
    gateway: Gateway, doors: Doors, signer: str, changes: Mapping[str, Any]
) -> None:
    told = ask(
        doors, "token", None, grant_type="client_credentials", **by(signed(gateway, signer, **changes))
    )
    assert (told.status, told.document["error"]) == (400, "invalid_client")


def test_a_signature_that_does_not_hold_gets_nothing(gateway: Gateway, doors: Doors, signer: str) -> None:
    good = signed(gateway, signer)
    head, body, signature = good.split(".")
    plain = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    hmac = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    bad = [
        signed(gateway, signer, OTHER),
        f"{plain}.{body}.",
        f"{plain}.{body}.{signature}",
        f"{hmac}.{body}.{signature}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}",
        "a.b.c",
        "ä.ö.ü",
        "x" * 20_000,
    ]
    for text in bad:
        told = ask(doors, "token", None, grant_type="client_credentials", **by(text))
        assert (told.status, told.document["error"]) == (400, "invalid_client"), text[:60]


def test_who_does_not_show_who_it_is_hears_the_same(gateway: Gateway, doors: Doors, signer: str) -> None:
    name, secret = made(gateway)
    unknown = wiring.new_id("cli")
    wrong = key_form.new_client_secret()
    tries = [(name, wrong), (unknown, secret), (signer, secret), (name, "x"), ("a\0b", secret), ("ä", "ö")]
    answers = {(told.status, told.body) for told in (token(doors, one) for one in tries)}
    assert len(answers) == 1
    ((status, body),) = answers
    assert (status, orjson.loads(body)["error"]) == (401, "invalid_client")
    assert ask(doors, "token", grant_type="client_credentials").status == 400


def test_a_client_gets_no_more_than_it_may(gateway: Gateway, doors: Doors) -> None:
    client = made(gateway, "tickets:write", "links:read")
    assert token(doors, client, scope="tickets:read").document["scope"] == "tickets:read"
    for more in ("links:write", "tickets:read admin", "nonsense"):
        told = token(doors, client, scope=more)
        assert (told.status, told.document["error"]) == (400, "invalid_scope")


def test_a_secret_is_rotated_with_an_overlap(gateway: Gateway, doors: Doors) -> None:
    name, old = made(gateway)
    now = wiring.utc_now()
    _, fresh = clients.rotate(gateway.context, name, timedelta(hours=1), actor="test", now=now)
    assert [token(doors, (name, one)).status for one in (old, fresh)] == [200, 200]
    _, last = clients.rotate(gateway.context, name, timedelta(), actor="test", now=now)
    assert [token(doors, (name, one)).status for one in (old, fresh, last)] == [401, 401, 200]


def test_tokens_end_are_given_back_and_go_with_their_client(gateway: Gateway, doors: Doors) -> None:
    client, other = made(gateway), made(gateway)
    one, two = (token(doors, client).document["access_token"] for _ in range(2))
    told = ask(doors, "introspect", client, token=one).document
    assert (told["active"], told["client_id"], told["scope"]) == (True, client[0], "tickets:write")
    assert ask(doors, "introspect", other, token=one).document == {"active": False}
    assert ask(doors, "revoke", other, token=one).status == 200
    assert listed(doors, one).status == 200

    assert ask(doors, "revoke", client, token=one).status == 200
    assert listed(doors, one).status == 401
    assert ask(doors, "introspect", client, token=one).document == {"active": False}
    assert ask(doors, "revoke", client, token="nonsense").status == 200
    assert listed(doors, two).status == 200
    clients.revoke(gateway.context, client[0], actor="test", now=wiring.utc_now())
    assert listed(doors, two).status == 401
    assert token(doors, client).status == 401


def test_a_token_ends(gateway: Gateway) -> None:
    now = wiring.utc_now()
    wanted = Wanted(label="brief", permissions=("tickets:read",))
    client, _ = clients.register(gateway.context, wanted, actor="test", now=now)
    text = clients.give(gateway.context, client, ("tickets:read",), now=now)
    for at, good in ((now + clients.LASTS - timedelta(seconds=1), True), (now + clients.LASTS, False)):
        found = clients.principal(gateway.context, text, now=at, address=None)
        assert (found is not None) is good


def test_a_client_is_refused_from_elsewhere(gateway: Gateway, doors: Doors) -> None:
    assert token(doors, made(gateway, networks=("127.0.0.0/8",))).status == 200
    assert token(doors, made(gateway, networks=("10.0.0.0/8",))).status == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"grant_type=password", "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(30)), "application/x-www-form-urlencoded"),
        (b"a=%00", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_request_for_a_token_is_told(doors: Doors, body: bytes, kind: str) -> None:
    for door in ("token", "introspect", "revoke"):
        told = doors.send("POST", f"/oauth/{door}", body=body, headers={"content-type": kind})
        assert told.status in {400, 401}
        assert told.document["error"] in {"invalid_request", "unsupported_grant_type", "invalid_client"}


def test_what_there_is_is_told(gateway: Gateway, doors: Doors) -> None:
    told = doors.send("GET", "/.well-known/oauth-authorization-server").document
    assert told["issuer"] == issuer(gateway)
    assert told["token_endpoint"] == f"{issuer(gateway)}/oauth/token"
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize(
    "jwks",
    [{}, {"keys": []}, {"keys": [KEY.as_dict(private=True)]}, {"keys": [{"kty": "oct", "k": "AAAA"}]},
     {"keys": [{"kty": "EC"}]}, {"keys": [SHORT]}, [], {"keys": [KEY.as_dict(private=False)] * 21}],
    ids=["nothing", "none", "private", "secret", "broken", "short", "a list", "many"],
)  # fmt: skip
def test_keys_that_nobody_should_sign_with_are_refused(gateway: Gateway, jwks: object) -> None:
    with pytest.raises(Invalid):
        made(gateway, jwks=jwks)


def test_a_client_that_signs_has_no_secret_to_rotate(gateway: Gateway, signer: str) -> None:
    with pytest.raises(Refused, match="no secret"):
        clients.rotate(gateway.context, signer, timedelta(), actor="test", now=wiring.utc_now())


def test_nothing_of_a_secret_or_token_is_kept(gateway: Gateway, doors: Doors) -> None:
    name, secret = made(gateway)
    text = token(doors, (name, secret)).document["access_token"]
    kept = (gateway.settings.data_dir / "interdesk.db").read_bytes()
    wal = gateway.settings.data_dir / "interdesk.db-wal"
    kept += wal.read_bytes() if wal.exists() else b""
    assert key_form.digest(text).encode() in kept
    assert secret.encode() not in kept
    assert text.encode() not in kept


def test_rsa_keys_of_a_good_size_are_taken(gateway: Gateway) -> None:
    key = RSAKey.generate_key(2048)
    assert made(gateway, jwks={"keys": [key.as_dict(private=False)]})


@pytest.mark.parametrize(
    "shown",
    [
        "Basic /////w==",
        "Basic %",
        "Basic",
        "Basic " + "A" * 9_000,
        "Bearer x",
        "Basic Og==",
        "Basic YTpi=",
        "\xff",
        "Basic AAAA",
    ],
)
def test_what_no_client_would_show_is_refused(doors: Doors, shown: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "authorization": shown}
    for door in ("token", "introspect", "revoke"):
        body = b"grant_type=client_credentials&token=x"
        told = doors.send("POST", f"/oauth/{door}", body=body, headers=headers)
        assert (told.status, told.document["error"]) == (401, "invalid_client")
