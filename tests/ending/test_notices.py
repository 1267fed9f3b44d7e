"""Notices of the apps: believed when signed, in time, obeyed once, and only about what was there before."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Clock
from tests.ending.test_disconnecting import end, letters
from tests.support import notices
from tests.support.happening import connected, together
from tests.support.notices import ACCOUNTS, MAKERS, SECRET, Sent
from tests.support.revoking import revoke, waiting
from tests.support.world import PAT, SAM, World, settings_with

APPS = tuple(ACCOUNTS)
ANOTHER = {
    "shopify": {"shop": "other.myshopify.com"},
    "bigcommerce": {"store": "zzz999"},
    "wix": {"site": "6ef50f11-aebf-46d0-ab6e-59a516d914d3"},
    "tiktok_shop": {"shop": "1234567890123"},
}
FORGED = {name: {"secret": "another-secret-of-enough-characters"} for name in APPS} | {"wix": {"by": "mallory"}}


@pytest.fixture(autouse=True)
def ready(world: World, clock: Clock) -> None:
    """Registered with all four, and each has an account connected, a minute ago."""
    notices.configured()
    world.entity()
    for app, account_id in ACCOUNTS.items():
        connected(app, f"Acme at {app}", account_id)
    clock.forward(minutes=1)


def made(app: str, **how: Any) -> Sent:
    sent: Sent = MAKERS[app](**how)  # type: ignore[operator]
    return sent


def status(world: World, app: str, entity_id: str = "acme") -> str:
    [found] = [one["status"] for one in world.connections(entity_id) if one["app"] == app]
    return str(found)


def untouched(world: World) -> bool:
    return {one["status"] for one in world.connections()} == {"active"} and "disconnected" not in world.events()


@pytest.mark.parametrize("app", APPS)
def test_an_uninstalled_app_is_disconnected(world: World, app: str) -> None:
    """Threat 43. Status, history, letters, an empty vault; the app, which knows, is not told."""
    answer = made(app).to(world)
    assert (answer.status, answer.body) == (200, "")
    assert {one["app"]: one["status"] for one in world.connections()} == dict.fromkeys(APPS, "active") | {
        app: "disconnected"
    }
    revoke(world)
    assert letters(world) == [PAT, SAM]
    assert "Disconnected by: the app itself" in world.letters(PAT)[-1]["text"]
    assert app not in {item["app"] for item in world.vault.items()}
    assert waiting() == []
    assert world.apps.count(app, "revoke") == 0


@pytest.mark.parametrize("app", APPS)
def test_every_entity_whose_account_it_was_hears(world: World, clock: Clock, app: str) -> None:
    world.entity("other", "Other LLC")
    connected(app, "The same", ACCOUNTS[app], "other")
    clock.forward(minutes=1)
    assert made(app).to(world).status == 200
    assert [status(world, app), status(world, app, "other")] == ["disconnected", "disconnected"]


@pytest.mark.parametrize("app", APPS)
def test_another_account_s_notice_is_not_ours(world: World, app: str) -> None:
    assert made(app, **ANOTHER[app]).to(world).status == 200
    assert untouched(world)


# Forgeries


@pytest.mark.parametrize("app", APPS)
def test_a_forged_notice_is_refused(world: World, app: str) -> None:
    """Threat 43. Signed by somebody else: 401, before anything is read."""
    before = len(world.aws.calls)
    assert made(app, **FORGED[app]).to(world).status == 401
    assert world.aws.calls[before:] == []
    assert untouched(world)


@pytest.mark.parametrize("app", APPS)
def test_a_notice_that_was_changed_on_its_way_is_refused(world: World, app: str) -> None:
    """Threat 43. A byte more or less, no signature, nothing at all."""
    sent = made(app)
    bare = replace(sent, headers={"content-type": "application/json"}, query="", body=b"{}")
    tampered = [bare, replace(bare, body=b""), replace(bare, method="GET"), replace(bare, body=sent.body + b"{}")]
    tampered += [replace(sent, query=f"{sent.query}x")] if sent.query else []
    tampered += [replace(sent, query=sent.query[:-1])] if sent.query else []
    tampered += [replace(sent, body=changed) for changed in (sent.body + b" x", sent.body[:-1]) if sent.body]
    assert {one.to(world).status for one in tampered} == {401}
    assert untouched(world)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("other", APPS)
def test_one_app_s_notice_is_nothing_to_another(world: World, app: str, other: str) -> None:
    """Threat 3. Even under the same secret."""
    if app != other:
        assert made(app).to(world, other).status == 401
        assert untouched(world)


@pytest.mark.parametrize(
    "changed", [{"aud": "another-app"}, {"iss": "us"}, {"aud": None}, {"iat": None}, {"exp": None}]
)
def test_bigcommerce_s_token_must_be_for_us(world: World, changed: dict[str, Any]) -> None:
    assert made("bigcommerce", **changed).to(world).status == 401
    assert untouched(world)


def test_tokens_choose_no_algorithm(world: World) -> None:
    """Threat 43. Not ``none``, and not our public key as a secret."""

    def part(said: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    payload = made("wix").body.split(b".")[1].decode()
    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    head = part({"alg": "HS256", "typ": "JWT"})
    confused = f"{head}.{payload}.{_mac(notices.public().encode(), f'{head}.{payload}')}"
    for token in (unsigned, confused):
        assert replace(made("wix"), body=token.encode()).to(world).status == 401
    assert untouched(world)


def test_without_a_key_nothing_is_believed(world: World) -> None:
    """Threat 43. An empty secret signs nothing."""
    token = made("bigcommerce").query
    unsigned = f"{token.rpartition('.')[0]}.{_mac(b'', token.partition('=')[2].rpartition('.')[0])}"
    bare = {app: {"client_id": notices.CLIENT_ID, "client_secret": ""} for app in APPS}
    settings_with(APP_CREDENTIALS=json.dumps(bare))
    for sent in (made("shopify", secret=""), made("tiktok_shop", secret=""), made("wix")):
        assert sent.to(world).status == 401
    assert replace(made("bigcommerce"), query=unsigned).to(world).status == 401
    assert untouched(world)


def _mac(key: bytes, signed: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


@pytest.mark.parametrize("app", ["square", "nobody", "%00"])
def test_other_addresses_take_no_notices(world: World, app: str) -> None:
    assert made("shopify").to(world, app).status == 404
    assert untouched(world)


def test_an_app_that_is_not_set_up_sends_none(world: World) -> None:
    settings_with(APP_CREDENTIALS="{}")
    assert made("shopify").to(world).status == 404


# Replays


@pytest.mark.parametrize("app", APPS)
def test_a_notice_again_changes_nothing(world: World, app: str) -> None:
    """Threat 6. At once and later; one event, one letter to each admin."""
    sent = made(app)
    for _ in range(3):
        assert sent.to(world).status == 200
    assert {answer.status for answer in together(lambda: sent.to(world), times=3)} == {200}
    assert world.events().count("disconnected") == 1
    assert letters(world) == [PAT, SAM]


@pytest.mark.parametrize("app", APPS)
def test_a_replayed_notice_does_not_end_what_was_connected_since(world: World, clock: Clock, app: str) -> None:
    """Threat 43. Uninstalled, installed again: yesterday's notice is about yesterday's connection."""
    sent = made(app)
    assert sent.to(world).status == 200
    clock.forward(hours=1)
    connected(app, "Again", ACCOUNTS[app])
    clock.forward(minutes=1)
    assert sent.to(world).status == 200
    assert status(world, app) == "active"
    assert world.events().count("disconnected") == 1


def test_a_delivery_is_obeyed_once(world: World, clock: Clock) -> None:
    """Threat 43. Shopify signs neither time nor id; the same id with a newer time is the same delivery."""
    assert made("shopify", delivery="delivery-1").to(world).status == 200
    clock.forward(hours=1)
    connected("shopify", "Again", ACCOUNTS["shopify"])
    clock.forward(minutes=1)
    assert made("shopify", delivery="delivery-1").to(world).status == 200
    assert status(world, "shopify") == "active"
    assert made("shopify", delivery="delivery-2").to(world).status == 200
    assert status(world, "shopify") == "disconnected"


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("age", [86_400 * 2 + 1, 86_400 * 8, -301])
def test_a_notice_of_another_time_is_not_believed(world: World, clock: Clock, app: str, age: int) -> None:
    """Threat 7. Older than two days, or from the future: nothing happens (and a token of the future is refused)."""
    clock.forward(days=9)
    assert made(app, age=age).to(world).status in {200, 401}
    assert untouched(world)


@pytest.mark.parametrize("app", APPS)
def test_a_notice_of_yesterday_is_believed(world: World, clock: Clock, app: str) -> None:
    clock.forward(days=2)
    assert made(app, age=86_400).to(world).status == 200
    assert status(world, app) == "disconnected"


@pytest.mark.parametrize("app", APPS)
def test_a_notice_older_than_the_connection_is_not_about_it(world: World, clock: Clock, app: str) -> None:
    """Threat 43. It was late, and the owner had connected again by then."""
    clock.forward(minutes=30)
    assert made(app, age=3600).to(world).status == 200
    assert untouched(world)


def test_disconnected_by_us_first(world: World) -> None:
    """Shopify tells us of the uninstallation that our own revocation is."""
    [shop] = [one["id"] for one in world.connections() if one["app"] == "shopify"]
    end(world, shop)
    assert made("shopify").to(world).status == 200
    assert world.events().count("disconnected") == 1


# What they say


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_what_people_ask_about_their_data_is_recorded(world: World, topic: str) -> None:
    """Shopify's three mandatory notices: in the history, once; nothing else changes."""
    sent = made("shopify", topic=topic, shop_id=954889, customer={"email": "buyer@example.com"})
    for _ in range(2):
        assert sent.to(world).status == 200
    newest = world.platform().get("/v1/entities/acme/events").json["items"][0]
    assert (newest["kind"], newest["detail"], newest["app"]) == ("privacy_notice", topic, "shopify")
    assert world.events().count("privacy_notice") == 1
    assert untouched(world)
    assert topic in world.admin().get("/entities/acme/history").text
    assert "buyer@example.com" not in str(world.core.items())


def test_a_shop_that_has_gone_is_still_recorded_for(world: World, clock: Clock) -> None:
    """``shop/redact`` comes two days after the app was uninstalled."""
    assert made("shopify").to(world).status == 200
    clock.forward(days=2)
    assert made("shopify", topic="shop/redact").to(world).status == 200
    assert world.events()[0] == "privacy_notice"


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact", "app/uninstalled", ""])
def test_a_wrong_signature_is_refused_for_every_topic(world: World, topic: str) -> None:
    """Shopify tests this: 401."""
    assert made("shopify", topic=topic, secret="wrong-secret").to(world).status == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"app": "shopify", "topic": ""},
        {"app": "shopify", "topic": "orders/create"},
        {"app": "wix", "kind": "AppInstalled"},
        {"app": "tiktok_shop", "kind": 1},
        {"app": "tiktok_shop", "kind": 7},
    ],
)
def test_what_we_do_not_heed_is_answered_kindly(world: World, sent: dict[str, Any]) -> None:
    """So that the app neither tries again nor switches us off."""
    assert made(sent.pop("app"), **sent).to(world).status == 200
    assert untouched(world)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b"not json", b'{"myshopify_domain": 7}', b'{"myshopify_domain": "evil.example"}', b"\xff\xfe"],
)
def test_a_signed_body_that_is_no_notice(world: World, raw: bytes) -> None:
    assert made("shopify", raw=raw).to(world).status == 401
    assert untouched(world)


def test_the_topic_must_go_with_the_body(world: World) -> None:
    """Threat 43. The topic's header is not signed: a privacy notice's body ends no connection."""
    body = made("shopify", topic="customers/redact").body
    assert made("shopify", raw=body).to(world).status == 401
    assert untouched(world)


def test_bytes_are_checked_as_they_came(world: World) -> None:
    """API Gateway hands text over as ``str``, and what it calls binary as Base64: the same bytes either way."""
    sent = made("shopify")
    assert not sent.body.isascii()
    for body, encoded in ((sent.body.decode(), False), (base64.b64encode(sent.body).decode(), True)):
        answer = world.app(_event(sent, body, encoded=encoded), None)
        assert answer["statusCode"] == 200
        wrong = replace(sent, headers={**sent.headers, "X-Shopify-Hmac-Sha256": "AAAA"})
        assert world.app(_event(wrong, body, encoded=encoded), None)["statusCode"] == 401
    assert status(world, "shopify") == "disconnected"


def _event(sent: Sent, body: str, *, encoded: bool) -> dict[str, Any]:
    """As API Gateway invokes Lambda with it."""
    return {
        "httpMethod": sent.method,
        "path": "/webhooks/shopify",
        "resource": "/webhooks/{app}",
        "pathParameters": {"app": "shopify"},
        "headers": sent.headers,
        "multiValueHeaders": {name: [value] for name, value in sent.headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": sent.method,
            "resourcePath": "/webhooks/{app}",
            "path": "/webhooks/shopify",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def test_a_notice_that_is_too_large(world: World) -> None:
    """Threat 36."""
    assert made("shopify", raw=b" " * 70_000).to(world).status == 413
    assert SECRET not in str(world.records)
