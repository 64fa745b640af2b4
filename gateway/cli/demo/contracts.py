"""The demo's contracts, as a user would write them: what Till Systems promises its customer, and what it was promised.

A day is played in a minute, so a promise of the demo counts seconds where a real one counts hours."""

from typing import Any

PROMISE = "aurora-tills"
"""The contract with the customer; the others support it."""
_STOPS = {"requester_info": "automatic", "site_access": "by_consumer"}


def calendars() -> list[dict[str, Any]]:
    """Round the clock: the demo is told at any hour of any day. Each organization has its own."""
    return [
        {"code": "always", "organization": code, "always": True}
        for code in ("vendor", "partner", "subcontractor")
    ]


def agreements() -> list[dict[str, Any]]:
    """One promise to the customer, three that it stands on."""
    return [
        _agreement(
            PROMISE,
            ("vendor", "customer"),
            kind="sla",
            targets={"response": _amounts("2s", "3s"), "resolution": _amounts("8s", "5s")},
            reserve=_amounts("2s", "1s"),
        ),
        _agreement(
            "tills-nord",
            ("partner", "vendor"),
            targets={"acceptance": _amounts("1s", "2s"), "resolution": _amounts("6s", "3s")},
            reserve=_amounts("2s", "1s"),
        ),
        _agreement(
            "tills-quick",
            ("subcontractor", "vendor"),
            starts_on="accepted",
            targets={"acceptance": _amounts("1s", "1s"), "resolution": _amounts("5s", "3s")},
        ),
        _agreement("nord-quick", ("subcontractor", "partner"), targets={"resolution": _amounts("4s", "3s")}),
    ]


def _amounts(critical: str, high: str) -> dict[str, str]:
    return {"critical": critical, "high": high, "medium": high, "low": high}


def _agreement(code: str, sides: tuple[str, str], *, kind: str = "uc", **terms: Any) -> dict[str, Any]:
    """`sides`: provider and consumer."""
    provider, consumer = sides
    named = {"code": code, "organization": provider, "consumer": consumer, "kind": kind}
    return {**named, "calendar": "always", "stops": _STOPS, **terms}
