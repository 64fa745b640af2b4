"""Who else says who somebody is: the file that INTERDESK_IDENTITY_FILE names, read when a process starts
(schemas/identity.v1.json)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway import schemas
from gateway.config import environment_secret
from gateway.domain.permissions import Permission
from gateway.errors import ConfigError, Invalid
from gateway.flows.keys import checked_permissions
from gateway.installation import yaml_text
from gateway.jwts import ALGORITHMS


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An identity provider that people sign in with."""

    code: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    private_network: bool = False


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An issuer of programs' tokens. `claim` empty: all are of the organization with the code `values[""]`."""

    issuer: str
    audience: str
    permissions: frozenset[Permission]
    claim: str
    values: Mapping[str, str]
    jwks_uri: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS
    scope_claim: str = ""
    private_network: bool = False


@dataclass(frozen=True, kw_only=True)
class Identity:
    """All of them."""

    providers: Mapping[str, Provider] = field(default_factory=dict)
    issuers: Mapping[str, Issuer] = field(default_factory=dict)


def read(path: Path | None) -> Identity:
    """What the file says; nothing without a file. Raises ConfigError for a file that cannot be read, or a secret that is not
    there; Invalid for one that breaks its schema."""
    if path is None:
        return Identity()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"INTERDESK_IDENTITY_FILE: {path} cannot be read", why=type(error).__name__
        ) from error
    told = yaml_text.documents(text, source=path.name)
    found = told[0] if told else {}
    schemas.check("identity", found)
    providers = [_provider(one) for one in found.get("providers", ())]
    issuers = [_issuer(one) for one in found.get("issuers", ())]
    made = Identity(
        providers={one.code: one for one in providers}, issuers={one.issuer: one for one in issuers}
    )
    if len(made.providers) < len(providers) or len(made.issuers) < len(issuers):
        raise Invalid(f"{path.name} names one provider or issuer twice")
    return made


def _provider(document: Mapping[str, Any]) -> Provider:
    secret = document.get("client_secret")
    plain = {name: value for name, value in document.items() if name != "client_secret"}
    return Provider(client_secret=environment_secret(secret["env"]) if secret else "", **plain)


def _issuer(document: Mapping[str, Any]) -> Issuer:
    owner = document["organization"]
    most = checked_permissions(document["permissions"])
    plain = {name: document[name] for name in document.keys() - {"organization", "permissions", "algorithms"}}
    return Issuer(
        claim="" if isinstance(owner, str) else owner["claim"],
        values={"": owner} if isinstance(owner, str) else owner["values"],
        permissions=frozenset(Permission(name) for name in most),
        algorithms=tuple(document.get("algorithms", ALGORITHMS)),
        **plain,
    )
