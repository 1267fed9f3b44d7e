from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, STATE, basic, in_body

AUTHORIZE = "https://login.account.wal-mart.com/authorize"
TOKEN = "https://marketplace.walmartapis.com/v3/token"
DETAIL = f"{TOKEN}/detail"
ASK = {
    "responseType": "code",
    "clientId": "walmart_marketplace-id",
    "redirectUri": CALLBACK,
    "clientType": "seller",
    "nonce": "n1",
    "state": STATE,
}
ALWAYS = {"WM_QOS.CORRELATION_ID": "b3261d2d-028a", "WM_SVC.NAME": "Walmart Marketplace", "Accept": "application/json"}
HEADERS = {
    "Authorization": basic("walmart_marketplace-id", "walmart_marketplace-secret"),
    "WM_PARTNER.ID": "10001101",
    "WM_MARKET": "us",
    **ALWAYS,
}


def code(apps: Simulators, account: str | None = None) -> str:
    return callback(start(apps, AUTHORIZE, ASK), account)["code"]


def exchange(
    apps: Simulators, code: str, /, kind: str = "data", headers: Any = None, **changes: Any
) -> requests.Response:
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return send(apps, TOKEN, kind, body, headers=HEADERS | (headers or {}), **changes)


def refresh(apps: Simulators, token: str, **headers: str) -> requests.Response:
    body = {"grant_type": "refresh_token", "refresh_token": token}
    return send(apps, TOKEN, "data", body, headers=HEADERS | headers)


def detail(apps: Simulators, token: str, **headers: str) -> requests.Response:
    return get(apps, DETAIL, **{**ALWAYS, "WM_SEC.ACCESS_TOKEN": token, **headers})


def test_a_seller_connects(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK), "10001102")
    assert {**found, "code": ""} == {
        "code": "",
        "type": "auth",
        "clientId": "walmart_marketplace-id",
        "sellerId": "10001102",
    }
    tokens = exchange(apps, found["code"], headers={"WM_PARTNER.ID": "10001102"}).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    answer = detail(apps, tokens["access_token"]).json()
    assert (answer["is_valid"], answer["expire_at"] - answer["issued_at"]) == (True, 900)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clientId": None}, "clientId is missing"),
        ({"clientId": "other"}, "clientId is unknown"),
        ({"client_id": "walmart_marketplace-id"}, "client_id is not a parameter"),
        ({"redirectUri": None}, "redirectUri is missing"),
        ({"redirectUri": CALLBACK + "/"}, "redirectUri is not the registered one"),
        ({"redirect_uri": CALLBACK}, "redirect_uri is not a parameter"),
        ({"responseType": None, "response_type": "code"}, "responseType must be code"),
        ({"response_type": "code"}, "response_type is not a parameter"),
        ({"clientType": None}, "clientType=seller is required"),
        ({"nonce": None}, "nonce is missing"),
        ({"state": None}, "state is missing"),
        ({"scope": "orders"}, "scope must not be sent"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, AUTHORIZE, ASK, **changes), said)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"WM_PARTNER.ID": None}, 400),
        ({"WM_PARTNER.ID": "10001102"}, 400),
        ({"WM_QOS.CORRELATION_ID": None}, 400),
        ({"WM_SVC.NAME": None}, 400),
        ({"WM_SVC.NAME": "Something else"}, 400),
        ({"WM_MARKET": "de"}, 400),
        ({"Authorization": None}, 401),
        ({"Authorization": basic("walmart_marketplace-id", "wrong")}, 401),
    ],
)
def test_wrong_headers(apps: Simulators, headers: dict[str, str | None], status: int) -> None:
    once = code(apps)
    answer = exchange(apps, once, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"][0]["code"].endswith(".GMP_GATEWAY_API")
    assert exchange(apps, once).status_code == 200


@pytest.mark.parametrize(
    "changes", [in_body("walmart_marketplace"), {"redirect_uri": None}, {"surprise": "1"}, {"kind": "json"}]
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any]) -> None:
    assert exchange(apps, code(apps), **changes).status_code in {400, 401}
    assert apps.tokens("walmart_marketplace") == []


def test_xml_for_whoever_does_not_ask_for_json(apps: Simulators) -> None:
    answer = exchange(apps, code(apps), headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/xml; charset=utf-8")
    assert answer.text.startswith("<OAuthTokenDTO><access_token>eyJ")


def test_refreshing_keeps_the_refresh_token_unsaid(apps: Simulators) -> None:
    tokens = exchange(apps, code(apps)).json()
    apps.pass_time(900)
    assert detail(apps, tokens["access_token"]).status_code == 401
    fresh = refresh(apps, tokens["refresh_token"])
    assert set(fresh.json()) == {"access_token", "token_type", "expires_in"}
    assert detail(apps, fresh.json()["access_token"]).status_code == 200
    assert refresh(apps, tokens["refresh_token"], **{"WM_PARTNER.ID": "10001102"}).status_code == 400
    apps.pass_time(365 * 24 * 3600)
    assert refresh(apps, tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize("missing", sorted(ALWAYS))
def test_the_api_wants_its_headers(apps: Simulators, missing: str) -> None:
    token = exchange(apps, code(apps)).json()["access_token"]
    assert detail(apps, token, **{missing: "x"}).status_code == 400
    assert detail(apps, "nonsense").status_code == 401
    assert get(apps, DETAIL, Authorization=f"Bearer {token}", **ALWAYS).status_code == 401


def test_misbehaviours(apps: Simulators) -> None:
    apps.misbehave("walmart_marketplace", "token", Misbehaviour.NO_ACCESS_TOKEN)
    assert "access_token" not in exchange(apps, code(apps)).json()
    apps.misbehave("walmart_marketplace", "token", Misbehaviour.INVALID_GRANT)
    assert exchange(apps, code(apps)).json()["error"][0]["code"] == "INVALID_TOKEN.GMP_GATEWAY_API"
