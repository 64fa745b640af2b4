"""What every page reads of a request: who asks, in which language and zone."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query

from gateway.flows import keys
from gateway.store.keys import ApiKey
from gateway.store.scope import OPERATOR_ID
from gateway.web.parlour import Parlour
from gateway.words import Words, chosen

Authorization = Annotated[str, Header()]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the visitor asked for: a zone, a language, and what the browser accepts."""

    zone: str = ""
    language: str = ""
    accepted: str = ""

    def words(self, own: str = "") -> Words:
        """The texts to show; `own` is the language of the viewer's organization."""
        return Words(chosen(self.language, self.accepted, own))


def wanted(
    zone: Annotated[str, Query(max_length=64)] = "",
    language: Annotated[str, Query(alias="lang", max_length=8)] = "",
    accepted: Annotated[str, Header(alias="accept-language")] = "",
) -> Wanted:
    """From the request."""
    return Wanted(zone=zone, language=language, accepted=accepted)


AnyWanted = Annotated[Wanted, Depends(wanted)]


def bearer(here: Parlour, authorization: str) -> ApiKey | None:
    """The key that a visitor shows; None for none that is good."""
    scheme, _, text = authorization.partition(" ")
    return keys.verify(here.context, text.strip(), now=here.now()) if scheme.lower() == "bearer" else None


def viewer(key: ApiKey) -> str | None:
    """Whose eyes the holder of a key sees with: an organization's id, None for the operator's."""
    return None if key.org_id == OPERATOR_ID else key.org_id
