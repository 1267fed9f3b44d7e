from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import deny
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, basic, in_body, query

INSTALL = "https://admin.rechargeapps.com/partners/app/recharge-id/install"
SNOWDEVIL = {"myshopify_domain": "snowdevil"}
STORE = "https://api.rechargeapps.com/store"
BIG_INSTALL = "https://login.bigcommerce.com/app/bigcommerce-id/install"
BIG_STORE = "https://api.bigcommerce.com/stores/{}/v2/store"


def code(apps: Simulators, account: str | None = None) -> str:
    found = callback(start(apps, INSTALL, SNOWDEVIL), account, state=False)
    assert set(found) == {"code"}
    return found["code"]


def exchange(apps: Simulators, code: str, /, kind: str = "data", **changes: Any) -> requests.Response:
    body = {"grant_type": "authorization_code", "code": code, "client_id": "recharge-id", "redirect_uri": CALLBACK}
    return send(apps, "https://www.admin.rechargeapps.com/oauth/token", kind, body, **changes)


def store(apps: Simulators, token: str, **headers: str) -> requests.Response:
    return get(apps, STORE, **{"X-Recharge-Access-Token": token, "X-Recharge-Version": "2021-11", **headers})


def test_a_recharge_store_connects(apps: Simulators) -> None:
    tokens = exchange(apps, code(apps)).json()
    assert set(tokens) == {"access_token"}
    found = store(apps, tokens["access_token"]).json()["store"]
    assert (found["name"], found["identifier"]) == ("Snowdevil", "snowdevil.myshopify.com")
    assert str(found["id"]) == apps.tokens("recharge")[0].account_id
    apps.misbehave("recharge", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in store(apps, tokens["access_token"]).json()["store"]["name"]


def test_a_person_may_choose_another_store_than_announced(apps: Simulators) -> None:
    page = requests.get(start(apps, INSTALL, SNOWDEVIL), timeout=10).text
    other = page.split('name="account" value="')[-1].split('"')[0]
    token = exchange(apps, code(apps, other)).json()["access_token"]
    assert store(apps, token).json()["store"]["identifier"] == "another-store.myshopify.com"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"myshopify_domain": None}, "is needed"),
        ({"mybigcommerce_domain": "snowdevil"}, "is needed"),
        ({"myshopify_domain": "snowdevil.myshopify.com"}, "name alone"),
        ({"myshopify_domain": "Snowdevil"}, "name alone"),
        ({"redirect_uri": CALLBACK}, "redirect_uri must not be sent"),
        ({"state": "state"}, "state must not be sent"),
        ({"client_id": "recharge-id"}, "client_id is there more than once"),
        ({"scope": "read_store"}, "scope must not be sent"),
        ({"response_type": "code"}, "response_type is not a parameter"),
    ],
)
def test_wrong_recharge_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, INSTALL, SNOWDEVIL, **changes), said)


def test_an_unknown_application_in_the_path(apps: Simulators) -> None:
    assert refused(start(apps, INSTALL.replace("recharge-id", "other"), SNOWDEVIL), "client_id is unknown")
    assert refused(start(apps, BIG_INSTALL.replace("bigcommerce-id", "other"), {}), "client_id is unknown")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_id": None}, 401),
        ({"client_id": "other"}, 401),
        ({"client_secret": "recharge-secret"}, 400),
        ({"headers": {"Authorization": basic("recharge-id", "recharge-secret")}}, 400),
        ({"redirect_uri": None}, 400),
        ({"grant_type": "refresh_token"}, 400),
        ({"code": "other"}, 400),
        ({"kind": "json"}, 400),
    ],
)
def test_wrong_recharge_token_requests(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    once = code(apps)
    assert exchange(apps, once, **changes).status_code == status
    assert exchange(apps, once).status_code == 200
    assert exchange(apps, once).status_code == 400


def test_the_recharge_api(apps: Simulators) -> None:
    token = exchange(apps, code(apps)).json()["access_token"]
    assert store(apps, token, **{"X-Recharge-Version": "2021-01"}).status_code == 400
    assert get(apps, STORE, **{"X-Recharge-Access-Token": token}).status_code == 400
    assert store(apps, "nonsense").status_code == 401


# BigCommerce.


def told(apps: Simulators, account: str | None = None) -> dict[str, str]:
    return callback(start(apps, BIG_INSTALL, {}), account, state=False)


def redeem(apps: Simulators, found: dict[str, str], kind: str = "json", **changes: Any) -> requests.Response:
    repeated = {name: found[name] for name in ("code", "context", "scope")}
    body = {**in_body("bigcommerce"), **repeated, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    return send(apps, "https://login.bigcommerce.com/oauth2/token", kind, body, **changes)


def big_store(apps: Simulators, token: str, store: str = "g5cd38sim1", **headers: str) -> requests.Response:
    return get(apps, BIG_STORE.format(store), **{"X-Auth-Token": token, **headers})


@pytest.mark.parametrize("kind", ["json", "data"])
def test_a_bigcommerce_store_connects(apps: Simulators, kind: str) -> None:
    found = told(apps, "g5cd38sim2")
    assert set(found) == {"code", "context", "scope", "account_uuid", "external_install"}
    assert found["context"] == "stores/g5cd38sim2"
    tokens = redeem(apps, found, kind).json()
    assert set(tokens) == {"access_token", "scope", "user", "owner", "context", "account_uuid"}
    answer = big_store(apps, tokens["access_token"], "g5cd38sim2")
    assert answer.json()["name"] == "Birch & Bloom Outlet"
    assert big_store(apps, tokens["access_token"]).status_code == 401


def test_a_bigcommerce_merchant_cancels(apps: Simulators) -> None:
    found = query(deny(start(apps, BIG_INSTALL, {})))
    assert found == {"from": "apps", "error": "access_denied", "external_install": "true"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"redirect_uri": CALLBACK}, "redirect_uri must not be sent"),
        ({"state": "state"}, "state must not be sent"),
        ({"scope": "store_v2_default"}, "scope must not be sent"),
        ({"context": "stores/g5cd38sim1"}, "context is not a parameter"),
    ],
)
def test_wrong_bigcommerce_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, BIG_INSTALL, {}, **changes), said)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"headers": {"Authorization": basic("bigcommerce-id", "bigcommerce-secret")}}, 401),
        ({"context": None}, 400),
        ({"context": "stores/g5cd38sim2"}, 400),
        ({"scope": None}, 400),
        ({"scope": "store_v2_orders_read_only"}, 400),
        ({"redirect_uri": None}, 400),
        ({"redirect_uri": "https://other.example/"}, 400),
        ({"code_verifier": "v" * 50}, 400),
        ({"kind": "params"}, 405),
    ],
)
def test_wrong_bigcommerce_token_requests(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    found = told(apps)
    assert redeem(apps, found, **changes).status_code == status
    token = redeem(apps, found).json()["access_token"]
    assert big_store(apps, token).status_code == 200
    assert redeem(apps, found).status_code == 400
    assert big_store(apps, token).status_code == 401


def test_the_bigcommerce_api(apps: Simulators) -> None:
    token = redeem(apps, told(apps)).json()["access_token"]
    assert big_store(apps, token, Accept="application/json").status_code == 200
    assert big_store(apps, token, Accept="application/xml").status_code == 406
    assert get(apps, BIG_STORE.format("g5cd38sim1"), Authorization=f"Bearer {token}").status_code == 401


def test_a_merchant_begins_in_the_control_panel(apps: Simulators) -> None:
    found = query(apps.install("bigcommerce", account="g5cd38sim2"))
    assert set(found) == {"from", "code", "context", "scope", "account_uuid"}
    assert redeem(apps, found).json()["context"] == "stores/g5cd38sim2"
