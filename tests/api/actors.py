"""Who comes to the doors, in every way there is: keys, people's sessions in each role, OAuth tokens of each scope, tokens of another
issuer; and each of them when it opens nothing any more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway import app as wiring
from gateway.app import Gateway
from gateway.desk_client.documents import Ask, Told
from gateway.domain.permissions import ALL, Permission, Role, of_role, with_what_follows
from gateway.flows import accounts, clients, keys, sessions
from gateway.flows.identity import Issuer
from gateway.flows.issuers import Issuers
from gateway.flows.known_keys import KnownKeys
from gateway.flows.sessions import COOKIE, Seat
from gateway.keys import new_session, new_token
from gateway.passwords import Cost
from gateway.store.scope import Scope

CHEAP = Cost(memory=64, passes=1, lanes=1)
WHO = "https://idp.example"
KEY, OTHER = (ECKey.generate_key("P-256", {"kid": "one"}) for _ in range(2))
_MAY = Permission.TICKETS_WRITE
TRUSTED = Issuer(
    issuer=WHO,
    audience="us",
    permissions=frozenset({_MAY}),
    claim="tenant",
    values={"t-1": "north"},
    scope_claim="scope",
)


@dataclass(frozen=True)
class Actor:
    """What it sends to be known, and what it may; `may` None: it is nobody."""

    headers: Mapping[str, str]
    may: frozenset[Permission] | None = None


NOBODY: frozenset[Permission] = frozenset()


def trust(app: FastAPI) -> None:
    """Have the doors believe an issuer whose keys never come over a wire."""
    found = {
        f"{WHO}/.well-known/openid-configuration": {"issuer": WHO, "jwks_uri": f"{WHO}/keys"},
        f"{WHO}/keys": {"keys": [KEY.as_dict(private=False)]},
    }

    def fetch(ask: Ask) -> Told:
        return Told(status=200, body=orjson.dumps(found[ask.url]))

    issuers = Issuers(trusted={WHO: TRUSTED}, keys=KnownKeys(fetch=fetch, now=wiring.utc_now))
    app.state.house = replace(app.state.house, issuers=issuers)
    app.state.parlour = replace(
        app.state.parlour,
        identity=replace(app.state.parlour.identity, issuers=issuers.trusted),
        known_keys=issuers.keys,
    )


def everybody(gateway: Gateway, code: str) -> dict[str, Actor]:
    """By name; all of one organization, but the operator and who is nobody."""
    made = Making(gateway, code, wiring.utc_now())
    return dict([*made.keys(), *made.sessions(), *made.tokens(), *made.foreign()])


@dataclass(frozen=True)
class Making:
    """Makes actors of an organization."""

    gateway: Gateway
    code: str
    now: datetime

    def keys(self) -> Iterator[tuple[str, Actor]]:
        """API keys. The key of an agent among them."""
        yield "nothing", Actor({})
        yield "basic", Actor({"authorization": "Basic bm9ydGg6eA=="})
        whole = self._key()
        yield "key", Actor(bearer(whole), ALL)
        yield "key, mistyped", Actor(bearer(f"{whole[:-1]}{'a' if whole[-1] != 'a' else 'b'}"))
        yield "agent's key", Actor(bearer(self._key(permissions=("agent",))), frozenset({Permission.AGENT}))
        yield "operator's key", Actor(bearer(self._key(organization=None)), ALL)
        past = {"expires_at": self.now - timedelta(days=1)}
        yield "key, expired", Actor(bearer(self._key(ago=timedelta(days=2), **past)))
        yield "key, elsewhere", Actor(bearer(self._key(networks=("10.0.0.0/8",))))
        text = self._key(label="off")
        (off,) = [one for one in keys.listed(self.gateway.context, Scope.operator()) if one.label == "off"]
        keys.revoke(self.gateway.context, off.id, actor="test", now=self.now)
        yield "key, taken back", Actor(bearer(text))

    def _key(self, ago: timedelta = timedelta(), **more: Any) -> str:
        wanted = keys.Wanted(**{"label": "t", "organization": self.code, **more})
        return keys.create(self.gateway.context, wanted, actor="test", now=self.now - ago)[1]

    def sessions(self) -> Iterator[tuple[str, Actor]]:
        """People of each role."""
        for role in Role:
            yield f"{role.value}'s session", Actor(cookie(self._session(role)), of_role(role))
        ended = self._session(Role.INTEGRATION_ADMIN, "ended")
        for name, email in (("signed out", "ended"), ("disabled", "off"), ("role changed", "moved")):
            text = ended if email == "ended" else self._session(Role.INTEGRATION_ADMIN, email)
            self._end(email)
            yield f"session, {name}", Actor(cookie(text))
        old = self._session(Role.INTEGRATION_ADMIN, "old", ago=sessions.IDLE)
        yield "session, too old", Actor(cookie(old))
        yield "session, made up", Actor(cookie(new_session()))

    def _session(self, role: Role, name: str = "", ago: timedelta = timedelta()) -> str:
        wanted = accounts.Wanted(
            email=f"{name or role.value}@{self.code}.example",
            role=role,
            organization=None if role in (Role.OPERATOR, Role.ACCOUNT_MANAGER) else self.code,
            customers=(self.code,) if role is Role.ACCOUNT_MANAGER else (),
        )
        context, at = self.gateway.context, self.now - ago
        invitation, _ = accounts.invite(context, wanted, actor="test", now=at)
        account = accounts.accept(context, invitation, "correct horse battery", CHEAP, now=at)
        assert account is not None
        return sessions.begin(context, account, Seat(browser="", address=""), now=at)

    def _end(self, name: str) -> None:
        context, email = self.gateway.context, f"{name}@{self.code}.example"
        if name == "off":
            accounts.disable(context, email, actor="test", now=self.now)
        elif name == "moved":
            wanted = accounts.Wanted(email=email, role=Role.CUSTOMER_VIEWER, organization=self.code)
            accounts.change_role(context, wanted, actor="test", now=self.now)
        else:
            (account,) = [one for one in accounts.listed(context) if one.email == email]
            sessions.end(context, account, now=self.now)

    def tokens(self) -> Iterator[tuple[str, Actor]]:
        """OAuth tokens of each scope."""
        for one in Permission:
            yield f"token, {one.value}", Actor(bearer(self._token(one)[1]), with_what_follows({one}))
        client, text = self._token(_MAY)
        clients.revoke(self.gateway.context, client, actor="test", now=self.now)
        yield "token, client taken back", Actor(bearer(text))
        yield "token, too old", Actor(bearer(self._token(_MAY, ago=clients.LASTS)[1]))
        yield "token, made up", Actor(bearer(new_token()))

    def _token(self, may: Permission, ago: timedelta = timedelta()) -> tuple[str, str]:
        wanted = clients.Wanted(label="t", permissions=(may.value,), organization=self.code)
        context, at = self.gateway.context, self.now - ago
        client, _ = clients.register(context, wanted, actor="test", now=at)
        return client.id, clients.give(context, client, (may.value,), now=at)

    def foreign(self) -> Iterator[tuple[str, Actor]]:
        """Tokens of another issuer."""
        yield "foreign token", Actor(bearer(self._jwt()), with_what_follows({_MAY}))
        yield "foreign token, narrowed", Actor(bearer(self._jwt(scope="links:write")), NOBODY)
        yield "foreign token, ended", Actor(bearer(self._jwt(exp=int(self.now.timestamp()) - 300)))
        yield "foreign token, of nobody here", Actor(bearer(self._jwt(tenant="t-2")))
        yield "foreign token, for another", Actor(bearer(self._jwt(aud="them")))
        yield "foreign token, of a stranger", Actor(bearer(self._jwt(iss="https://other.example")))
        yield "foreign token, forged", Actor(bearer(self._jwt(OTHER)))

    def _jwt(self, key: ECKey = KEY, **changes: Any) -> str:
        ends = int(self.now.timestamp()) + 3_600
        said = {"iss": WHO, "aud": "us", "sub": "robot", "exp": ends, "tenant": "t-1", "scope": _MAY.value}
        return jwt.encode({"alg": "ES256", "kid": "one"}, said | changes, key, algorithms=["ES256"])


def bearer(text: str) -> dict[str, str]:
    """The header of a key or a token."""
    return {"authorization": f"Bearer {text}"}


def cookie(text: str) -> dict[str, str]:
    """The header of a session."""
    return {"cookie": f"{COOKIE}={text}"}
