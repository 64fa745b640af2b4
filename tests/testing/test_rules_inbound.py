"""A connector with one defect in what comes in breaks the rule that is there for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from connectors.loopback import CONNECTOR, Loopback
from gateway.domain.model import (
    Desk,
    Message,
    Sighting,
)
from gateway.errors import SignatureInvalid
from gateway.registry import folder_of
from gateway.testing import rules_inbound
from gateway.testing.fixtures import load

LOOPBACK = folder_of(CONNECTOR)


class AcceptsAll(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """No."""


class TellsTheSecret(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        try:
            super().verify(message, desk, now=now)
        except SignatureInvalid as error:
            raise SignatureInvalid(f"expected {desk.hook_secrets[:1]}") from error


class StumblesOverHeaders(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        int(message.headers.get("webhook-timestamp") or "0")
        super().verify(message, desk, now=now)


class KnowsOneSecret(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        super().verify(message, replace(desk, hook_secrets=desk.hook_secrets[:1]), now=now)


class HasNoSenseOfTime(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        stamp = message.headers.get("webhook-timestamp", "")
        at = datetime.fromtimestamp(int(stamp), tz=now.tzinfo) if stamp.isdigit() and len(stamp) < 12 else now
        super().verify(message, desk, now=at)


class Guesses(Loopback):
    """Shows comments to the requester unless told not to."""

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        document = json.loads(message.body) if message.body.startswith(b'{"type"') else {}
        ticket = document.get("ticket")
        for part in ticket.get("comments", ()) if isinstance(ticket, dict) else ():
            if isinstance(part, dict):
                part.setdefault("public", True)
        return super().parse(
            replace(message, body=json.dumps(document).encode()) if ticket else message, desk
        )


class Shrugs(Loopback):
    """Takes what it cannot read for nothing."""

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        try:
            return super().parse(message, desk)
        except Exception:  # noqa: BLE001 - the defect
            return ()


class Explodes(Loopback):
    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        json.loads(message.body)["type"]
        return super().parse(message, desk)


class ForgetsZones(Loopback):
    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        return [_without_zone(sighting) for sighting in super().parse(message, desk)]


def _without_zone(sighting: Sighting) -> Sighting:
    if sighting.snapshot is None or sighting.snapshot.changed_at is None:
        return sighting
    naive = sighting.snapshot.changed_at.replace(tzinfo=None)
    return replace(sighting, snapshot=replace(sighting.snapshot, changed_at=naive))


class CountsItsCalls(Loopback):
    calls = 0

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        self.calls += 1
        return [replace(seen, hints={"call": str(self.calls)}) for seen in super().parse(message, desk)]


INBOUND: Mapping[str, tuple[type[Loopback], rules_inbound.Rule]] = {
    "accepts everything": (AcceptsAll, rules_inbound.changed_bytes_are_refused),
    "accepts strangers": (AcceptsAll, rules_inbound.strangers_are_refused),
    "accepts forgeries": (AcceptsAll, rules_inbound.means_what_is_recorded),
    "tells the secret": (TellsTheSecret, rules_inbound.secrets_stay_out),
    "stumbles over headers": (StumblesOverHeaders, rules_inbound.strange_headers_are_refused),
    "cannot rotate secrets": (KnowsOneSecret, rules_inbound.strangers_are_refused),
    "accepts old messages": (HasNoSenseOfTime, rules_inbound.old_messages_are_refused),
    "guesses visibility": (Guesses, rules_inbound.broken_fields_harm_nothing),
    "takes garbage for nothing": (Shrugs, rules_inbound.garbage_is_unreadable),
    "raises its own errors": (Explodes, rules_inbound.garbage_is_unreadable),
    "raises its own errors on parts": (Explodes, rules_inbound.broken_fields_harm_nothing),
    "forgets the zone": (ForgetsZones, rules_inbound.moments_are_aware),
    "is not pure": (CountsItsCalls, rules_inbound.parse_is_pure),
}


@pytest.mark.parametrize(("defect", "rule"), INBOUND.values(), ids=INBOUND.keys())
def test_a_defect_in_what_comes_in(defect: type[Loopback], rule: rules_inbound.Rule) -> None:
    subject = load(defect(), LOOPBACK)
    assert [problem for case in subject.received for problem in rule(subject, case)]
