import time
from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, STATE, basic, in_body, query

AUTHORIZE = "https://www.clover.com/oauth/v2/authorize"
TOKEN = "https://api.clover.com/oauth/v2/token"
REFRESH = "https://api.clover.com/oauth/v2/refresh"
ASK = {"response_type": "code", "client_id": "clover-id", "redirect_uri": CALLBACK, "state": STATE}


def code(apps: Simulators, url: str = AUTHORIZE) -> str:
    return callback(start(apps, url, ASK))["code"]


def exchange(apps: Simulators, code: str, /, kind: str = "json", **changes: Any) -> requests.Response:
    return send(apps, changes.pop("url", TOKEN), kind, {**in_body("clover"), "code": code}, **changes)


def refresh(apps: Simulators, token: str, **changes: Any) -> requests.Response:
    return send(
        apps, changes.pop("url", REFRESH), "json", {"client_id": "clover-id", "refresh_token": token}, **changes
    )


def merchant(apps: Simulators, token: str, host: str = "api", merchant: str = "SIMCLVRNA0001") -> requests.Response:
    return get(apps, f"https://{host}.clover.com/v3/merchants/{merchant}", Authorization=f"Bearer {token}")


def test_a_merchant_connects(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK))
    assert set(found) == {"code", "merchant_id", "employee_id", "client_id"}
    assert (found["merchant_id"], found["client_id"]) == ("SIMCLVRNA0001", "clover-id")
    tokens = exchange(apps, found["code"]).json()
    assert set(tokens) == {"access_token", "access_token_expiration", "refresh_token", "refresh_token_expiration"}
    assert abs(tokens["access_token_expiration"] - time.time() - 1800) < 60
    assert merchant(apps, tokens["access_token"]).json()["name"] == "Stumptown Diner"
    assert merchant(apps, tokens["access_token"], merchant="SIMCLVRNA0002").status_code == 401
    assert merchant(apps, "nonsense").status_code == 401


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": None}, "client_id is missing"),
        ({"redirect_uri": "https://other.example/"}, "redirect_uri is not the registered one"),
        ({"response_type": None}, "response_type must be code"),
        ({"scope": "Merchant:read"}, "scope must not be sent"),
        ({"state": None}, "state is missing"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "S256"}, "must not be sent"),
        ({"merchant_id": "SIMCLVRNA0001"}, "merchant_id is not a parameter"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, AUTHORIZE, ASK, **changes), said)


def test_the_redirect_uri_may_be_left_out(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK, redirect_uri=None))
    assert exchange(apps, found["code"]).status_code == 200


@pytest.mark.parametrize(
    ("site", "api", "name"),
    [
        ("www.eu", "api.eu", "SIMCLVREU0001"),
        ("www.la", "api.la", "SIMCLVRLA0001"),
        ("sandbox.dev", "apisandbox.dev", "SIMCLVRSB0001"),
    ],
)
def test_regions_are_apart(apps: Simulators, site: str, api: str, name: str) -> None:
    once = code(apps, AUTHORIZE.replace("www", site))
    assert exchange(apps, once).status_code == 401
    tokens = exchange(apps, once, url=TOKEN.replace("api", api, 1)).json()
    assert merchant(apps, tokens["access_token"], api, name).json()["id"] == name
    assert merchant(apps, tokens["access_token"], "api", name).status_code == 401
    assert refresh(apps, tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize("host", ["api", "www.evil", "apisandbox.dev", "eu"])
def test_hosts_that_are_none(apps: Simulators, host: str) -> None:
    assert requests.get(start(apps, AUTHORIZE.replace("www", host), ASK), timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": None}, 401),
        ({"client_secret": "wrong"}, 401),
        ({"headers": {"Authorization": basic("clover-id", "clover-secret")}}, 401),
        ({"code": "other"}, 401),
        ({"redirect_uri": CALLBACK}, 400),
        ({"code_verifier": "v" * 50}, 400),
        ({"grant_type": "password"}, 400),
        ({"kind": "data"}, 400),
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    once = code(apps)
    answer = exchange(apps, once, **changes)
    assert (answer.status_code, list(answer.json())) == (status, ["message"])
    assert exchange(apps, once).status_code == 200


def test_a_code_works_once(apps: Simulators) -> None:
    once = code(apps)
    token = exchange(apps, once).json()["access_token"]
    assert exchange(apps, once).status_code == 401
    assert merchant(apps, token).status_code == 401


def test_refreshing_takes_no_secret_and_rotates(apps: Simulators) -> None:
    first = exchange(apps, code(apps)).json()
    apps.pass_time(1800)
    assert merchant(apps, first["access_token"]).status_code == 401
    assert refresh(apps, first["refresh_token"], client_secret="clover-secret").status_code == 400
    assert refresh(apps, first["refresh_token"], client_id="other").status_code == 401
    assert refresh(apps, first["refresh_token"], url=TOKEN, grant_type="refresh_token").status_code == 400
    second = refresh(apps, first["refresh_token"]).json()
    assert merchant(apps, second["access_token"]).status_code == 200
    assert refresh(apps, first["refresh_token"]).status_code == 401
    assert merchant(apps, second["access_token"]).status_code == 401


def test_a_merchant_begins_at_clover(apps: Simulators) -> None:
    arrived = apps.install("clover", account="SIMCLVREU0001", url="https://connect.example/clover")
    assert arrived == "https://connect.example/clover?merchant_id=SIMCLVREU0001&client_id=clover-id"
    assert "code" not in query(apps.install("clover"))


def test_misbehaviours(apps: Simulators) -> None:
    apps.misbehave("clover", "token", Misbehaviour.NO_ACCESS_TOKEN)
    assert "access_token" not in exchange(apps, code(apps)).json()
    apps.misbehave("clover", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in merchant(apps, exchange(apps, code(apps)).json()["access_token"]).json()["name"]
