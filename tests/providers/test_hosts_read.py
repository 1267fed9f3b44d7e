"""Threat 15, as a property of each row: whatever a person or a callback says, three readers of URLs see the same host.

And it is the row's own domain with one name before it, a host of the row's list, or, where shops are hosted by their
owners, a public name.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from chalicelib.errors import InvalidField, MixedUp
from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from local.catalogue import addresses
from local.catalogue.hostile import ELSEWHERE, HOSTILE, WRAPPED

type Reader = Callable[[str], str]

LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
PUBLIC = rf"(?:{LABEL}\.)+{LABEL}"


def _of_callback(row: Provider) -> Reader:
    assert row.tenant_of
    read = row.tenant_of
    return lambda said: read(addresses.Everything(said))


def readers() -> list[tuple[Provider, str, Reader]]:
    """Every word of a host that is not the row's own, and who reads it."""
    found = [
        (row, name, field.read)
        for row in PROVIDERS.values()
        for name, field in addresses.typed(row).items()
        if _hosts(row, name) or (name == "tenant" and row.hosts)
    ]
    return found + [(row, "tenant", _of_callback(row)) for row in PROVIDERS.values() if row.tenant_of]


def _hosts(row: Provider, name: str) -> list[str]:
    """The templates in whose host the word stands."""
    return [one for one in addresses.endpoints(row).values() if f"{{{name}}}" in urlsplit(one).netloc]


CASES = readers()
GOOD = ("acme", "acme.myshopify.com", "shop.example.com", "us", "live", "https://", "http://")
BAD = (
    "evil.example",
    "127.0.0.1",
    "[::1]",
    "@",
    ":80",
    "#",
    "?",
    "\\",
    "/",
    "..",
    "%2e",
    "%00",
    "xn--",
    "。",
    "．",
    "\u2028",
)
TRICKS = (
    *HOSTILE,
    *(wrapping.format(good) for wrapping in (*WRAPPED, *ELSEWHERE, "{}", "https://{}/") for good in GOOD),
)
SAID = st.lists(st.sampled_from([*GOOD, *BAD, ".", "-"]) | st.text(max_size=2), max_size=5).map("".join) | st.text(
    "abcABC019-.", max_size=70
)


def test_every_app_that_is_led_somewhere_is_here() -> None:
    assert {"shopify", "woocommerce", "adobe_commerce", "chargebee", "revel", "lightspeed_x", "clover"} <= {
        row.slug for row, *_ in CASES
    }


@pytest.mark.parametrize(("row", "name", "read"), CASES, ids=[f"{row.slug}-{name}" for row, name, _ in CASES])
def test_whatever_is_let_in_leads_where_the_row_says(row: Provider, name: str, read: Reader) -> None:
    """Threat 15. And what was read once reads the same again."""
    known, templates = addresses.words(row), addresses.endpoints(row).values()
    hosts = {template: allowed(row, name, read, template) for template in templates}

    def leads(said: str) -> None:
        value = let_in(read, said)
        if value is None:
            return
        assert let_in(read, value) == value
        for template in templates:
            url = template.format_map({**known, **row.words(value), name: value})
            called = host(url)
            assert called == urlsplit(url).hostname == parse_url(url).netloc
            assert called == urlsplit(str(requests.Request("GET", url).prepare().url)).netloc
            assert re.fullmatch(hosts[template], called), f"{said!r} leads to {url}"

    for trick in TRICKS:
        leads(trick)
    given(SAID)(leads)()


def let_in(read: Reader, said: str) -> str | None:
    try:
        return read(said)
    except (InvalidField, MixedUp):
        return None


def allowed(row: Provider, name: str, read: Reader, template: str) -> str:
    """A pattern of the hosts that the template may come to."""
    listed = {host(template.format_map({**addresses.words(row), **words})) for words in row.hosts.values()}
    good = host(template.format_map(addresses.words(row)))
    if listed or name not in host(template):
        return "|".join(map(re.escape, listed or {good}))
    return PUBLIC if let_in(read, "shop.another.example") else rf"{LABEL}\.{re.escape(good.partition('.')[2])}"


def host(url: str) -> str:
    return urlsplit(url).netloc
