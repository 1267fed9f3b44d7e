"""Where a connection may lead: to public addresses only, whatever a name that a stranger typed resolves to.

The addresses that were checked are the ones connected to: a second look-up could give others (DNS rebinding).
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")
# Where all global unicast addresses are (RFC 4291 §2.4; IANA allots no others). What Python calls global besides
# are forms that were given up and may still be routed to somebody's own network: fec0::/10, ::a.b.c.d, ::ffff:0:a.b.c.d.
_UNICAST = ip_network("2000::/3")


class NotPublic(OSError):
    """A name leads to an address of a private network, or to none."""


def hosts_of(named: Iterable[str]) -> frozenset[str]:
    """Hosts, with ports, of the addresses that an operator named: calls may lead there wherever that is."""
    parts = [urlsplit(address) for address in named if address]
    return frozenset(f"{part.hostname}:{part.port or _PORTS.get(part.scheme)}" for part in parts)


def public(host: str, port: int) -> list[str]:
    """The addresses of a host, in the resolver's order.

    :raises NotPublic: if there are none, or one of them is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotPublic("unknown host") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(_is_public(address) for address in addresses):
        raise NotPublic("not a public address")
    return addresses


def _is_public(text: str) -> bool:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(address) if isinstance(address, IPv6Address) else None
    if isinstance(address, IPv6Address) and address not in _UNICAST and inner is None:
        return False
    return all(one.is_global and not one.is_multicast for one in (address, inner) if one is not None)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, NAT64."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
