from base64 import b64encode
from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, STATE, basic

AUTHORIZE = "https://faire.com/oauth2/authorize"
TOKEN = "https://www.faire.com/api/external-api-oauth2/token"
REVOKE = "https://www.faire.com/api/external-api-oauth2/revoke"
PROFILE = "https://www.faire.com/external-api/v2/brands/profile"
SCOPE = ["READ_BRAND", "READ_ORDERS"]
ASK: dict[str, str | list[str]] = {
    "applicationId": "faire-id",
    "redirectUrl": CALLBACK,
    "scope": SCOPE,
    "state": STATE,
}
OURS = {"application_token": "faire-id", "application_secret": "faire-secret"}
KEY = {"X-FAIRE-APP-CREDENTIALS": b64encode(b"faire-id:faire-secret").decode()}


def code(apps: Simulators, scope: list[str] | None = None) -> str:
    return callback(start(apps, AUTHORIZE, ASK, scope=scope or SCOPE))["authorizationCode"]


def exchange(apps: Simulators, code: str, /, kind: str = "json", **changes: Any) -> requests.Response:
    body = {"authorization_code": code, "grant_type": "AUTHORIZATION_CODE", "redirect_url": CALLBACK, "scope": SCOPE}
    return send(apps, TOKEN, kind, {**OURS, **body}, **changes)


def profile(apps: Simulators, token: str, **headers: str) -> requests.Response:
    return get(apps, PROFILE, **{**KEY, "X-FAIRE-OAUTH-ACCESS-TOKEN": token, **headers})


def revoke(apps: Simulators, token: str, /, **changes: Any) -> requests.Response:
    return send(apps, REVOKE, changes.pop("kind", "json"), {**OURS, "access_token_o_auth": token}, **changes)


def test_a_brand_connects(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK), "b_sim71bf76d5")
    assert set(found) == {"authorizationCode"}
    tokens = exchange(apps, found["authorizationCode"]).json()
    assert tokens == {"access_token": tokens["access_token"], "token_type": "BEARER"}
    brand = profile(apps, tokens["access_token"]).json()
    assert (brand["brand_id"], brand["name"]) == ("b_sim71bf76d5", "Little Lantern Co.")
    apps.pass_time(10 * 365 * 24 * 3600)
    assert profile(apps, tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"applicationId": None}, "applicationId is missing"),
        ({"applicationId": "other"}, "applicationId is unknown"),
        ({"client_id": "faire-id"}, "client_id is not a parameter"),
        ({"redirectUrl": None}, "redirectUrl is missing"),
        ({"redirectUrl": CALLBACK + "/"}, "redirectUrl is not the registered one"),
        ({"response_type": "code"}, "response_type is not a parameter"),
        ({"scope": None}, "scope is missing"),
        ({"scope": "READ_BRAND,READ_ORDERS"}, "is unknown"),
        ({"scope": "READ_BRAND READ_ORDERS"}, "is unknown"),
        ({"scope": ["READ_BRAND", "READ_MINDS"]}, "is unknown"),
        ({"state": None}, "state is missing"),
        ({"state": ["one", "two"]}, "state is there more than once"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, Any], said: str) -> None:
    assert refused(start(apps, AUTHORIZE, ASK, **changes), said)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"application_secret": "wrong"}, 401),
        ({"application_token": None, "client_id": "faire-id"}, 400),
        ({"headers": {"Authorization": basic("faire-id", "faire-secret")}}, 401),
        ({"grant_type": "authorization_code"}, 400),
        ({"redirect_url": None}, 400),
        ({"redirect_uri": CALLBACK}, 400),
        ({"scope": None}, 400),
        ({"scope": ["READ_BRAND"]}, 400),
        ({"scope": ["READ_BRAND", 1]}, 400),
        ({"authorization_code": "other"}, 400),
        ({"kind": "data"}, 400),
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    once = code(apps)
    assert exchange(apps, once, **changes).status_code == status
    assert exchange(apps, once).status_code == 200


def test_codes_work_once_and_for_ten_minutes(apps: Simulators) -> None:
    once = code(apps)
    token = exchange(apps, once).json()["access_token"]
    assert exchange(apps, once).json()["error"] == "invalid_grant"
    assert profile(apps, token).status_code == 401
    old = code(apps)
    apps.pass_time(600)
    assert exchange(apps, old).json()["error"] == "invalid_grant"


def test_a_working_token_stands_in_the_way_until_it_is_revoked(apps: Simulators) -> None:
    token = exchange(apps, code(apps)).json()["access_token"]
    again = code(apps)
    answer = exchange(apps, again)
    assert (answer.status_code, "already installed" in answer.text) == (400, True)
    assert revoke(apps, token).json() == {"success": "true"}
    assert profile(apps, token).status_code == 401
    assert exchange(apps, again).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"application_secret": "wrong"}, 401),
        ({"application_token": "wrong"}, 401),
        ({"access_token_o_auth": "wrong"}, 400),
        ({"token": "x"}, 400),
        ({"kind": "data"}, 400),
    ],
)
def test_wrong_revocations(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    token = exchange(apps, code(apps)).json()["access_token"]
    assert revoke(apps, token, **changes).status_code == status
    assert profile(apps, token).status_code == 200


def test_the_api_wants_both_headers_and_the_scope(apps: Simulators) -> None:
    token = exchange(apps, code(apps, ["READ_ORDERS"]), scope=["READ_ORDERS"]).json()["access_token"]
    assert profile(apps, token).status_code == 403
    assert profile(apps, "nonsense").status_code == 401
    assert profile(apps, token, **{"X-FAIRE-APP-CREDENTIALS": "faire-id:faire-secret"}).status_code == 401
    assert get(apps, PROFILE, Authorization=f"Bearer {token}", **KEY).status_code == 401


def test_there_is_nothing_to_refresh(apps: Simulators) -> None:
    assert exchange(apps, code(apps), grant_type="REFRESH_TOKEN").json()["error"] == "unsupported_grant_type"
    assert apps.tokens("faire") == []


def test_misbehaviours(apps: Simulators) -> None:
    apps.misbehave("faire", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in profile(apps, exchange(apps, code(apps)).json()["access_token"]).json()["name"]
