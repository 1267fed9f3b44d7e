"""A store makes keys, posts them past the browser, and keeps them only when we answer 200."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.apps import woocommerce
from local.simulators.people import approve, deny
from tests.simulators.keys_inbox import Inbox
from tests.simulators.visiting import AGENT, basic, query

SHOP, FOLDER = (store.id for store in woocommerce.Woocommerce.accounts)
BACK = "https://connect.example/back?from=woo"
# Longer than a session's: what comes back is all there is to know the visit by.
NONCE = "n" * 43


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    opened = Inbox()
    yield opened
    opened.close()


def authorize(apps: Simulators, inbox: Inbox, store: str = SHOP, **changes: str | None) -> str:
    params = {
        "app_name": "Client Connect",
        "scope": "read",
        "user_id": NONCE,
        "return_url": BACK,
        "callback_url": inbox.url,
        **changes,
    }
    given = {name: value for name, value in params.items() if value is not None}
    return f"{apps.simulated(store)}/wc-auth/v1/authorize?{urlencode(given)}"


def get(apps: Simulators, path: str, key: str = "", store: str = SHOP) -> requests.Response:
    headers = {"User-Agent": AGENT} | ({"Authorization": key} if key else {})
    return requests.get(f"{apps.simulated(store)}/wp-json/{path}", headers=headers, timeout=10)


@pytest.mark.parametrize(("store", "name"), [(SHOP, "Harbour Books"), (FOLDER, "The Green Grocer")])
def test_an_owner_allows(apps: Simulators, inbox: Inbox, store: str, name: str) -> None:
    back = approve(authorize(apps, inbox, store))
    assert back.startswith(f"{BACK}&")
    assert query(back) == {"from": "woo", "success": "1", "user_id": NONCE}
    ((content_type, keys),) = inbox.posts
    assert content_type == "application/json;charset=UTF-8"
    assert set(keys) == {"key_id", "user_id", "consumer_key", "consumer_secret", "key_permissions"}
    assert (keys["user_id"], keys["key_permissions"], type(keys["key_id"])) == (NONCE, "read", int)
    (issued,) = apps.tokens("woocommerce")
    assert (issued.active, issued.account_id) == (True, store)
    assert (issued.access_token, issued.refresh_token) == (keys["consumer_key"], keys["consumer_secret"])
    key = basic(keys["consumer_key"], keys["consumer_secret"])
    assert get(apps, "", store=store).json()["name"] == name
    assert get(apps, "wc/v3/settings/general", key, store).json()[0]["value"] == "USD"
    assert get(apps, "wc/v3/orders?per_page=1", key, store).json() == []
    assert [hit.endpoint for hit in apps.hits] == ["authorize", "consent", "details", "identity", "identity"]


def test_an_owner_denies(apps: Simulators, inbox: Inbox) -> None:
    assert query(deny(authorize(apps, inbox))) == {"from": "woo", "success": "0", "user_id": NONCE}
    assert (inbox.posts, apps.tokens("woocommerce")) == ([], [])


@pytest.mark.parametrize("status", [201, 202, 204, 302, 400, 401, 404, 500, 503])
def test_only_200_keeps_the_keys(apps: Simulators, inbox: Inbox, status: int) -> None:
    inbox.status = status
    with pytest.raises(ValueError, match=r"(?s)401.*consumer data could not be sent"):
        approve(authorize(apps, inbox))
    keys = inbox.keys
    assert [key.active for key in apps.tokens("woocommerce")] == [False]
    key = basic(keys["consumer_key"], keys["consumer_secret"])
    assert get(apps, "wc/v3/settings/general", key).status_code == 401


def test_nobody_takes_the_keys(apps: Simulators, inbox: Inbox) -> None:
    inbox.close()
    with pytest.raises(ValueError, match=r"(?s)401.*consumer data could not be sent"):
        approve(authorize(apps, inbox))
    assert [key.active for key in apps.tokens("woocommerce")] == [False]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({name: value}, f"Missing parameter {name}") for name in woocommerce._WANTED for value in (None, "")),
        ({"scope": "everything"}, "Invalid scope everything"),
        ({"scope": "read write"}, "Invalid scope read write"),
        ({"return_url": "https://"}, "The return_url is not a valid URL"),
        ({"callback_url": "http://connect.example/keys"}, "The callback_url needs to be over SSL"),
        ({"callback_url": "ftp://connect.example/keys"}, "The callback_url needs to be over SSL"),
        ({"state": "s"}, "state is not a parameter of this app"),
    ],
)
def test_wrong_requests_make_no_keys(apps: Simulators, inbox: Inbox, changes: dict[str, Any], said: str) -> None:
    url = authorize(apps, inbox, **changes)
    for answer in (
        requests.get(url, timeout=10),
        requests.post(url, {"decision": "allow", "account": SHOP}, timeout=10),
    ):
        assert (answer.status_code, said in answer.text) == (401, True), answer.text
    assert (inbox.posts, apps.tokens("woocommerce")) == ([], [])


@pytest.mark.parametrize(
    "form", [{}, {"decision": "maybe"}, {"decision": "allow"}, {"decision": "allow", "account": FOLDER}]
)
def test_wrong_forms_make_no_keys(apps: Simulators, inbox: Inbox, form: dict[str, str]) -> None:
    assert requests.post(authorize(apps, inbox), form, timeout=10, allow_redirects=False).status_code == 401
    assert (inbox.posts, apps.tokens("woocommerce")) == ([], [])


def test_addresses_are_decoded_twice(apps: Simulators, inbox: Inbox) -> None:
    """As the store's own code has it: an escaped & in our address becomes one of the address's own."""
    back = deny(authorize(apps, inbox, return_url=f"https://connect.example/back?next={quote('a&b', safe='')}"))
    assert query(back) == {"next": "a", "success": "0", "user_id": NONCE}
    assert "next=a&b&" in back
    assert deny(authorize(apps, inbox, return_url="connect.example/back")).startswith("https://connect.example/back?")


def test_a_users_id_is_cleaned_on_the_way_back(apps: Simulators, inbox: Inbox) -> None:
    odd = "a%41b<i>c</i>"
    assert query(approve(authorize(apps, inbox, user_id=odd)))["user_id"] == "abc"
    assert inbox.keys["user_id"] == odd


def test_keys_open_their_own_store(apps: Simulators, inbox: Inbox) -> None:
    approve(authorize(apps, inbox))
    name, secret = inbox.keys["consumer_key"], inbox.keys["consumer_secret"]
    wrong = {
        "": "woocommerce_rest_cannot_view",
        f"Bearer {name}": "woocommerce_rest_cannot_view",
        basic(name, "wrong"): "woocommerce_rest_authentication_error",
        basic(name, ""): "woocommerce_rest_authentication_error",
        basic("wrong", secret): "woocommerce_rest_authentication_error",
        basic(secret, name): "woocommerce_rest_authentication_error",
    }
    for key, code in wrong.items():
        answer = get(apps, "wc/v3/settings/general", key)
        assert (answer.status_code, answer.json()["code"], key) == (401, code, key)
    assert get(apps, "wc/v3/orders", basic(name, secret), FOLDER).status_code == 401
    assert get(apps, f"wc/v3/orders?consumer_key={name}&consumer_secret={secret}").status_code == 401
    assert get(apps, "wc/v3/orders?surprise=1", basic(name, secret)).status_code == 400
    assert get(apps, "wc/v3/orders", basic(name, secret)).status_code == 200


def test_keys_that_only_write_read_nothing(apps: Simulators, inbox: Inbox) -> None:
    approve(authorize(apps, inbox, scope="write"))
    key = basic(inbox.keys["consumer_key"], inbox.keys["consumer_secret"])
    answer = get(apps, "wc/v3/settings/general", key)
    assert (answer.status_code, "read permissions" in answer.text) == (401, True)


@pytest.mark.parametrize(
    "url", [f"{FOLDER}x/wp-json/", "https://grocer.example.com/wp-json/", f"{SHOP}/store/wp-json/"]
)
def test_stores_are_where_they_are(apps: Simulators, url: str) -> None:
    assert requests.get(apps.simulated(url), timeout=10).status_code == 404


def test_the_store_misbehaves(apps: Simulators, inbox: Inbox) -> None:
    apps.misbehave("woocommerce", "consent", Misbehaviour.NO_ACCESS_TOKEN)
    approve(authorize(apps, inbox))
    assert "consumer_key" not in inbox.keys
    assert "consumer_secret" in inbox.keys
    apps.misbehave("woocommerce", "details", Misbehaviour.HOSTILE_NAME)
    assert [get(apps, "").json()["name"].startswith("<img") for _ in range(2)] == [True, False]
