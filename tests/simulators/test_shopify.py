import base64
import hashlib
import hmac
import time
from dataclasses import replace

import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve, deny
from tests.simulators.visiting import SHOPIFY, ask_shop, basic, query

UNINSTALL = "https://acme-store.myshopify.com/admin/api_permissions/current.json"
OTHER = replace(
    SHOPIFY,
    authorize_url=SHOPIFY.authorize_url.replace("acme-store", "beta-2"),
    token_url=SHOPIFY.token_url.replace("acme-store", "beta-2"),
    identity_url=SHOPIFY.identity_url.replace("acme-store", "beta-2"),
)


def uninstall(apps: Simulators, token: str) -> requests.Response:
    return requests.delete(apps.simulated(UNINSTALL), headers={"X-Shopify-Access-Token": token}, timeout=10)


def signed(found: dict[str, str]) -> str:
    """Written out from Shopify's rule, for a state that holds each delimiter."""
    state = "s%25%26=+ é/~"
    message = f"from=apps&host={found['host']}&shop={found['shop']}&state={state}&timestamp={found['timestamp']}"
    start = f"code={found['code']}&" if "code" in found else "error=access_denied&"
    return hmac.new(b"shopify-secret", (start + message).encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("press", [approve, deny])
def test_callbacks_are_signed(apps: Simulators, press: object) -> None:
    assert callable(press)
    found = query(press(SHOPIFY.authorize(apps)))
    first = "code" if press is approve else "error"
    assert set(found) == {first, "shop", "state", "timestamp", "host", "hmac", "from"}
    assert found["shop"] == "acme-store.myshopify.com"
    assert abs(int(found["timestamp"]) - time.time()) < 60
    assert base64.b64decode(found["host"] + "==") == b"admin.shopify.com/store/acme-store"
    assert found["hmac"] == signed(found)


def test_the_answer(apps: Simulators) -> None:
    tokens = SHOPIFY.connect(apps)
    assert tokens["access_token"].startswith("shpat_")
    assert (tokens["expires_in"], tokens["refresh_token_expires_in"]) == (3600, 7776000)
    assert tokens["scope"] == SHOPIFY.scope
    shop = SHOPIFY.who(apps, tokens["access_token"]).json()["data"]["shop"]
    assert (shop["name"], shop["myshopifyDomain"]) == ("Acme Store", "acme-store.myshopify.com")
    assert shop["id"].startswith("gid://shopify/Shop/")


@pytest.mark.parametrize("expiring", [None, "0"])
def test_tokens_that_never_expire_are_refused(apps: Simulators, expiring: str | None) -> None:
    answer = SHOPIFY.exchange(apps, SHOPIFY.code(apps), expiring=expiring)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_secret": None}, {"client_id": "wrong"}])
def test_a_wrong_client(apps: Simulators, change: dict[str, str | None]) -> None:
    answer = SHOPIFY.exchange(apps, SHOPIFY.code(apps), **change)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_the_secret_has_no_place_in_a_header(apps: Simulators) -> None:
    headers = {"Authorization": basic("shopify-id", "shopify-secret")}
    assert SHOPIFY.post(apps, SHOPIFY.code_body("any"), headers=headers).status_code == 401


def test_shops_are_apart(apps: Simulators) -> None:
    code = SHOPIFY.code(apps)
    assert OTHER.exchange(apps, code).status_code == 400
    tokens = SHOPIFY.exchange(apps, code).json()
    assert OTHER.who(apps, tokens["access_token"]).status_code == 401
    other = OTHER.connect(apps)
    assert OTHER.who(apps, other["access_token"]).json()["data"]["shop"]["name"] == "Beta 2"
    assert SHOPIFY.who(apps, tokens["access_token"]).status_code == 200


def test_a_refresh_token_at_another_shop(apps: Simulators) -> None:
    tokens = SHOPIFY.connect(apps)
    assert OTHER.refresh(apps, tokens["refresh_token"]).status_code == 400


def test_a_new_grant_ends_the_one_before(apps: Simulators) -> None:
    old, new = SHOPIFY.connect(apps), SHOPIFY.connect(apps)
    assert SHOPIFY.who(apps, old["access_token"]).status_code == 401
    assert SHOPIFY.refresh(apps, old["refresh_token"]).status_code == 400
    assert SHOPIFY.who(apps, new["access_token"]).status_code == 200


@pytest.mark.parametrize("host", ["acme.example.com", "-acme.myshopify.com", "a.b.myshopify.com", "ACME.myshopify.com"])
def test_hosts_that_are_no_shop(apps: Simulators, host: str) -> None:
    url = SHOPIFY.authorize(apps).replace("acme-store.myshopify.com", host)
    assert requests.get(url, timeout=10).status_code == 404


@pytest.mark.parametrize(("version", "status"), [("2026-10", 200), ("unstable", 200), ("2026-11", 404), ("1", 404)])
def test_versions(apps: Simulators, version: str, status: int) -> None:
    token = SHOPIFY.connect(apps)["access_token"]
    url = apps.simulated(SHOPIFY.identity_url.replace("2026-10", version))
    assert ask_shop(url, token).status_code == status


def test_graphql(apps: Simulators) -> None:
    token, url = SHOPIFY.connect(apps)["access_token"], apps.simulated(SHOPIFY.identity_url)
    assert ask_shop(url, token, "query Who { shop { id, email } }").json()["data"]["shop"]["email"]
    assert "doesn't exist" in ask_shop(url, token, "{ shop { title } }").text
    assert "errors" in ask_shop(url, token, "{ orders { id } }").json()
    headers = {"X-Shopify-Access-Token": token}
    assert requests.post(url, data={"query": "{ shop { id } }"}, headers=headers, timeout=10).status_code == 400
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.post(url, json={"query": "{ shop { id } }"}, headers=bearer, timeout=10).status_code == 401


def test_uninstalling(apps: Simulators) -> None:
    tokens = SHOPIFY.connect(apps)
    assert uninstall(apps, "wrong").status_code == 401
    assert uninstall(apps, tokens["access_token"]).status_code == 200
    assert uninstall(apps, tokens["access_token"]).status_code == 401
    assert SHOPIFY.refresh(apps, tokens["refresh_token"]).status_code == 400
    assert apps.count("shopify", "revoke") == 3


def test_a_merchant_begins_in_the_admin(apps: Simulators) -> None:
    """The signature is over everything that is there, with no code and no state."""
    url = "https://connect.example/shopify?own=1"
    found = query(apps.install("shopify", account="beta-2.myshopify.com", url=url))
    assert set(found) == {"own", "shop", "host", "timestamp", "hmac"}
    message = f"host={found['host']}&own=1&shop=beta-2.myshopify.com&timestamp={found['timestamp']}"
    assert found["hmac"] == hmac.new(b"shopify-secret", message.encode(), hashlib.sha256).hexdigest()
