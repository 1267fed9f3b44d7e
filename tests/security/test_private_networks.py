"""Threat 15. Which addresses a name may lead to: public ones only, in whatever form they are written."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outbound.addresses import NotPublic, public
from tests.support.wire import PUBLIC, cut

OURS = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29"),
    *(
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ),
)
"""IPv4 networks that are nobody's, everybody's or one's own (IANA, IPv4 Special-Purpose Address Registry)."""
OURS_6 = (
    *("::/128", "::1/128", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32"),
    *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "4000::/3", "8000::/1"),
)  # fmt: skip
"""IPv6 networks of which the same is true, and all that IANA has not allotted."""
EMBEDDED = ("::ffff:0:0", "64:ff9b::", "2002::")
"""IPv4 inside of IPv6: mapped, translated (RFC 6052), and 6to4, where it stands further left."""


def leads_there(*addresses: str) -> bool:
    with cut([list(addresses)]):
        try:
            return public("shop.example.com", 443) == list(addresses)
        except NotPublic:
            return False


def inside(network: str) -> st.SearchStrategy[str]:
    found = ip_network(network)
    return st.integers(0, found.num_addresses - 1).map(lambda place: str(found[place]))


def in_ipv6(address: str, prefix: str) -> str:
    shift = 80 if prefix == "2002::" else 0
    return str(IPv6Address(int(IPv6Address(prefix)) | int(IPv4Address(address)) << shift))


@given(st.sampled_from(OURS).flatmap(inside), st.sampled_from(EMBEDDED))
def test_no_private_address_is_called_however_it_is_written(address: str, prefix: str) -> None:
    """Threat 15."""
    assert not leads_there(address)
    assert not leads_there(in_ipv6(address, prefix))
    assert not leads_there(PUBLIC, address)


@given(st.sampled_from(OURS_6).flatmap(inside))
def test_no_address_of_ones_own_ipv6_is_called(address: str) -> None:
    """Threat 15. Forms that were given up among them: site-local, and IPv4 without a prefix."""
    assert not leads_there(address)
    assert not leads_there(f"{address}%eth0")


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_called(address: str) -> None:
    assert leads_there(address)


@pytest.mark.parametrize("answers", [[], ["not an address"], ["93.184.216.34", "::1"]])
def test_what_does_not_lead_to_public_addresses_only_leads_nowhere(answers: list[str]) -> None:
    """Threat 15. No address at all; one that is none; a private one behind a public one."""
    with cut([answers]), pytest.raises(NotPublic):
        public("shop.example.com", 443)
