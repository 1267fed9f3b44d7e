"""Recharge's own ways: no state, so the store that answers must be the one that was announced."""

from chalicelib.domain import Account, Grant
from chalicelib.errors import MixedUp
from chalicelib.providers import shopify
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, first, get, token_in

_SUFFIX = ".myshopify.com"
_HEADERS = token_in("X-Recharge-Access-Token", X_Recharge_Version="2021-11")
_STORE = ("store.my_shopify_domain", "store.myshopify_domain", "store.identifier", "store.domain")
"""Where versions of the answer have the store's address."""


def store_name(typed: str) -> str:
    """The first part of the Shopify address."""
    return shopify.shop_host(typed).removesuffix(_SUFFIX)


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The store behind the token.

    :raises MixedUp: if it is another than the person named, or does not say which it is.
    :raises AppDown: if there is none.
    """
    answer = get(call, "identity_url", _HEADERS(call, grant))
    store = at(answer, "store.id")
    if first(answer, _STORE, "").lower().removesuffix(_SUFFIX) != call.tenant:
        raise MixedUp(call.provider.slug)
    return account(store, at_or(answer, "store.name", call.tenant))
