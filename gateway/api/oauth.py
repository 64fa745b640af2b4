"""OAuth 2.0 for programs: `/oauth/token` (client credentials, RFC 6749, 4.4), `/oauth/introspect` (RFC 7662), `/oauth/revoke` (RFC 7009), and
what there is (RFC 8414). Clients show who they are by a secret or by an assertion that they sign (RFC 7523)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from gateway import jwts
from gateway.api.deps import AnyHouse, reached
from gateway.api.house import House
from gateway.domain.permissions import Permission
from gateway.errors import SignatureInvalid
from gateway.flows import clients
from gateway.flows.addresses import address_of
from gateway.flows.issuers import moment
from gateway.store.oauth import Client, Token

router = APIRouter()
METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_LARGEST = 64_000
_MOST_FIELDS = 20
_FORM = "application/x-www-form-urlencoded"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Known(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client as Authlib asks about it. What is not asked here belongs to grants that there are not."""

    house: House
    client: Client

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is one of the client's."""
        return clients.has_secret(self.house.context, self.client, client_secret, now=self.house.now())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Who has keys signs; who has none has a secret."""
        return (method == "private_key_jwt") == (self.client.jwks is not None)

    def check_grant_type(self, grant_type: str) -> bool:
        """There is one grant, and it is for all."""
        return bool(grant_type == ClientCredentialsGrant.GRANT_TYPE)


@dataclass(frozen=True)
class Held:
    """A token as Authlib asks about it."""

    house: House
    token: Token

    def check_client(self, client: Known) -> bool:
        """Whether it is this client's."""
        return self.token.client_id == client.client.id

    def is_expired(self) -> bool:
        """Whether it is good no more, for whatever reason."""
        return not clients.is_good(self.house.context, self.token, now=self.house.now())

    def is_revoked(self) -> bool:
        """Told by `is_expired` as well."""
        return self.token.revoked_at is not None


class Asked(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """One request. TLS ends at the operator's proxy, so the scheme of an address says nothing here; the method and fields do."""

    def __init__(self, headers: Mapping[str, str], fields: dict[str, str], address: str | None) -> None:
        super().__init__("POST", "https://here/", headers=headers)
        self.payload = BasicOAuth2Payload(fields)
        self.fields = fields
        self.address = address

    @property
    def form(self) -> dict[str, str]:
        """The fields of the body."""
        return self.fields


class Grant(ClientCredentialsGrant):  # type: ignore[misc]
    """Client credentials, with each of our ways to show who one is."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """A client may ask about its own tokens; of any other it hears what it hears of none."""

    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Held | None:
        """The token, good or not."""
        return self.server.held(token_string)  # type: ignore[no-any-return]

    def check_permission(self, token: Held, client: Known, request: Asked) -> bool:
        """Its own only."""
        return token.check_client(client)

    def introspect_token(self, token: Held) -> dict[str, Any]:
        """What there is to tell."""
        return dict(clients.described(token.token))


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """A client gives its own token back."""

    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Held | None:
        """The token; another client's is like none, for the answer must not tell that there is one."""
        held = self.server.held(token_string)
        return held if held is not None and held.check_client(self.server.asking) else None

    def revoke_token(self, token: Held, request: Asked) -> None:
        """At once."""
        clients.take_back(token.house.context, token.token, now=token.house.now())


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for one request, with our clients and tokens."""

    def __init__(self, house: House, asked: Asked) -> None:
        super().__init__(scopes_supported=[one.value for one in Permission])
        self.house, self.asked, self.issuer = house, asked, house.address
        self.asking: Known | None = None
        self.register_grant(Grant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)
        self.register_token_generator("default", self._token)
        self.register_client_auth_method("private_key_jwt", self._by_assertion)

    def create_oauth2_request(self, request: Asked) -> Asked:
        """It was read already."""
        return request

    def query_client(self, client_id: str) -> Known | None:
        """A client that may ask from where this request comes."""
        found = clients.known(self.house.context, client_id, self.asked.address)
        return Known(self.house, found) if found else None

    def authenticate_client(self, request: Asked, methods: list[str], endpoint: str = "token") -> Known:
        """Who asks. Whatever is wrong is told in the same words: nobody learns which clients there are."""
        try:
            self.asking = super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError) as error:  # Authlib lets what is no UTF-8 through
            status = 401 if "Authorization" in request.headers else 400
            told = "the client is unknown, or did not show who it is"
            raise InvalidClientError(status_code=status, description=told) from error
        return self.asking

    def held(self, text: str) -> Held | None:
        """A token of ours."""
        found = clients.token_of(self.house.context, text)
        return Held(self.house, found) if found else None

    def validate_requested_scope(self, scope: str | None) -> None:
        """Raises InvalidScopeError for more than the client may."""
        if self.asking is None or clients.granted(self.asking.client, (scope or "").split()) is None:
            raise InvalidScopeError

    def _token(self, *, client: Known, scope: str | None, **_: Any) -> dict[str, Any]:
        allowed = clients.granted(client.client, (scope or "").split()) or ()
        text = clients.give(self.house.context, client.client, allowed, now=self.house.now())
        lasts = int(clients.LASTS.total_seconds())
        return {
            "access_token": text,
            "token_type": "Bearer",
            "expires_in": lasts,
            "scope": " ".join(allowed),
        }

    def save_token(self, token: Mapping[str, Any], request: Asked) -> None:
        """It was kept as it was made, by its digest."""

    def send_signal(self, name: str, *args: object, **named: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        """As FastAPI answers."""
        told = {**dict(headers), "cache-control": "no-store", "pragma": "no-cache"}
        if status == 401:
            told = {**told, "www-authenticate": 'Basic realm="interdesk"'}
        return Response(orjson.dumps(body), status_code=status, headers=told)

    def _by_assertion(self, _query: object, asked: Asked) -> Known | None:
        """RFC 7523, 3: signed by the client's key, by and about itself, for us, not for long, and once."""
        text = asked.form.get("client_assertion", "")
        if asked.form.get("client_assertion_type") != ASSERTION_TYPE or not text:
            return None
        try:
            subject = jwts.unread(text).get("sub")
            known = self.query_client(subject) if isinstance(subject, str) else None
            if known is None or known.client.jwks is None:
                return None
            said = jwts.claims(text, known.client.jwks)
        except SignatureInvalid:
            return None
        named = asked.form.get("client_id", known.client.id)
        return known if named == known.client.id and self._holds(known.client, said) else None

    def _holds(self, client: Client, said: Mapping[str, Any]) -> bool:
        now, leeway = self.house.now(), timedelta(seconds=60)
        audience = said.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        ends, jti = moment(said.get("exp")), said.get("jti")
        if said.get("iss") != client.id or not {self.issuer, f"{self.issuer}/oauth/token"} & {
            one for one in audiences if isinstance(one, str)
        }:
            return False
        if ends is None or not now - leeway < ends <= now + clients.LONGEST_ASSERTION + leeway:
            return False
        if not isinstance(jti, str) or not 0 < len(jti) <= 300:
            return False
        begins = moment(said.get("nbf", 0))
        if begins is None or begins > now + leeway:
            return False
        return clients.claim_assertion(self.house.context, client, jti, now=now, expires_at=ends + leeway)


async def _filled(request: Request) -> dict[str, str] | OAuth2Error:
    """The fields of the body, or what is wrong with it (RFC 6749, 3.2: none twice)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return InvalidRequestError(f"send the fields as {_FORM}")
    try:
        body = (await request.body())[: _LARGEST + 1]
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return InvalidRequestError("the body is no form")
    fields = {name: value for name, value in pairs if value}
    doubled = len({name for name, _ in pairs}) < len(pairs)
    if doubled or len(body) > _LARGEST or any(_CONTROL.search(text) for text in fields.values()):
        return InvalidRequestError("a field is given twice, or holds what none may")
    return fields


Filled = Annotated[dict[str, str] | OAuth2Error, Depends(_filled)]


def _server(request: Request, here: House, filled: dict[str, str] | OAuth2Error) -> Server:
    address = address_of(*reached(request), here.trusted_proxies)
    fields = filled if isinstance(filled, dict) else {}
    shown = request.headers.get("authorization")
    headers = {} if shown is None else {"Authorization": shown}
    return Server(here, Asked(headers, fields, address))


def _answered(request: Request, here: House, filled: dict[str, str] | OAuth2Error, door: str) -> Response:
    server = _server(request, here, filled)
    if not isinstance(filled, dict):
        return server.handle_error_response(server.asked, filled)  # type: ignore[no-any-return]
    if door == "token":
        return server.create_token_response(server.asked)  # type: ignore[no-any-return]
    try:
        return server.create_endpoint_response(door, server.asked)  # type: ignore[no-any-return]
    except OAuth2Error as error:
        return server.handle_error_response(server.asked, error)  # type: ignore[no-any-return]


@router.post("/oauth/token")
def token(request: Request, here: AnyHouse, filled: Filled) -> Response:
    """A token for a client."""
    return _answered(request, here, filled, "token")


@router.post("/oauth/introspect")
def introspect(request: Request, here: AnyHouse, filled: Filled) -> Response:
    """What a token is good for, to the client that has it."""
    return _answered(request, here, filled, Introspection.ENDPOINT_NAME)


@router.post("/oauth/revoke")
def revoke(request: Request, here: AnyHouse, filled: Filled) -> Response:
    """Give a token back."""
    return _answered(request, here, filled, Revocation.ENDPOINT_NAME)


@router.get("/.well-known/oauth-authorization-server")
def metadata(here: AnyHouse) -> dict[str, Any]:
    """What there is (RFC 8414, 3)."""
    doors = {
        name: f"{here.address}/oauth/{path}"
        for name, path in (
            ("token_endpoint", "token"),
            ("introspection_endpoint", "introspect"),
            ("revocation_endpoint", "revoke"),
        )
    }
    ways = {f"{name}_auth_methods_supported": METHODS for name in doors}
    signing = {f"{name}_auth_signing_alg_values_supported": list(jwts.ALGORITHMS) for name in doors}
    told = {
        "issuer": here.address,
        **doors,
        **ways,
        **signing,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [one.value for one in Permission],
    }
    return dict(AuthorizationServerMetadata(told))
