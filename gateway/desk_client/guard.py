"""Which addresses the gateway may connect to. Every connection passes here with the very address it goes to."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network

from gateway.errors import ConfigError

Address = IPv4Address | IPv6Address

# IANA's special-purpose registries: what is not the public internet. (`is_global` differs between Python releases.)
_NOT_PUBLIC_4 = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = ip_network("64:ff9b::/96")
# Where clouds keep the keys of the machine itself; a wider allowed network never includes them.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "fd00:ec2::254")
)

# Of mail desks: TLS from the first byte, or by STARTTLS before anything is said (the carrier insists).
_MAIL_PORTS = {"imaps": (993,), "smtps": (465,), "smtp": (587,)}


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """The operator's word on where desks may live.

    Without `allowed` only public addresses by https on `ports` pass (mail: imaps 993, smtps 465, STARTTLS on 587). An address in `allowed` passes on any port and by
    plain http too; a private one only if the desk itself says `allow_private_network` as well. A cloud's metadata
    address passes only where it is listed by itself (/32 or /128).
    """

    allowed: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    ports: frozenset[int] = frozenset({443, 8443})

    @classmethod
    def of(cls, networks: Iterable[str]) -> "NetworkPolicy":
        """From CIDR texts. Raises ConfigError for one that is none."""
        try:
            return cls(allowed=tuple(ip_network(text) for text in networks))
        except ValueError as error:
            raise ConfigError(
                f"allowed networks: {error}", cure="write networks like 10.20.0.0/16"
            ) from error

    def check(self, text: str, *, scheme: str, port: int, allow_private_network: bool) -> None:
        """Raise ConfigError unless a connection to this numeric address may be made."""
        address = ipaddress.ip_address(text.partition("%")[0])
        real = _embedded(address) or address
        public = _is_public(address) and _is_public(real)
        listed = self._lists(address) and (address is real or _is_public(real) or self._lists(real))
        if not public and not (listed and allow_private_network):
            raise _refused(text, "it is not on the public internet")
        if not listed and not self._is_open(scheme, port):
            raise _refused(text, f"{scheme} on port {port} is open only to networks the operator has listed")

    def _is_open(self, scheme: str, port: int) -> bool:
        return port in (self.ports if scheme == "https" else _MAIL_PORTS.get(scheme, ()))

    def is_listed(self, text: str) -> bool:
        """Whether the operator has listed the network of this numeric address."""
        return self._lists(ipaddress.ip_address(text.partition("%")[0]))

    def _lists(self, address: Address) -> bool:
        return any(
            address in net and (address not in _METADATA or net.num_addresses == 1) for net in self.allowed
        )


def _refused(address: str, why: str) -> ConfigError:
    return ConfigError(
        f"the desk's address {address} is refused",
        why=why,
        cure="correct the desk's base URL, or let the operator allow that network and mark the desk allow_private_network",
    )


def _is_public(address: Address) -> bool:
    if address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in net for net in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in net for net in _NOT_PUBLIC_6)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, compatible, 6to4, Teredo or NAT64 address leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
