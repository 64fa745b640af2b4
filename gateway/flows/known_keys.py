"""What identity providers publish of themselves: metadata (OpenID Connect Discovery 1.0; RFC 8414) and keys (RFC 7517), fetched when
they are needed and remembered for ten minutes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from gateway import jwts
from gateway.desk_client.documents import Ask, Fetch
from gateway.errors import AnswerUnreadable, DeskUnavailable, InterdeskError, SignatureInvalid

REMEMBER = timedelta(minutes=10)
AGAIN = timedelta(minutes=1)
"""So soon keys are fetched anew at most, because a token names one that is not known: anybody can name one."""
PAUSE = timedelta(seconds=30)
"""So long nobody makes us wait again for a server that did not answer."""
_METADATA = "/.well-known/openid-configuration"


@dataclass(kw_only=True)
class KnownKeys:
    """One for each process; `fetch` asks, `now` is the wall clock."""

    fetch: Fetch
    now: Callable[[], datetime]
    _failed: dict[str, datetime] = field(default_factory=dict)
    _kept: dict[str, tuple[datetime, Mapping[str, Any]]] = field(default_factory=dict)

    def metadata(self, issuer: str, *, private_network: bool) -> Mapping[str, Any]:
        """What the issuer says of itself. Raises AnswerUnreadable if that is somebody else, DeskUnavailable."""
        found = self._document(issuer.rstrip("/") + _METADATA, REMEMBER, private_network=private_network)
        if found.get("issuer") != issuer:
            raise AnswerUnreadable(f"{issuer} does not say that it is {issuer}")
        return found

    def claims(
        self, text: str, jwks_uri: str, algorithms: tuple[str, ...], *, private_network: bool
    ) -> dict[str, Any]:
        """The claims of a token that one of the keys signed; keys that were changed are fetched anew. Raises SignatureInvalid,
        AnswerUnreadable, DeskUnavailable."""
        keys = self._document(jwks_uri, REMEMBER, private_network=private_network)
        try:
            return jwts.claims(text, jwts.usable(keys), algorithms)
        except SignatureInvalid:
            newer = self._document(jwks_uri, AGAIN, private_network=private_network)
            if newer is keys:
                raise
            return jwts.claims(text, jwts.usable(newer), algorithms)

    def _document(self, url: str, lasts: timedelta, *, private_network: bool) -> Mapping[str, Any]:
        now = self.now()
        at, known = self._kept.get(url, (None, None))
        if at is not None and known is not None and now < at + lasts:
            return known
        if url in self._failed and now < self._failed[url] + PAUSE:
            raise DeskUnavailable(f"{url} did not answer a moment ago")
        try:
            found = self._fetched(Ask(url=url, private_network=private_network))
        except InterdeskError:
            self._failed[url] = now
            raise
        self._kept[url] = (now, found)
        return found

    def _fetched(self, ask: Ask) -> Mapping[str, Any]:
        told = self.fetch(ask)
        try:
            found = orjson.loads(told.body)
        except ValueError:
            found = None
        if told.status != 200 or not isinstance(found, dict):
            raise AnswerUnreadable(f"{ask.url} answers {told.status}, and no document")
        return found
