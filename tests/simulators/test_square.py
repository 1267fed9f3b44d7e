from datetime import UTC, datetime, timedelta

import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve, deny
from tests.simulators.visiting import SQUARE, basic, query

REVOKE = "https://connect.squareup.com/oauth2/revoke"


def revoke(apps: Simulators, authorization: str = "Client square-secret", **body: str) -> requests.Response:
    given = {"client_id": "square-id"} | body
    return SQUARE.post(apps, given, url=REVOKE, headers={"Authorization": authorization})


def test_the_answer(apps: Simulators) -> None:
    tokens = SQUARE.connect(apps, "MLSIMMARKETHALL2")
    names = {"access_token", "token_type", "expires_at", "merchant_id", "refresh_token", "short_lived"}
    assert set(tokens) == names
    assert tokens["merchant_id"] == "MLSIMMARKETHALL2"
    left = datetime.fromisoformat(tokens["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    merchant = SQUARE.who(apps, tokens["access_token"]).json()["merchant"]
    assert (merchant["id"], merchant["business_name"]) == ("MLSIMMARKETHALL2", "Market Hall Bakery")


def test_callbacks(apps: Simulators) -> None:
    assert query(approve(SQUARE.authorize(apps)))["response_type"] == "code"
    assert query(deny(SQUARE.authorize(apps)))["error_description"] == "user_denied"


@pytest.mark.parametrize("session", [None, "true"])
def test_a_session_that_is_reused_is_refused(apps: Simulators, session: str | None) -> None:
    answer = requests.get(SQUARE.authorize(apps, session=session), timeout=10)
    assert (answer.status_code, "session=false is required" in answer.text) == (400, True)


def test_pkce_is_refused(apps: Simulators) -> None:
    answer = requests.get(SQUARE.authorize(apps, code_challenge="c" * 43), timeout=10)
    assert (answer.status_code, "code_challenge must not be sent" in answer.text) == (400, True)
    assert SQUARE.exchange(apps, SQUARE.code(apps), code_verifier="v" * 43).status_code == 400


@pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_secret": None}, {"client_id": "wrong"}])
def test_a_wrong_client(apps: Simulators, change: dict[str, str | None]) -> None:
    answer = SQUARE.exchange(apps, SQUARE.code(apps), **change)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_the_secret_has_no_place_in_a_header(apps: Simulators) -> None:
    headers = {"Authorization": basic("square-id", "square-secret")}
    assert SQUARE.post(apps, SQUARE.code_body("any"), headers=headers).status_code == 401


@pytest.mark.parametrize("body", ["[]", "nonsense", '"text"', '{"short_lived": true}', '{"scopes": []}'])
def test_a_body_that_is_no_object(apps: Simulators, body: str) -> None:
    url, headers = apps.simulated(SQUARE.token_url), {"Content-Type": "application/json"}
    assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 400


def test_a_secret_that_is_no_text(apps: Simulators) -> None:
    assert SQUARE.exchange(apps, SQUARE.code(apps), client_secret="\ud800").status_code == 401


def test_the_profile_scope_is_needed_to_see_the_profile(apps: Simulators) -> None:
    code = query(approve(SQUARE.authorize(apps, scope="PAYMENTS_READ")))["code"]
    token = SQUARE.exchange(apps, code).json()["access_token"]
    assert SQUARE.who(apps, token).status_code == 403


@pytest.mark.parametrize("by", ["access_token", "merchant_id"])
def test_revoking_ends_every_token_of_the_merchant(apps: Simulators, by: str) -> None:
    tokens = [SQUARE.connect(apps), SQUARE.connect(apps)]
    SQUARE.connect(apps, "MLSIMRIVERSIDE03")
    answer = revoke(apps, **{by: tokens[0][by]})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [token.active for token in apps.tokens("square")] == [False, False, True]
    assert SQUARE.refresh(apps, tokens[1]["refresh_token"]).status_code == 400
    assert revoke(apps, **{by: tokens[0][by]}).status_code == 404


def test_revoking_wrongly(apps: Simulators) -> None:
    merchant = SQUARE.connect(apps)["merchant_id"]
    assert revoke(apps, "Client wrong", merchant_id=merchant).status_code == 401
    assert revoke(apps, "Bearer square-secret", merchant_id=merchant).status_code == 401
    assert revoke(apps, client_id="other", merchant_id=merchant).status_code == 400
    assert revoke(apps).status_code == 400
    assert revoke(apps, merchant_id=merchant, access_token="both").status_code == 400
    headers = {"Authorization": "Client square-secret"}
    body = {"client_id": "square-id", "merchant_id": merchant}
    assert SQUARE.post(apps, body, url=REVOKE, headers=headers, json=False).status_code == 400
    only_access = body | {"revoke_only_access_token": True}
    assert requests.post(apps.simulated(REVOKE), json=only_access, headers=headers, timeout=10).status_code == 400
    assert apps.tokens("square")[0].active
