from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import deny
from tests.simulators.odd import callback, get, refused, send, start
from tests.simulators.visiting import CALLBACK, STATE, basic, in_body, query

CONSENT = "https://sellercentral.amazon.com/apps/authorize/consent"
TOKEN = "https://api.amazon.com/auth/o2/token"
API = "https://sellingpartnerapi-na.amazon.com/sellers/v1/marketplaceParticipations"
ASK = {"application_id": "amzn1.sp.solution.simulated", "state": STATE}
OURS = in_body("amazon_seller") | {"redirect_uri": CALLBACK}


def exchange(apps: Simulators, code: str, /, kind: str = "data", **changes: Any) -> requests.Response:
    return send(apps, TOKEN, kind, {"grant_type": "authorization_code", "code": code, **OURS}, **changes)


def code(apps: Simulators, account: str | None = None, consent: str = CONSENT) -> str:
    return callback(start(apps, consent, ASK), account)["spapi_oauth_code"]


def connect(apps: Simulators, account: str | None = None, consent: str = CONSENT) -> dict[str, Any]:
    tokens: dict[str, Any] = exchange(apps, code(apps, account, consent)).json()
    return tokens


def who(apps: Simulators, tokens: dict[str, Any], api: str = API) -> requests.Response:
    return get(apps, api, **{"x-amz-access-token": tokens["access_token"]})


def test_a_seller_connects(apps: Simulators) -> None:
    found = callback(start(apps, CONSENT, ASK, redirect_uri=CALLBACK, version="beta"))
    assert set(found) == {"spapi_oauth_code", "selling_partner_id"}
    assert found["selling_partner_id"] == "A2SIMPINEHOME1"
    tokens = exchange(apps, found["spapi_oauth_code"]).json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    first, second = who(apps, tokens).json()["payload"]
    assert (first["storeName"], first["marketplace"]["id"]) == ("Pine & Home", "ATVPDKIKX0DER")
    assert (second["storeName"], second["marketplace"]["name"]) == ("Pine & Home", "Amazon.ca")


def test_some_have_no_store_name(apps: Simulators) -> None:
    assert all("storeName" not in one for one in who(apps, connect(apps, "A2SIMNAMELESS2")).json()["payload"])


def test_a_seller_cancels(apps: Simulators) -> None:
    assert query(deny(start(apps, CONSENT, ASK))) == {"from": "apps", "error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"application_id": None}, "application_id is missing"),
        ({"application_id": "amazon_seller-id"}, "application_id is unknown"),
        ({"client_id": "amazon_seller-id"}, "client_id is not a parameter"),
        ({"response_type": "code"}, "response_type is not a parameter"),
        ({"scope": "sellingpartnerapi"}, "scope must not be sent"),
        ({"state": None}, "state is missing"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri is not the registered one"),
        ({"version": "1"}, "version must be beta"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "S256"}, "must not be sent"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, CONSENT, ASK, **changes), said)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("sellercentral.amazon.com.mx", 200),
        ("vendorcentral.amazon.com", 200),
        ("sellercentral-europe.amazon.com", 200),
        ("sellercentral.amazon.co.uk", 200),
        ("sellercentral.amazon.com.au", 200),
        ("sellercentral.amazon.evil.com", 404),
        ("evil-sellercentral.amazon.com", 404),
        ("sellercentral.amazon.com.evil", 404),
    ],
)
def test_hosts(apps: Simulators, host: str, status: int) -> None:
    assert (
        requests.get(start(apps, CONSENT.replace("sellercentral.amazon.com", host), ASK), timeout=10).status_code
        == status
    )


def test_regions_are_apart(apps: Simulators) -> None:
    tokens = connect(apps, consent="https://sellercentral.amazon.de/apps/authorize/consent")
    assert apps.tokens("amazon_seller")[0].account_id == "A2SIMTEAHOUSE3"
    assert who(apps, tokens).status_code == 403
    assert who(apps, tokens, API.replace("-na", "-eu")).json()["payload"][0]["storeName"] == "Thames Tea House"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "amzn1.sp.solution.simulated"}, 401, "invalid_client"),
        ({"headers": {"Authorization": basic("amazon_seller-id", "amazon_seller-secret")}}, 401, "invalid_client"),
        ({"redirect_uri": None}, 400, "invalid_grant"),
        ({"redirect_uri": "https://other.example/"}, 400, "invalid_grant"),
        ({"code_verifier": "v" * 50, "surprise": "1"}, 400, "invalid_request"),
        ({"kind": "json"}, 400, "invalid_request"),
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any], status: int, error: str) -> None:
    answer = exchange(apps, code(apps), **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_replay_ends_what_the_code_gave(apps: Simulators) -> None:
    once = code(apps)
    tokens = exchange(apps, once).json()
    assert who(apps, tokens).status_code == 200
    assert exchange(apps, once).json()["error"] == "invalid_grant"
    assert who(apps, tokens).status_code == 403


def test_the_token_has_a_header_of_its_own(apps: Simulators) -> None:
    tokens = connect(apps)
    assert get(apps, API, Authorization=f"Bearer {tokens['access_token']}").status_code == 403


def test_refreshing_keeps_the_refresh_token(apps: Simulators) -> None:
    tokens = connect(apps)
    apps.pass_time(3600)
    assert who(apps, tokens).status_code == 403
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **in_body("amazon_seller")}
    for _ in range(2):
        fresh = send(apps, TOKEN, "data", body).json()
        assert fresh["refresh_token"] == tokens["refresh_token"]
        assert who(apps, fresh).status_code == 200


def test_misbehaviours(apps: Simulators) -> None:
    apps.misbehave("amazon_seller", "token", Misbehaviour.NO_ACCESS_TOKEN)
    assert "access_token" not in connect(apps)
    tokens = connect(apps)
    apps.misbehave("amazon_seller", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in who(apps, tokens).json()["payload"][0]["storeName"]


# A seller who begins at Amazon.


def arrive(apps: Simulators, account: str = "A2SIMPINEHOME1") -> tuple[str, dict[str, str]]:
    """Amazon's callback address, and what there is to send to it."""
    arrived = apps.install("amazon_seller", account=account, url="https://connect.example/amazon?from=login")
    assert arrived.startswith("https://connect.example/amazon?from=login&amazon_callback_uri=")
    told = query(arrived)
    assert set(told) == {"from", "amazon_callback_uri", "amazon_state", "selling_partner_id"}
    assert told["selling_partner_id"] == account
    return told["amazon_callback_uri"], {"amazon_state": told["amazon_state"], "state": STATE, "redirect_uri": CALLBACK}


def go_on(apps: Simulators, back: str, sent: dict[str, str | None]) -> requests.Response:
    return requests.get(start(apps, back, sent), timeout=10, allow_redirects=False)


def test_a_seller_begins_at_amazon(apps: Simulators) -> None:
    back, sent = arrive(apps)
    assert back == "https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.simulated"
    gone = go_on(apps, back, {**sent, "version": "beta"})
    assert gone.status_code == 302
    found = query(gone.headers["Location"])
    assert (found["state"], found["selling_partner_id"]) == (STATE, "A2SIMPINEHOME1")
    assert who(apps, exchange(apps, found["spapi_oauth_code"]).json()).status_code == 200
    assert go_on(apps, back, {**sent}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"amazon_state": None},
        {"amazon_state": "made-up"},
        {"state": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://other.example/"},
        {"surprise": "1"},
        {"version": "2"},
    ],
)
def test_going_on_wrongly(apps: Simulators, changes: dict[str, str | None]) -> None:
    back, sent = arrive(apps)
    assert go_on(apps, back, {**sent, **changes}).status_code == 400
    assert go_on(apps, back.replace("sellercentral.", "sellercentral-europe."), {**sent}).status_code == 400
    assert go_on(apps, f"{back}2", {**sent}).status_code == 400
    assert go_on(apps, back, {**sent}).status_code == 302


def test_nobody_else_begins_there(apps: Simulators) -> None:
    with pytest.raises(ValueError, match="no account nobody"):
        apps.install("amazon_seller", account="nobody")
