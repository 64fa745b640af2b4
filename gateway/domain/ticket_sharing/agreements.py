"""Who may change what of a sharing agreement. The sender of an invitation speaks for its name, address and key, the receiver
for its address and for yes or no; either may end it, and only who ended it takes that back."""

from datetime import datetime
from typing import Any

from gateway.domain.model.change import replace
from gateway.domain.ticket_sharing import Agreement, End, Standing
from gateway.domain.ticket_sharing.wire import AgreementTold, NotTaken, same_place

LEAST_KEY = 16
"""Signs of an access key; the products make 40."""


def invited(told: AgreementTold, known_as: str) -> None:
    """Raises NotTaken unless it is an invitation from the desk that we know under the address `known_as`."""
    if told.standing is not Standing.PENDING:
        raise NotTaken("a new agreement is pending")
    if told.sender_url is None or not same_place(told.sender_url, known_as):
        raise NotTaken("sender_url is not the address that this desk is known by here")
    if told.receiver_url is None:
        raise NotTaken("receiver_url is missing")
    check_key(told.access_key)


def check_key(key: str | None) -> None:
    """Raises NotTaken for an access key that is none: it has to go into a header as it is."""
    if key is None or len(key) < LEAST_KEY or not (key.isalnum() and key.isascii()):
        raise NotTaken(f"access_key is missing, shorter than {LEAST_KEY} or not of letters and digits")


def changed_by_partner(agreement: Agreement, told: AgreementTold, known_as: str, now: datetime) -> Agreement:
    """The agreement after the partner's PUT. Raises NotTaken for what is not for it to change."""
    them = agreement.ours.other
    changes: dict[str, Any] = _addresses(agreement, told, known_as)
    if told.name is not None and told.name != agreement.name:
        if them is not End.SENDER:
            raise NotTaken("only the sender changes the name")
        changes["name"] = told.name
    if told.access_key is not None and them is not End.SENDER:
        raise NotTaken("only the sender changes the access key")
    for name in ("sync_tags", "sync_custom_fields", "public_comments"):
        value = getattr(told, name)
        if value is not None and them is End.SENDER:
            changes[name] = value
    changes |= _standing(agreement, told, them)
    changes = {name: value for name, value in changes.items() if getattr(agreement, name) != value}
    return replace(agreement, **changes, changed_at=now) if changes else agreement


def _addresses(agreement: Agreement, told: AgreementTold, known_as: str) -> dict[str, Any]:
    """Its own address may move within what we know it under. What it says of ours has no effect: the reference client
    repeats every field, also those it has not learnt anew."""
    theirs = f"{agreement.ours.other}_url"
    wanted = getattr(told, theirs)
    if wanted is None or same_place(wanted, getattr(agreement, theirs)):
        return {}
    if not same_place(wanted, known_as):
        raise NotTaken(f"{theirs} is not the address that this desk is known by here")
    return {theirs: wanted}


def _standing(agreement: Agreement, told: AgreementTold, them: End) -> dict[str, Any]:
    wanted, is_now = told.standing, agreement.standing
    if told.deactivated_by and (wanted is not Standing.INACTIVE or told.deactivated_by != them):
        raise NotTaken("deactivated_by goes with status inactive and names who ends it")
    if wanted is None or wanted is is_now:
        return {}
    if wanted is Standing.INACTIVE and is_now in (Standing.PENDING, Standing.ACCEPTED):
        return {"standing": wanted, "deactivated_by": them.value}
    answers = them is End.RECEIVER and is_now is Standing.PENDING
    if answers and wanted in (Standing.ACCEPTED, Standing.DECLINED):
        return {"standing": wanted, "agreed": wanted is Standing.ACCEPTED}
    again = is_now is Standing.INACTIVE and agreement.agreed and agreement.deactivated_by == them
    if again and wanted is Standing.ACCEPTED:
        return {"standing": wanted, "deactivated_by": ""}
    raise NotTaken(f"status {wanted} is not for the {them} to set while it is {is_now}")
