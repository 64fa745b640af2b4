"""Which addresses pass: the table of what is not the public internet, and the operator's exceptions."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk_client.guard import NetworkPolicy
from gateway.errors import ConfigError

NOTHING = NetworkPolicy()

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "100.100.100.200",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]


def passes(
    policy: NetworkPolicy, address: str, *, scheme: str = "https", port: int = 443, private: bool = False
) -> bool:
    try:
        policy.check(address, scheme=scheme, port=port, allow_private_network=private)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("address", REFUSED)
@pytest.mark.parametrize("private", [True, False], ids=["a desk that asks for it", "any desk"])
def test_what_is_not_public_is_refused_unless_the_operator_lists_it(address: str, private: bool) -> None:
    assert not passes(NOTHING, address, private=private)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_passes(address: str) -> None:
    assert passes(NOTHING, address)


@given(st.ip_addresses())
def test_nothing_passes_that_python_calls_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not passes(NOTHING, str(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}"]))
def test_no_wrapping_opens_an_address(address: ipaddress.IPv4Address, wrapping: str) -> None:
    assert not passes(NOTHING, wrapping.format(address))


LISTED = {
    "the desk does not ask for it": (["10.0.0.0/8"], "10.1.2.3", False, False),
    "the desk asks for it": (["10.0.0.0/8"], "10.1.2.3", True, True),
    "another network": (["10.0.0.0/8"], "192.168.1.1", True, False),
    "loopback": (["127.0.0.0/8"], "127.0.0.1", True, True),
    "loopback wrapped in IPv6": (["127.0.0.0/8"], "::ffff:127.0.0.1", True, False),
    "both the wrapping and the wrapped": (["127.0.0.0/8", "::ffff:0:0/96"], "::ffff:127.0.0.1", True, True),
    "the wrapping alone": (["::ffff:0:0/96"], "::ffff:127.0.0.1", True, False),
    "NAT64 of the public internet": (["64:ff9b::/96"], "64:ff9b::808:808", True, True),
    "NAT64 of a private address": (["64:ff9b::/96"], "64:ff9b::a00:1", True, False),
    "metadata within a network": (["169.254.0.0/16"], "169.254.169.254", True, False),
    "metadata within everything": (["0.0.0.0/0"], "169.254.169.254", True, False),
    "metadata by itself": (["169.254.169.254/32"], "169.254.169.254", True, True),
    "metadata by itself, unasked": (["169.254.169.254/32"], "169.254.169.254", False, False),
    "metadata behind NAT64": (["64:ff9b::/96", "0.0.0.0/0"], "64:ff9b::a9fe:a9fe", True, False),
}


@pytest.mark.parametrize(("networks", "address", "private", "expected"), LISTED.values(), ids=LISTED.keys())
def test_the_operator_and_the_desk_must_agree(
    networks: list[str], address: str, private: bool, expected: bool
) -> None:
    assert passes(NetworkPolicy.of(networks), address, private=private) is expected


WAYS = {
    "https": ("https", 443, [], True),
    "https, the other port": ("https", 8443, [], True),
    "https, a strange port": ("https", 22, [], False),
    "http": ("http", 80, [], False),
    "http to a listed address": ("http", 80, ["8.8.8.8/32"], True),
    "a strange port of a listed address": ("https", 3000, ["8.8.8.0/24"], True),
}


@pytest.mark.parametrize(("scheme", "port", "networks", "expected"), WAYS.values(), ids=WAYS.keys())
def test_plain_http_and_strange_ports_need_the_operator(
    scheme: str, port: int, networks: list[str], expected: bool
) -> None:
    assert passes(NetworkPolicy.of(networks), "8.8.8.8", scheme=scheme, port=port) is expected


def test_a_network_that_is_none_is_a_setting_to_correct() -> None:
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1/8"):
        NetworkPolicy.of(["10.0.0.1/8"])


def test_a_refusal_names_the_address_and_the_cure() -> None:
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1.*allow_private_network"):
        NOTHING.check("10.0.0.1", scheme="https", port=443, allow_private_network=True)
