"""The one field that takes any host: what is typed is a public name, or it is refused."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.providers import store_address
from chalicelib.providers.catalogue import PROVIDERS
from local.catalogue.hostile import HOSTILE

PLAIN = re.compile(
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9](/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_addresses_are_refused(typed: str) -> None:
    """Threat 15."""
    with pytest.raises(InvalidField) as refused:
        store_address.read(typed)
    assert refused.value.name == "tenant"
    assert refused.value.hint in {store_address.HINT, store_address.INSECURE, store_address.LETTERS}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("shop.example.com", "shop.example.com"),
        (" https://Shop.Example.COM/ ", "shop.example.com"),
        ("HTTPS://shop.example.com", "shop.example.com"),
        ("shop.example.com/Store/", "shop.example.com/Store"),
        ("https://example.com/a/b_c/~d", "example.com/a/b_c/~d"),
        ("https://shop.example.com/wp-admin/", "shop.example.com"),
        ("https://shop.example.com/wp-admin/admin.php?page=wc-settings&tab=advanced", "shop.example.com"),
        ("shop.example.com/shop/wp-login.php", "shop.example.com/shop"),
        ("https://store.example.com/admin/dashboard/#top", "store.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("shop.xn--p1ai", "shop.xn--p1ai"),
        ("1234.example.com", "1234.example.com"),
    ],
)
def test_every_way_to_name_a_store(typed: str, read: str) -> None:
    assert store_address.read(typed) == read


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("http://shop.example.com", store_address.INSECURE),
        ("bücher.example", store_address.LETTERS),
        ("shop", store_address.HINT),
    ],
)
def test_the_hint_says_what_to_do(typed: str, hint: str) -> None:
    with pytest.raises(InvalidField) as refused:
        store_address.read(typed)
    assert refused.value.hint == hint


PIECES = st.lists(
    st.sampled_from(["https://", "http://", "shop", ".", "/", "example.com", "@", ":", "#", "?", "\\", "%2e", "..", "wp-admin"])
    | st.text("aA1-_.~/@:?#%\\\n\t \x00é", max_size=3),
    max_size=7,
).map("".join)  # fmt: skip


@given(PIECES | st.text(max_size=30))
def test_whatever_is_accepted_leads_to_one_host(typed: str) -> None:
    """Threat 15. As a property: every address that is built has that host, no user, no port, and the path under it."""
    try:
        read = store_address.read(typed)
    except InvalidField:
        return
    assert PLAIN.fullmatch(read)
    assert store_address.read(read) == read
    for row in (PROVIDERS["woocommerce"], PROVIDERS["adobe_commerce"]):
        parts = urlsplit(row.endpoints.identity_url.format(tenant=read))
        assert parts.hostname == parts.netloc == read.partition("/")[0]
        assert parts.path.startswith(read.removeprefix(parts.netloc))
        assert ".." not in parts.path
