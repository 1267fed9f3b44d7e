"""Two apps that come to us: Wix with a signed visit, WooCommerce with keys past the browser."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import keys
from chalicelib.domain import Grant
from chalicelib.errors import AppDown, AppRefused, BadRequest, MixedUp
from chalicelib.providers import oauth2, wix
from chalicelib.providers.base import Call
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.settings import Client
from tests.providers.recorded import Answered, Recorded

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTANCE = "5ef50f11-aebf-46d0-ab6e-59a516d914d3"
OTHER = "6ef50f11-aebf-46d0-ab6e-59a516d914d3"
WIX, WOO = PROVIDERS["wix"], PROVIDERS["woocommerce"]
CLIENT = Client(client_id="our-id", client_secret="our-secret")


# Wix: the signed visit


def instance(secret: str = "our-secret", **changed: object) -> str:
    """As Wix would sign it."""
    said = {"instanceId": INSTANCE, "signDate": "2026-11-22T11:59:30.000Z", "permissions": "OWNER", **changed}
    payload = keys.base64url(json.dumps({name: value for name, value in said.items() if value is not None}).encode())
    return f"{keys.base64url(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def arrived(sent: str, secret: str = "our-secret") -> Mapping[str, str]:
    call = Call(provider=WIX, client=Client(client_id="our-id", client_secret=secret), web=Recorded())
    with patch("chalicelib.keys.now", lambda: NOW):
        return wix.arrive(call, {"instance": sent})


@pytest.mark.parametrize(
    "sent",
    [
        instance(),
        instance(instanceId=INSTANCE.upper()),
        instance(signDate="2026-11-22T11:00:00Z"),
        instance(signDate="2026-11-22T13:00:30+01:00"),
        instance(uid=None, anything="else"),
    ],
)
def test_a_signed_visit_names_its_instance(sent: str) -> None:
    assert arrived(sent) == {"instance_id": INSTANCE}


@pytest.mark.parametrize(
    "sent",
    [
        "", ".", "x.y", instance().replace(".", ""), instance()[:-1], instance()[1:], instance() + ".x", "é." + instance(),
        instance("another-secret"), instance(""),
        instance(instanceId=None), instance(instanceId=""), instance(instanceId="x"), instance(instanceId=[INSTANCE]),
        instance(instanceId=INSTANCE + "\n"),
        instance(signDate=None), instance(signDate=""), instance(signDate="soon"), instance(signDate=1795392688),
        instance(signDate="2026-11-22T11:59:30"), instance(signDate="2026-11-22T10:59:59Z"),
        instance(signDate="2026-11-22T12:05:01Z"),
        instance(permissions=None), instance(permissions=""), instance(permissions="MEMBER"), instance(permissions=["OWNER"]),
    ],
)  # fmt: skip
def test_any_other_visit_is_refused(sent: str) -> None:
    """Threat 3. Unsigned, of another app, old, of tomorrow, or of an ordinary visitor of the site."""
    with pytest.raises(MixedUp):
        arrived(sent)


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(MixedUp):
        arrived(instance(""), "")


def test_what_is_signed_must_be_an_object() -> None:
    payload = keys.base64url(b"[" * 5000)
    for body in (payload, keys.base64url(b"[1]"), keys.base64url(b"\xff"), "not base64!"):
        signature = keys.base64url(hmac.digest(b"our-secret", body.encode(), "sha256"))
        with pytest.raises(MixedUp):
            arrived(f"{signature}.{body}")


GRANT = Grant(secrets={"access_token": "token"}, extra={"instance_id": INSTANCE})


def wix_call(*answers: Answered) -> tuple[Call, Recorded]:
    web = Recorded(*answers)
    return Call(provider=WIX, client=CLIENT, web=web), web


def test_a_token_is_made_for_the_instance() -> None:
    call, web = wix_call({"access_token": "token", "expires_in": 14400})
    assert wix.mint(call, Grant(secrets={}, extra={"instance_id": INSTANCE}))["access_token"] == "token"
    body = {
        "grant_type": "client_credentials",
        "client_id": "our-id",
        "client_secret": "our-secret",
        "instance_id": INSTANCE,
    }
    assert web.asked == [{"method": "POST", "url": "https://www.wixapis.com/oauth2/token", "body": body}]


@pytest.mark.parametrize(
    ("site", "name"),
    [({"siteDisplayName": "Acme"}, "Acme"), ({"url": "https://a.example"}, "https://a.example"), (None, INSTANCE)],
)
def test_the_site_behind_a_token(site: object, name: str) -> None:
    call, web = wix_call({"instance": {"instanceId": INSTANCE.upper()}, "site": site})
    found = wix.identify(call, GRANT, {})
    assert (found.id, found.name, found.extra) == (INSTANCE, name, {"instance_id": INSTANCE})
    assert web.asked[0]["headers"] == {"Authorization": "token"}


def test_another_instances_token_is_refused() -> None:
    with pytest.raises(AppRefused):
        wix.identify(wix_call({"instance": {"instanceId": OTHER}})[0], GRANT, {})
    with pytest.raises(AppDown):
        wix.identify(wix_call({"instance": {}})[0], GRANT, {})


# WooCommerce: keys past the browser


def woo_call(*answers: Answered, tenant: str = "shop.example.com/store") -> tuple[Call, Recorded]:
    web = Recorded(*answers)
    words = {"product": "Client Connect", "tenant": tenant}
    return Call(provider=WOO, client=Client(client_id=""), web=web, words=words), web


POSTED = {
    "key_id": 1,
    "user_id": "state",
    "consumer_key": "ck_" + "0a" * 20,
    "consumer_secret": "cs_" + "0b" * 20,
    "key_permissions": "read",
}


def handed(**changed: object) -> Grant:
    assert WOO.handed_over
    return WOO.handed_over(woo_call()[0], {**POSTED, **changed})


def test_where_the_owner_is_sent() -> None:
    """All five that WooCommerce wants, and nothing else: not even our id, for there is none."""
    address = oauth2.authorize_url(
        woo_call()[0], redirect_uri="https://us.example/callback/woocommerce", state="state", verifier=""
    )
    assert address.partition("?")[0] == "https://shop.example.com/store/wc-auth/v1/authorize"
    assert parse_qs(urlsplit(address).query) == {
        "app_name": ["Client Connect"],
        "scope": ["read"],
        "user_id": ["state"],
        "return_url": ["https://us.example/callback/woocommerce"],
        "callback_url": ["https://us.example/callback/woocommerce"],
    }


def test_keys_are_taken() -> None:
    grant = handed()
    assert grant.secrets == {"consumer_key": POSTED["consumer_key"], "consumer_secret": POSTED["consumer_secret"]}
    assert grant.scopes == ("read",)


NO_PERMISSIONS: tuple[object, ...] = ("write", "read_write", "", None, ["read"])
NO_KEYS: tuple[object, ...] = ("", None, 1, "ck_", f"ck_{'0A' * 20}", f"cs_{'0a' * 20}", f"ck_{'0a' * 20}\n")
NO_SECRETS: tuple[object, ...] = ("", None, [], f"cs_{'0b' * 21}", f"ck_{'0b' * 20}")


@pytest.mark.parametrize(
    "changed",
    [
        *({"key_permissions": wrong} for wrong in NO_PERMISSIONS),
        *({"consumer_key": wrong} for wrong in NO_KEYS),
        *({"consumer_secret": wrong} for wrong in NO_SECRETS),
    ],
)
def test_what_is_no_key_is_not(changed: Mapping[str, object]) -> None:
    """Threat 42. Keys that can write were not asked for."""
    with pytest.raises(BadRequest):
        handed(**changed)


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ({"name": "Acme"}, "Acme"),
        ({}, "shop.example.com/store"),
        (AppRefused("401"), "shop.example.com/store"),
        (AppDown("x"), "shop.example.com/store"),
    ],
)
def test_the_store_that_was_typed_proves_the_keys(index: Answered, name: str) -> None:
    """The post does not say of which store the keys are; the index is public and proves nothing."""
    assert WOO.identify
    call, web = woo_call([{"id": "woocommerce_currency"}], index)
    found = WOO.identify(call, handed(), {})
    assert not isinstance(found, tuple)
    assert (found.id, found.name, found.extra) == ("shop.example.com/store", name, {"tenant": "shop.example.com/store"})
    proof, public = web.asked
    assert proof["auth"] == (POSTED["consumer_key"], POSTED["consumer_secret"])
    assert "auth" not in public


def test_keys_of_another_store_open_nothing() -> None:
    assert WOO.identify
    with pytest.raises(AppRefused):
        WOO.identify(woo_call(AppRefused("401"))[0], handed(), {})
