from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import approve
from tests.simulators.visiting import api, basic, in_body, query
from tests.simulators.visits_of_books import UBER_EATS

MISSION, CASTRO, PHO = (f"51b1000{number}-40b7-4bd8-b01c-c7d1cbd194f6" for number in (1, 2, 3))
STORES = "https://api.uber.com/v1/eats/stores"


def ours(apps: Simulators, **options: Any) -> requests.Response:
    """A token request for our application alone."""
    scope = options.pop("scope", "eats.store eats.report")
    body = {"grant_type": "client_credentials", "scope": scope, **in_body("uber_eats"), **options.pop("body", {})}
    return UBER_EATS.post(apps, body, **options)


def app_token(apps: Simulators, scope: str = "eats.store eats.report") -> str:
    token: str = ours(apps, scope=scope).json()["access_token"]
    return token


def store(apps: Simulators, token: str, store_id: str = MISSION) -> int:
    return api(apps.simulated(f"{STORES}/{store_id}"), token).status_code


def listed(apps: Simulators, token: str) -> list[str]:
    return [one["store_id"] for one in UBER_EATS.who(apps, token).json()["stores"]]


def test_a_merchant_lists_their_stores(apps: Simulators) -> None:
    tokens = UBER_EATS.connect(apps)
    assert tokens["expires_in"] == 30 * 24 * 3600
    assert listed(apps, tokens["access_token"]) == [MISSION, CASTRO]
    assert listed(apps, UBER_EATS.connect(apps, PHO)["access_token"]) == [PHO]
    names = [one["name"] for one in UBER_EATS.who(apps, tokens["access_token"]).json()["stores"]]
    assert names == ["Taco Corner – Mission", "Taco Corner – Castro"]


def test_a_merchants_token_reads_no_store(apps: Simulators) -> None:
    apps.enable("uber_eats", MISSION)
    assert store(apps, UBER_EATS.connect(apps)["access_token"]) == 403


def test_refreshing_needs_offline_access(apps: Simulators) -> None:
    code = query(approve(UBER_EATS.authorize(apps, scope="eats.pos_provisioning")))["code"]
    tokens = UBER_EATS.exchange(apps, code).json()
    assert "refresh_token" not in tokens
    code = query(approve(UBER_EATS.authorize(apps, scope="offline_access")))["code"]
    assert UBER_EATS.who(apps, UBER_EATS.exchange(apps, code).json()["access_token"]).status_code == 403


@pytest.mark.parametrize("scope", ["eats.store", "eats.pos_provisioning eats.report"])
def test_merchants_are_not_asked_for_our_scopes(apps: Simulators, scope: str) -> None:
    answer = requests.get(UBER_EATS.authorize(apps, scope=scope), timeout=10)
    assert (answer.status_code, "is unknown" in answer.text) == (400, True)


def test_a_store_answers_once_it_is_enabled(apps: Simulators) -> None:
    UBER_EATS.connect(apps)
    token = app_token(apps)
    assert (store(apps, token), listed(apps, token)) == (403, [])
    apps.enable("uber_eats", MISSION)
    assert (store(apps, token), store(apps, token, CASTRO), listed(apps, token)) == (200, 403, [MISSION])
    assert api(apps.simulated(f"{STORES}/{MISSION}"), token).json()["name"] == "Taco Corner – Mission"
    assert store(apps, token, MISSION.replace("0001", "0009")) == 404
    apps.reset()
    assert store(apps, app_token(apps)) == 403


def test_our_tokens_have_scopes_and_an_end(apps: Simulators) -> None:
    apps.enable("uber_eats", MISSION)
    report = app_token(apps, "eats.report")
    assert store(apps, report) == 403
    assert UBER_EATS.who(apps, report).status_code == 403
    token = app_token(apps)
    apps.pass_time(30 * 24 * 3600)
    assert store(apps, token) == 401
    assert store(apps, "other") == 401


def test_our_token(apps: Simulators) -> None:
    tokens = ours(apps).json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
    apps.misbehave("uber_eats", "token", Misbehaviour.BIG_TOKEN)
    assert len(app_token(apps)) == 5 * 1024
    apps.misbehave("uber_eats", "token", Misbehaviour.NO_ACCESS_TOKEN)
    assert "access_token" not in ours(apps).json()


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ({"body": {"client_secret": "wrong"}}, 401, "invalid_client"),
        ({"headers": {"Authorization": basic("uber_eats-id", "uber_eats-secret")}}, 401, "invalid_client"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": "eats.pos_provisioning"}, 400, "invalid_scope"),
        ({"scope": "eats.store,eats.report"}, 400, "invalid_scope"),
        ({"body": {"redirect_uri": "https://connect.example"}}, 400, "invalid_request"),
        ({"json": True}, 400, "invalid_request"),
        ({"url": f"{UBER_EATS.token_url}?a=b"}, 400, "invalid_request"),
    ],
)
def test_our_token_wrongly(apps: Simulators, options: dict[str, Any], status: int, said: str) -> None:
    answer = ours(apps, **options)
    assert (answer.status_code, answer.json()["error"]) == (status, said)
    assert apps.tokens("uber_eats") == []
