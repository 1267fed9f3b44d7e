import time
from dataclasses import replace
from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import approve, deny
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, LIGHTSPEED, STATE, basic, in_body, query

AUTHORIZE = "https://my.ecwid.com/api/oauth/authorize"
ASK = {
    "response_type": "code",
    "client_id": "ecwid-id",
    "redirect_uri": CALLBACK,
    "scope": "read_store_profile read_orders",
    "state": STATE,
}
CAFE = replace(
    LIGHTSPEED,
    token_url=LIGHTSPEED.token_url.replace("-books", "-cafe"),
    identity_url=LIGHTSPEED.identity_url.replace("-books", "-cafe"),
    account="harbour-cafe",
)


def code(apps: Simulators, **changes: str | None) -> str:
    return callback(start(apps, AUTHORIZE, ASK, **changes))["code"]


def exchange(apps: Simulators, code: str, /, kind: str = "data", **changes: Any) -> requests.Response:
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **in_body("ecwid")}
    return send(apps, "https://my.ecwid.com/api/oauth/token", kind, body, **changes)


def profile(apps: Simulators, token: str, store: str = "1003101") -> requests.Response:
    return get(apps, f"https://app.ecwid.com/api/v3/{store}/profile", Authorization=f"Bearer {token}")


def test_a_store_connects(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK), "1003102")
    assert {**found, "code": ""} == {"code": "", "store_id": "1003102"}
    tokens = exchange(apps, found["code"]).json()
    assert {**tokens, "access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "scope": ASK["scope"],
        "store_id": 1003102,
    }
    apps.pass_time(10 * 365 * 24 * 3600)
    answer = profile(apps, tokens["access_token"], "1003102").json()
    assert (answer["generalInfo"]["storeId"], answer["settings"]["storeName"]) == (1003102, "The Map Room")
    assert profile(apps, tokens["access_token"]).status_code == 403
    assert profile(apps, "nonsense").status_code == 401


def test_an_owner_cancels(apps: Simulators) -> None:
    assert query(deny(start(apps, AUTHORIZE, ASK))) == {"from": "apps", "error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "other"}, "client_id is unknown"),
        ({"redirect_uri": "https://other.example/"}, "redirect_uri is not the registered one"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"scope": None}, "scope is missing"),
        ({"scope": "read_store_profile,read_orders"}, "separated by spaces"),
        ({"scope": "create_orders"}, "is unknown"),
        ({"state": None}, "state is missing"),
        ({"surprise": "1"}, "surprise is not a parameter"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "S256"}, "must not be sent"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, AUTHORIZE, ASK, **changes), said)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"headers": {"Authorization": basic("ecwid-id", "ecwid-secret")}}, 401),
        ({"redirect_uri": None}, 400),
        ({"redirect_uri": "https://other.example/"}, 400),
        ({"grant_type": "refresh_token"}, 400),
        ({"code": "other"}, 400),
        ({"kind": "json"}, 400),
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any], status: int) -> None:
    once = code(apps)
    assert exchange(apps, once, **changes).status_code == status
    token = exchange(apps, once).json()["access_token"]
    assert exchange(apps, once).status_code == 400
    assert profile(apps, token).status_code == 401


def test_the_redirect_uri_is_repeated_if_it_was_said(apps: Simulators) -> None:
    assert exchange(apps, code(apps, redirect_uri=None), redirect_uri=None).status_code == 200
    assert exchange(apps, code(apps, redirect_uri=None), redirect_uri="https://other.example/").status_code == 400


def test_the_profile_needs_its_scope(apps: Simulators) -> None:
    token = exchange(apps, code(apps, scope="read_orders")).json()["access_token"]
    assert profile(apps, token).status_code == 403


def test_an_owner_begins_at_ecwid(apps: Simulators) -> None:
    found = query(apps.install("ecwid", account="1003102"))
    assert set(found) == {"from", "code"}
    tokens = exchange(apps, found["code"], redirect_uri=None).json()
    assert profile(apps, tokens["access_token"], "1003102").status_code == 200


def test_a_hostile_name(apps: Simulators) -> None:
    token = exchange(apps, code(apps)).json()["access_token"]
    apps.misbehave("ecwid", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in profile(apps, token).json()["settings"]["storeName"]


# Lightspeed, where the ordinary visits do not look.


def test_the_callback_names_the_store(apps: Simulators) -> None:
    found = callback(LIGHTSPEED.authorize(apps), "harbour-cafe")
    assert set(found) == {"code", "domain_prefix", "user_id", "scope"}
    assert (found["domain_prefix"], found["scope"]) == ("harbour-cafe", LIGHTSPEED.scope)
    tokens = CAFE.exchange(apps, found["code"]).json()
    assert (tokens["domain_prefix"], tokens["expires_in"], tokens["scope"]) == ("harbour-cafe", 86400, LIGHTSPEED.scope)
    assert abs(tokens["expires"] - time.time() - 86400) < 60
    retailer = CAFE.who(apps, tokens["access_token"]).json()["data"]
    assert (retailer["name"], retailer["domain_prefix"]) == ("Harbour Café", "harbour-cafe")


def test_stores_are_apart(apps: Simulators) -> None:
    once = CAFE.code(apps)
    assert LIGHTSPEED.exchange(apps, once).status_code == 400
    tokens = CAFE.exchange(apps, once).json()
    assert LIGHTSPEED.who(apps, tokens["access_token"]).status_code == 401
    assert LIGHTSPEED.refresh(apps, tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize("prefix", ["other-store", "evil.example", "Harbour-cafe", "harbour-cafe.evil"])
def test_other_hosts_know_no_code(apps: Simulators, prefix: str) -> None:
    once = CAFE.code(apps)
    elsewhere = replace(CAFE, token_url=CAFE.token_url.replace("harbour-cafe", prefix))
    assert elsewhere.exchange(apps, once).status_code in {400, 404}
    assert CAFE.exchange(apps, once).status_code == 200


def test_a_short_state_is_refused(apps: Simulators) -> None:
    assert refused(LIGHTSPEED.authorize(apps, state="1234567"), "state must have 8 characters or more")


def test_the_retailer_needs_its_scope(apps: Simulators) -> None:
    once = query(approve(CAFE.authorize(apps, scope="sales:read"), account="harbour-cafe"))["code"]
    token = CAFE.exchange(apps, once).json()["access_token"]
    assert CAFE.who(apps, token).status_code == 403
