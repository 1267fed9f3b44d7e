import time

import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve
from tests.simulators.visiting import CALLBACK, EBAY, EBAY_SCOPE, SQUARESPACE, Visit, api, basic, query

AGENTS = ["", "python-requests/2.34.2", "python-urllib3/2.5.0", "Python-urllib/3.12"]


@pytest.mark.parametrize("visit", [SQUARESPACE, EBAY], ids=lambda visit: visit.app)
def test_a_wrong_client(apps: Simulators, visit: Visit) -> None:
    code, name = visit.code(apps), f"{visit.app}-id"
    for headers in (
        {"Authorization": basic(name, "wrong")},
        {"Authorization": basic("other", f"{visit.app}-secret")},
        {"Authorization": f"Bearer {visit.app}-secret"},
        {"Authorization": "Basic nonsense"},
        {"Authorization": None},
    ):
        answer = visit.post(apps, visit.code_body(code), headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    in_body = {"client_id": name, "client_secret": f"{visit.app}-secret"}
    assert visit.exchange(apps, code, **in_body).status_code == 401
    assert visit.exchange(apps, code).status_code == 200


def test_squarespace_answers_with_moments(apps: Simulators) -> None:
    tokens = SQUARESPACE.connect(apps)
    assert "expires_in" not in tokens
    assert 1790 < tokens["access_token_expires_at"] - time.time() <= 1800
    assert tokens["refresh_token_expires_at"] - tokens["access_token_expires_at"] == 7 * 24 * 3600 - 1800
    site = SQUARESPACE.who(apps, tokens["access_token"]).json()
    assert (site["id"], site["title"]) == ("5f1a2b3c4d5e6f7081920a01", "Willow Ceramics")


@pytest.mark.parametrize("access_type", [None, "online"])
def test_squarespace_wants_offline_access(apps: Simulators, access_type: str | None) -> None:
    answer = requests.get(SQUARESPACE.authorize(apps, access_type=access_type), timeout=10)
    assert (answer.status_code, "access_type=offline is required" in answer.text) == (400, True)


@pytest.mark.parametrize("agent", AGENTS)
def test_squarespace_wants_an_agent_of_ones_own(apps: Simulators, agent: str) -> None:
    code = SQUARESPACE.code(apps)
    refused = SQUARESPACE.post(apps, SQUARESPACE.code_body(code), headers={"User-Agent": agent})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    token = SQUARESPACE.exchange(apps, code).json()["access_token"]
    assert api(apps.simulated(SQUARESPACE.identity_url), token, **{"User-Agent": agent}).status_code == 400


def test_ebay_answers_its_own_way(apps: Simulators) -> None:
    tokens = EBAY.connect(apps)
    assert tokens["token_type"] == "User Access Token"
    assert (tokens["expires_in"], tokens["refresh_token_expires_in"]) == (7200, 47304000)
    refreshed = EBAY.refresh(apps, tokens["refresh_token"]).json()
    assert set(refreshed) == {"access_token", "expires_in", "token_type"}
    who = EBAY.who(apps, refreshed["access_token"]).json()
    assert (who["userId"], who["username"]) == ("EbSimVintage1", "vintage_finds_uk")


def test_ebay_takes_the_alias_and_redirects_to_the_address(apps: Simulators) -> None:
    callback = approve(EBAY.authorize(apps))
    assert callback.startswith(CALLBACK)
    found = query(callback)
    assert found["expires_in"] == "299"
    assert {"^", "#"} <= set(found["code"])
    assert requests.get(EBAY.authorize(apps, redirect_uri=CALLBACK), timeout=10).status_code == 400
    assert EBAY.exchange(apps, found["code"], redirect_uri=CALLBACK).status_code == 400


def test_ebay_codes_are_encoded_once(apps: Simulators) -> None:
    found = approve(EBAY.authorize(apps)).split("code=")[1].split("&")[0]
    assert "%" in found
    assert EBAY.exchange(apps, found).status_code == 400


def test_ebay_codes_are_encoded_at_all(apps: Simulators) -> None:
    url, headers = apps.simulated(EBAY.token_url), {"Content-Type": "application/x-www-form-urlencoded"}
    bare = f"grant_type=authorization_code&redirect_uri={EBAY.redirect_uri}&code={EBAY.code(apps)}"
    answer = requests.post(url, data=bare, headers=headers | EBAY.token_headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_ebay_narrows_scopes_and_never_widens_them(apps: Simulators) -> None:
    tokens = EBAY.connect(apps)
    narrow = EBAY.refresh(apps, tokens["refresh_token"], scope=f"{EBAY_SCOPE}/sell.finances")
    assert apps.tokens("ebay")[-1].scope == f"{EBAY_SCOPE}/sell.finances"
    assert EBAY.who(apps, narrow.json()["access_token"]).status_code == 403
    wider = EBAY.refresh(apps, tokens["refresh_token"], scope=f"{EBAY_SCOPE}/sell.inventory.readonly")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    assert EBAY.refresh(apps, tokens["refresh_token"], scope=EBAY.scope).status_code == 200


def test_ebays_hosts_are_apart(apps: Simulators) -> None:
    token = EBAY.connect(apps)["access_token"]
    url = apps.simulated(EBAY.identity_url)
    assert api(url.replace("apiz.", "api."), token).status_code == 404
    assert api(url.rstrip("/"), token).status_code == 404
