"""Ours beside the vendors' own libraries: what they write and what they believe, of the same inputs.

Where the two differ, ours is the stricter one, and a test says in what.
"""

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

import intuitlib.client
import pytest
import shopify
import stripe
from hypothesis import given
from hypothesis import strategies as st
from intuitlib.enums import Scopes
from shopify.utils.shop_url import sanitize_shop_domain
from xero_python.api_client.oauth2 import TokenApi
from xero_python.identity import IdentityApi

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import InvalidField, MixedUp
from chalicelib.providers import oauth2, renewing
from chalicelib.providers import shopify as ours
from chalicelib.providers.catalogue import PROVIDERS
from tests.providers.recorded import CLIENT, Recorded, call, granted

REDIRECT = "https://connect.example.com/callback/app"
SHOP = "acme-store.myshopify.com"
STATES = st.text("abcXYZ019-_", min_size=1, max_size=60)
TOKENS = st.text("abcXYZ019-_.~+/=", min_size=1, max_size=200)


def authorized(slug: str, state: str, **named: str) -> str:
    return oauth2.authorize_url(call(PROVIDERS[slug]), redirect_uri=REDIRECT, state=state, verifier="v", **named)


def parts(url: str) -> tuple[str, dict[str, str]]:
    """The address, and what it asks with, in no order."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return url.partition("?")[0], dict(pairs)


def form(asked: Mapping[str, object]) -> dict[str, str]:
    found = asked["form"]
    assert isinstance(found, dict)
    return found


# Shopify


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with patch.multiple(shopify.Session, api_key=CLIENT.client_id, secret=CLIENT.client_secret):
        yield


@given(STATES)
def test_shopify_is_asked_for_approval_with_the_very_same_words(state: str) -> None:
    theirs = shopify.Session(SHOP, "unstable").create_permission_url(PROVIDERS["shopify"].scopes, REDIRECT, state)
    where, asked = parts(authorized("shopify", state))
    assert asked.pop("response_type") == "code", "the standard's own; Shopify needs it not and minds it not"
    assert (where, asked) == parts(theirs)


def believed_by_us(params: Mapping[str, str]) -> bool:
    try:
        ours.check_callback(call(PROVIDERS["shopify"]), params)
    except MixedUp:
        return False
    return True


def believed_by_them(params: Mapping[str, str]) -> bool:
    return bool(shopify.Session.validate_params(dict(params)))


NAMES = st.text(max_size=8).filter(lambda name: not name.endswith("[]") and name not in {"hmac", "shop", "timestamp"})
PARAMS = st.dictionaries(NAMES | st.sampled_from(["code", "host", "state", "a&b", "a=b", "a%b"]), st.text(max_size=12))


def signed_by_them(params: Mapping[str, str]) -> dict[str, str]:
    return {**params, "hmac": shopify.Session.calculate_hmac(dict(params))}


@given(PARAMS, st.integers(-2 * 86_400, 3600).filter(lambda seconds: abs(seconds + 86_400) > 60))
def test_a_callback_that_shopifys_library_signs_is_believed_when_theirs_believes_it(
    params: dict[str, str], ago: int
) -> None:
    """Threat 15. Whatever the parameters, and however old."""
    signed = signed_by_them({**params, "shop": SHOP, "timestamp": str(int(time.time()) + ago)})
    assert believed_by_us(signed) is believed_by_them(signed) is (ago > -86_400)


@given(PARAMS, st.data())
def test_a_callback_that_was_changed_is_believed_by_neither(params: dict[str, str], data: st.DataObject) -> None:
    """Threat 15. A value, a name, a parameter more or less, or the signature."""
    signed = signed_by_them({**params, "shop": SHOP, "timestamp": str(int(time.time()))})
    name = data.draw(st.sampled_from(sorted(set(signed) - {"timestamp", "shop"})))
    changed = data.draw(
        st.sampled_from(
            [
                {**signed, name: signed[name] + "x"},
                {**signed, "another": ""},
                {key: value for key, value in signed.items() if key != name},
                {**signed, "hmac": signed["hmac"].swapcase()},
            ]
        ).filter(lambda changed: changed != signed)
    )
    assert not believed_by_us(changed)
    assert not believed_by_them(changed)


def test_of_shopifys_lists_we_believe_none() -> None:
    """``ids[]`` comes with a list of orders chosen in the admin, which never leads to us: no callback has one."""
    signed = signed_by_them({"shop": SHOP, "timestamp": str(int(time.time())), "ids[]": "1"})
    assert believed_by_them(signed)
    assert not believed_by_us(signed)


HOSTS = st.lists(
    st.sampled_from(["https://", "http://", "acme", "-", ".", "myshopify.com", "evil.example", "/", "@", ":80", "?", "#", "\n", " "]),
    max_size=6,
).map("".join)  # fmt: skip


@given(HOSTS | st.text("aA1-._/@:\n", max_size=30))
def test_a_shop_that_we_call_is_one_that_shopifys_library_would(typed: str) -> None:
    """Threat 15. Never the other way round: theirs takes http, a path and a query along."""
    with suppress(InvalidField):
        host = ours.shop_host(typed)
        assert sanitize_shop_domain(host) == host or host.index(".") == 1, "theirs wants two letters"


# Stripe


@given(STATES)
def test_stripe_is_asked_for_approval_with_the_very_same_words(state: str) -> None:
    theirs = stripe.OAuth.authorize_url(
        client_id=CLIENT.client_id, scope=" ".join(PROVIDERS["stripe"].scopes), redirect_uri=REDIRECT, state=state
    )
    assert parts(authorized("stripe", state)) == parts(theirs)


def test_stripes_code_is_redeemed_and_given_back_as_its_library_does() -> None:
    theirs: list[tuple[str, str, dict[str, str]]] = []

    def request(_requestor: object, method: str, path: str, params: dict[str, str], **_: object) -> None:
        theirs.append((method.upper(), path, dict(params)))

    with patch("stripe._api_requestor._APIRequestor.request", request):
        stripe.OAuth.token(grant_type="authorization_code", code="c0de")
        stripe.OAuth.deauthorize(client_id=CLIENT.client_id, stripe_user_id="acct_1")
    row, web = PROVIDERS["stripe"], Recorded({"access_token": "token"})
    assert row.revoke
    oauth2.exchange(call(row, web), code="c0de", redirect_uri=REDIRECT, verifier="", now=keys.now())
    row.revoke(call(row, web), granted(), Account(id="acct_1", name="Acme"))
    redeemed, given_back = web.asked
    assert form(redeemed).pop("redirect_uri") == REDIRECT, "the standard's own (RFC 6749 §4.1.3); theirs leaves it out"
    ours_sent = [(asked["method"], urlsplit(str(asked["url"])).path, form(asked)) for asked in (redeemed, given_back)]
    assert ours_sent == theirs


# QuickBooks


DISCOVERED = {
    "authorization_endpoint": PROVIDERS["quickbooks_online"].endpoints.authorize_url,
    "token_endpoint": PROVIDERS["quickbooks_online"].endpoints.token_url,
    "revocation_endpoint": PROVIDERS["quickbooks_online"].endpoints.revoke_url,
    "issuer": PROVIDERS["quickbooks_online"].issuer,
    "jwks_uri": "",
    "userinfo_endpoint": "",
}
"""Intuit's library asks Intuit for these when it is made; what is compared is what it does with them."""


@contextmanager
def intuit() -> Iterator[tuple[intuitlib.client.AuthClient, list[tuple[str, str, dict[str, str], str]]]]:
    """Their client, and what it sends: method, address, headers, body."""
    sent: list[tuple[str, str, dict[str, str], str]] = []

    def request(method: str, url: str, *, headers: dict[str, str], data: str, auth: None) -> SimpleNamespace:
        sent.append((method, url, dict(headers), data))
        return SimpleNamespace(status_code=200, content=b"")

    with patch("intuitlib.client.get_discovery_doc", return_value=DISCOVERED):
        theirs = intuitlib.client.AuthClient(CLIENT.client_id, CLIENT.client_secret, REDIRECT, "production")
    with patch.object(theirs, "request", request):
        yield theirs, sent


def basic(asked: Mapping[str, object]) -> str:
    """What requests writes of a pair (RFC 7617)."""
    auth = asked["auth"]
    assert isinstance(auth, tuple)
    user, password = auth
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@given(STATES)
def test_intuit_is_asked_for_approval_with_the_very_same_words(state: str) -> None:
    with intuit() as (theirs, _):
        url = theirs.get_authorization_url([Scopes.ACCOUNTING], state)
    assert parts(authorized("quickbooks_online", state)) == parts(url)


@given(TOKENS, TOKENS)
def test_intuits_tokens_are_asked_for_renewed_and_ended_as_its_library_does(code: str, token: str) -> None:
    row, web = PROVIDERS["quickbooks_online"], Recorded({"access_token": "token"})
    grant = Grant(secrets={"access_token": "old", "refresh_token": token})
    assert row.revoke
    oauth2.exchange(call(row, web), code=code, redirect_uri=REDIRECT, verifier="", now=keys.now())
    renewing.renewed(call(row, web), grant, keys.now())
    row.revoke(call(row, web), grant, None)
    with intuit() as (theirs, sent):
        theirs.get_bearer_token(code)
        theirs.refresh(token)
        theirs.revoke(token)
    for asked, (method, url, headers, body) in zip(web.asked, sent, strict=True):
        assert (asked["method"], asked["url"], basic(asked)) == (method, url, headers["Authorization"])
        if asked.get("body"):
            assert asked["body"] == json.loads(body)
        else:
            assert urlencode(form(asked)) == body


# Xero


class XeroClient:
    """What their library's calls come to: method and address, and the form where there is one."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []

    def call_api(self, url: str, method: str, path_params: object = None, *_: object, **more: object) -> object:
        named = path_params if isinstance(path_params, dict) else {}
        self.sent.append((method, url.format(**named), more.get("post_params") or {}))  # type: ignore[arg-type]
        return SimpleNamespace(data=b"{}"), 200, {}

    @staticmethod
    def select_header_accept(_accepted: object) -> str:
        return "application/json"


@given(TOKENS)
def test_xeros_token_is_renewed_at_the_same_address_with_the_same_words(token: str) -> None:
    """They prove who we are in the form, we by HTTP Basic: Xero's documents allow either, and a form may be logged."""
    row, web, theirs = PROVIDERS["xero"], Recorded({"access_token": "token"}), XeroClient()
    TokenApi(theirs, CLIENT.client_id, CLIENT.client_secret).refresh_token(token, row.scopes)
    renewing.renewed(call(row, web), Grant(secrets={"access_token": "old", "refresh_token": token}), keys.now())
    (asked,), ((method, url, form),) = web.asked, theirs.sent
    assert (asked["method"], asked["url"]) == (method, url)
    assert asked["auth"] == (form.pop("client_id"), form.pop("client_secret"))
    assert form.pop("scope").split() == list(row.scopes), "optional (RFC 6749 §6): without it all stays as it was"
    assert asked["form"] == form


def test_xeros_connections_are_listed_and_ended_where_its_library_does() -> None:
    row, theirs = PROVIDERS["xero"], XeroClient()
    web = Recorded([{"id": "c1", "tenantId": "t1", "tenantType": "ORGANISATION"}])
    identity = IdentityApi(theirs)
    identity.get_connections()
    identity.delete_connection("c1")
    assert row.identify
    assert row.revoke
    found = row.identify(call(row, web), granted(), {})
    account = found[0] if isinstance(found, tuple) else found
    row.revoke(call(row, web), granted(**account.extra), account)
    assert [(asked["method"], str(asked["url"]).lower()) for asked in web.asked] == [
        (method, url.lower()) for method, url, _ in theirs.sent
    ]
