"""Whose word on a caller's address is believed."""

import pytest

from gateway.flows.addresses import address_of

PROXIES = ("10.0.0.0/8", "fd00::/8")

CASES: dict[str, tuple[str | None, list[str], str | None]] = {
    "nobody between": ("203.0.113.9", [], "203.0.113.9"),
    "a stranger's word": ("203.0.113.9", ["10.0.0.1"], "203.0.113.9"),
    "one proxy": ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    "two proxies, and a stranger's word before": (
        "10.0.0.1",
        ["1.1.1.1, 203.0.113.9, 10.0.0.2"],
        "203.0.113.9",
    ),
    "two headers": ("fd00::1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
    "only proxies": ("10.0.0.1", ["10.0.0.2"], "10.0.0.1"),
    "a proxy that says nothing": ("10.0.0.1", [], None),
    "what is no address": ("10.0.0.1", ["1.1.1.1, unknown"], None),
    "a socket without an address": (None, ["203.0.113.9"], None),
}


@pytest.mark.parametrize(("nearest", "told", "address"), CASES.values(), ids=CASES.keys())
def test_the_address_is_that_of_the_caller(nearest: str | None, told: list[str], address: str | None) -> None:
    assert address_of(nearest, told, PROXIES) == address
