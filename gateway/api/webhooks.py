"""`/v1/webhooks`: telling other systems what happens. Each organization has its own; what is not yours does not exist (404).
A secret is told once, when it is made."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, Limit, caller
from gateway.api.door import Door
from gateway.api.house import House
from gateway.domain.webhooks.model import State
from gateway.errors import Refused
from gateway.flows.link_steps import By
from gateway.flows.principal import Principal
from gateway.flows.webhooks import subscriptions
from gateway.flows.webhooks.subscriptions import Again, Rotation, Wanted
from gateway.store.webhooks import Span
from gateway.vault import Vault
from gateway.webhook_signatures import Scheme

router = APIRouter(prefix="/v1/webhooks", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Document = dict[str, Any]
_CODE = r"^[a-z0-9][a-z0-9._-]*$"


def _by(here: House, key: Principal) -> By:
    return By(party=key.party, actor=key.name, now=here.now())


def _vault(here: House) -> Vault:
    if here.vault is None:
        raise Refused("secrets are not made at this door", cure="interdesk webhooks add")
    return here.vault


class Only(Body):
    """Of which tickets."""

    customers: list[str] | None = Field(default=None, max_length=100)
    links: list[str] | None = Field(default=None, max_length=100)
    services: list[str] | None = Field(default=None, max_length=100)
    priorities: list[str] | None = Field(default=None, max_length=4)


class NewWebhook(Body):
    """A webhook to be made (schemas/webhook.v1.json). `scheme`: `v1` for a shared secret, `v1a` for a key pair."""

    organization: str = Field(max_length=63, pattern=_CODE)
    code: str = Field(max_length=63, pattern=_CODE)
    url: str = Field(max_length=2000)
    events: list[str] | None = Field(default=None, max_length=100)
    only: Only | None = None
    internal_notes: bool | None = None
    allow_private_network: bool | None = None
    scheme: Scheme = Scheme.HMAC


@router.get("")
def listed(here: AnyHouse, key: Caller) -> Document:
    """The caller's webhooks, and how their addresses do."""
    return {"webhooks": subscriptions.listed(here.context, _by(here, key))}


@router.post("", status_code=201)
def add(here: AnyHouse, key: Caller, said: NewWebhook) -> Document:
    """Make one; `secret` is told this once."""
    document = said.model_dump(exclude={"organization", "scheme"}, exclude_none=True)
    wanted = Wanted(organization=said.organization, document=document, scheme=said.scheme)
    made, secret = subscriptions.add(here.context, wanted, _by(here, key), vault=_vault(here))
    return {**made, "secret": secret}


@router.get("/{name}")
def one(here: AnyHouse, key: Caller, name: str) -> Document:
    """One, by its code or id."""
    return subscriptions.show(here.context, name, _by(here, key))


@router.delete("/{name}")
def remove(here: AnyHouse, key: Caller, name: str) -> Document:
    """Take it away; what waits for it is dropped."""
    return subscriptions.remove(here.context, name, _by(here, key))


@router.post("/{name}/test", status_code=202)
def test(here: AnyHouse, key: Caller, name: str) -> Document:
    """Queue a test message; its tries are at `messages`."""
    return {"message": subscriptions.trial(here.context, name, _by(here, key)).id}


class Change(Body):
    """How the new secret signs, and how long older ones sign beside it, in seconds."""

    scheme: Scheme = Scheme.HMAC
    overlap: float = Field(default=86_400, ge=0, le=2_592_000)


@router.post("/{name}/rotate")
def rotate(here: AnyHouse, key: Caller, name: str, said: Change) -> Document:
    """Make a new secret; it is told this once."""
    wanted = Rotation(scheme=said.scheme, overlap=timedelta(seconds=said.overlap))
    secret = subscriptions.rotate(here.context, name, wanted, _by(here, key), vault=_vault(here))
    return {"secret": secret}


class Reason(Body):
    """Why."""

    reason: str = Field(default="", max_length=1_000)


@router.post("/{name}/pause")
def pause(here: AnyHouse, key: Caller, name: str, said: Reason) -> Document:
    """Send nothing there until it is resumed; messages wait."""
    return subscriptions.pause(here.context, name, said.reason, _by(here, key))


@router.post("/{name}/resume")
def resume(here: AnyHouse, key: Caller, name: str) -> Document:
    """Send again, what waits first."""
    return subscriptions.resume(here.context, name, _by(here, key))


@router.get("/{name}/messages")
def messages(
    here: AnyHouse,
    key: Caller,
    name: str,
    *,
    limit: Limit = 50,
    state: Annotated[list[State] | None, Query(description="Any of these; may be repeated.")] = None,
) -> Document:
    """What was, is or should be sent, the newest first."""
    span = Span(states=frozenset(state or ()))
    return {"messages": subscriptions.messages(here.context, name, _by(here, key), span, limit=limit)}


@router.get("/{name}/messages/{message_id}")
def message(here: AnyHouse, key: Caller, name: str, message_id: str) -> Document:
    """One message with its tries."""
    by = _by(here, key)
    subscriptions.show(here.context, name, by)
    return subscriptions.message(here.context, message_id, by)


class Replay(Body):
    """One message, or all that were made in a stretch of time and ended in one of these states."""

    message: str = Field(default="", max_length=64)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    states: list[State] = Field(default_factory=list, max_length=5)

    def wanted(self) -> Again:
        """As the flow has it."""
        since: datetime | None = self.since
        return Again(
            message=self.message, span=Span(since=since, until=self.until, states=frozenset(self.states))
        )


@router.post("/{name}/replay")
def replay(here: AnyHouse, key: Caller, name: str, said: Replay) -> Document:
    """Send messages again, under their own ids."""
    return {"count": subscriptions.replay(here.context, name, said.wanted(), _by(here, key))}
