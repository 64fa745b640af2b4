"""Tokens that others issue to their programs (JWT, RFC 7519; RFC 9068): whose keys are asked, what the claims must say, whose
programs these are and what they may."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway import jwts
from gateway.domain import permissions
from gateway.errors import InterdeskError, SignatureInvalid
from gateway.flows.context import Context
from gateway.flows.identity import Issuer
from gateway.flows.known_keys import KnownKeys
from gateway.flows.principal import Principal
from gateway.store.scope import Scope

log = logging.getLogger(__name__)
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Issuers:
    """Those that are trusted, by name, and their keys."""

    trusted: Mapping[str, Issuer]
    keys: KnownKeys

    def principal(self, context: Context, text: str, *, now: datetime) -> Principal | None:
        """Who calls with this token; None for nobody. Nothing is fetched for an issuer that is not trusted."""
        try:
            issuer = self.trusted.get(str(jwts.unread(text).get("iss")))
            if issuer is None:
                return None
            said = self._claims(text, issuer)
        except SignatureInvalid:
            return None
        except InterdeskError as error:
            log.warning("the keys of an issuer cannot be had: %s", error)
            return None
        if not is_for_us(said, issuer.issuer, issuer.audience, now=now):
            return None
        return _principal(context, said, issuer)

    def _claims(self, text: str, issuer: Issuer) -> Mapping[str, Any]:
        near = issuer.private_network
        where = issuer.jwks_uri or str(
            self.keys.metadata(issuer.issuer, private_network=near).get("jwks_uri")
        )
        return self.keys.claims(text, where, issuer.algorithms, private_network=near)


def is_for_us(said: Mapping[str, Any], issuer: str, audience: str, *, now: datetime) -> bool:
    """Whether these claims are that issuer's, for this audience, about somebody, and of now."""
    told = said.get("aud")
    ends, begins = moment(said.get("exp")), moment(said.get("nbf", 0))
    subject = said.get("sub")
    return (
        said.get("iss") == issuer
        and audience in (told if isinstance(told, list) else [told])
        and isinstance(subject, str)
        and 0 < len(subject) <= 255
        and subject.isprintable()
        and ends is not None
        and now < ends + LEEWAY
        and begins is not None
        and begins <= now + LEEWAY
    )


def moment(value: object) -> datetime | None:
    """A NumericDate (RFC 7519, 2); None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**35:
        return None
    return datetime.fromtimestamp(value, UTC)


def _principal(context: Context, said: Mapping[str, Any], issuer: Issuer) -> Principal | None:
    code = issuer.values.get(str(said.get(issuer.claim)) if issuer.claim else "")
    with context.database.read() as db:
        known = {one.code: one.id for one in context.directory(db).organizations.values()}
    org_id = known.get(code or "")
    if org_id is None:
        return None
    allowed = issuer.permissions
    if issuer.scope_claim:
        told = said.get(issuer.scope_claim, "")
        names = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
        asked = permissions.named(str(name) for name in names)[0]
        allowed = permissions.with_what_follows(allowed) & permissions.with_what_follows(asked)
    return Principal(
        id=f"{issuer.issuer}#{said['sub']}",
        org_id=org_id,
        label=str(said["sub"]),
        scope=Scope.of(org_id),
        permissions=permissions.with_what_follows(allowed),
    )
