"""The way to an identity provider and back: authorization code with PKCE (RFC 7636), `state`, `nonce` and `iss` (RFC 9207). What belongs
together is derived from one random secret that only the visitor's browser keeps."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from gateway import jwts
from gateway.desk_client.documents import Ask
from gateway.errors import InterdeskError
from gateway.flows.identity import Provider
from gateway.flows.issuers import is_for_us, moment
from gateway.flows.known_keys import KnownKeys


class NotBack(InterdeskError):
    """Whoever came back did not come from where we sent somebody: nobody is signed in."""

    code = "IDK-1411"


@dataclass(frozen=True)
class Way:
    """One way there and back. `secret` is the browser's."""

    secret: str

    @staticmethod
    def new() -> "Way":
        """A fresh one."""
        return Way(secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """What the provider gives back: it belongs to this browser."""
        return self._part("state")

    @property
    def nonce(self) -> str:
        """What the ID token repeats: it was made for this way."""
        return self._part("nonce")

    @property
    def verifier(self) -> str:
        """What only we can show for the code."""
        return self._part("verifier")

    def _part(self, name: str) -> str:
        made = hmac.new(self.secret.encode(), name.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@dataclass(frozen=True, kw_only=True)
class Oidc:
    """One provider, and what it publishes. `back` is our redirect URI."""

    provider: Provider
    keys: KnownKeys
    back: str

    def away(self, way: Way) -> str:
        """Where to send the browser."""
        uri: str = prepare_grant_uri(
            self._address("authorization_endpoint"),
            self.provider.client_id,
            "code",
            redirect_uri=self.back,
            scope="openid",
            state=way.state,
            nonce=way.nonce,
            code_challenge=create_s256_code_challenge(way.verifier),
            code_challenge_method="S256",
        )
        return uri

    def subject(self, way: Way, told: Mapping[str, str], *, now: datetime) -> str:
        """Who came back with these parameters. Raises NotBack; DeskUnavailable where the provider does not answer."""
        if not hmac.compare_digest(told.get("state", "").encode(), way.state.encode()):
            raise NotBack("the state is another browser's")
        metadata = self._metadata()
        named = told.get("iss")
        if named is None and metadata.get("authorization_response_iss_parameter_supported") is True:
            raise NotBack("the provider did not say who it is")
        if named is not None and named != self.provider.issuer:
            raise NotBack("another provider answered")
        if "code" not in told:
            raise NotBack("the provider let nobody in", why=told.get("error", "")[:60])
        said = self._claims(self._exchanged(told["code"], way))
        self._check(said, way, now=now)
        return str(said["sub"])

    def _exchanged(self, code: str, way: Way) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": way.verifier,
        }
        headers, named = {}, self.provider.client_id
        ways = self._metadata().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self.provider.client_secret and "client_secret_basic" in ways:
            pair = f"{quote(named, safe='')}:{quote(self.provider.client_secret, safe='')}"
            headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        else:
            form["client_id"] = named
            if self.provider.client_secret:
                form["client_secret"] = self.provider.client_secret
        near = self.provider.private_network
        ask = Ask(url=self._address("token_endpoint"), form=form, headers=headers, private_network=near)
        told = self.keys.fetch(ask)
        try:
            found = orjson.loads(told.body)
        except ValueError:
            found = None
        token = found.get("id_token") if isinstance(found, dict) else None
        if told.status != 200 or not isinstance(token, str):
            raise NotBack("the provider does not take its own code", why=f"it answers {told.status}")
        return token

    def _claims(self, token: str) -> dict[str, Any]:
        near = self.provider.private_network
        return self.keys.claims(token, self._address("jwks_uri"), jwts.ALGORITHMS, private_network=near)

    def _check(self, said: Mapping[str, Any], way: Way, *, now: datetime) -> None:
        """OpenID Connect Core 1.0, 3.1.3.7."""
        audience, party = said.get("aud"), said.get("azp", self.provider.client_id)
        alone = not isinstance(audience, list) or len(audience) == 1 or "azp" in said
        nonce = said.get("nonce")
        fits = (
            is_for_us(said, self.provider.issuer, self.provider.client_id, now=now)
            and party == self.provider.client_id
            and alone
            and moment(said.get("iat")) is not None
            and isinstance(nonce, str)
            and hmac.compare_digest(nonce.encode("utf-8", "replace"), way.nonce.encode())
        )
        if not fits:
            raise NotBack("the ID token is not for this way")

    def _metadata(self) -> Mapping[str, Any]:
        return self.keys.metadata(self.provider.issuer, private_network=self.provider.private_network)

    def _address(self, name: str) -> str:
        found = self._metadata().get(name)
        if not isinstance(found, str):
            raise NotBack(f"the provider does not say its {name}")
        return found
