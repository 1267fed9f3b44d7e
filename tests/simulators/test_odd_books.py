"""The five whose requests lack something: no refreshing, no scopes, or no redirect URI."""

import json

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import deny
from tests.simulators.visiting import CALLBACK, STATE, Visit, query
from tests.simulators.visits_of_books import ACUITY, ADYEN, GOCARDLESS, GUSTO, LIGHTSPEED_R, ODD

REFRESHING = (GUSTO, ADYEN, LIGHTSPEED_R)
LASTING = (ACUITY, GOCARDLESS)


def named(visit: Visit) -> str:
    return visit.app


def error(answer: requests.Response, status: int, code: str) -> bool:
    return (answer.status_code, answer.json()["error"]) == (status, code)


def refused(url: str, said: str) -> bool:
    form = {"decision": "allow", "account": "any"}
    answers = [requests.request(method, url, data=form, timeout=10) for method in ("GET", "POST")]
    return all(answer.status_code == 400 and said in answer.text for answer in answers)


@pytest.mark.parametrize("odd", ODD, ids=named)
def test_a_seller_connects(apps: Simulators, odd: Visit) -> None:
    tokens = odd.connect(apps)
    (issued,) = apps.tokens(odd.app)
    assert (issued.access_token, issued.active) == (tokens["access_token"], True)
    assert odd.who(apps, tokens["access_token"]).status_code == 200
    assert odd.who(apps, "nonsense").status_code == 401
    assert [hit.endpoint for hit in apps.hits] == ["authorize", "consent", "token", "identity", "identity"]


@pytest.mark.parametrize("odd", ODD, ids=named)
def test_a_seller_cancels(apps: Simulators, odd: Visit) -> None:
    found = query(deny(odd.authorize(apps)))
    assert found == {"from": "apps", "error": "access_denied", "state": STATE}


@pytest.mark.parametrize("odd", ODD, ids=named)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "other"}, "client_id is unknown"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"state": None}, "state is missing"),
        ({"scope": "everything"}, "scope"),
        ({"surprise": "1"}, "surprise is not a parameter of this app"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri"),
    ],
)
def test_wrong_requests(apps: Simulators, odd: Visit, changes: dict[str, str | None], said: str) -> None:
    assert refused(odd.authorize(apps, **changes), said)


def test_what_may_not_be_sent(apps: Simulators) -> None:
    assert refused(GUSTO.authorize(apps, scope="companies:read"), "scope must not be sent")
    assert refused(LIGHTSPEED_R.authorize(apps, redirect_uri=CALLBACK), "redirect_uri must not be sent")
    assert refused(GUSTO.authorize(apps, redirect_uri=None), "redirect_uri is missing")
    assert refused(LIGHTSPEED_R.authorize(apps, scope=None), "scope is missing")
    assert refused(ACUITY.authorize(apps, scope=None), "scope is missing")
    assert refused(GOCARDLESS.authorize(apps, scope="read_write"), "is unknown")


def test_adyens_scopes_may_be_said(apps: Simulators) -> None:
    assert requests.get(ADYEN.authorize(apps, scope="psp.webhook:read"), timeout=10).status_code == 200
    assert refused(ADYEN.authorize(apps, scope="psp.webhook:read,psp.webhook:write"), "separated by spaces")


@pytest.mark.parametrize("odd", ODD, ids=named)
def test_codes(apps: Simulators, odd: Visit) -> None:
    code = odd.code(apps)
    token = odd.exchange(apps, code).json()["access_token"]
    assert error(odd.exchange(apps, code), 400, "invalid_grant")
    assert odd.who(apps, token).status_code == 401
    assert error(odd.exchange(apps, odd.code(apps), redirect_uri=CALLBACK + "x"), 400, "invalid_grant")
    needed = odd is not LIGHTSPEED_R
    assert odd.exchange(apps, odd.code(apps), redirect_uri=None).status_code == (400 if needed else 200)
    old = odd.code(apps)
    apps.pass_time(300)
    assert error(odd.exchange(apps, old), 400, "invalid_grant")
    assert error(odd.exchange(apps, "any", grant_type="password"), 400, "unsupported_grant_type")
    assert error(odd.exchange(apps, "any", surprise="1"), 400, "invalid_request")
    in_address = odd.post(apps, odd.code_body("any"), url=f"{odd.token_url}?code=any")
    assert error(in_address, 400, "invalid_request")


@pytest.mark.parametrize("odd", ODD, ids=named)
def test_the_body(apps: Simulators, odd: Visit) -> None:
    answer = odd.post(apps, odd.code_body(odd.code(apps)), json=True)
    assert answer.status_code == (200 if odd is GUSTO else 400)


@pytest.mark.parametrize("odd", REFRESHING, ids=named)
def test_refreshing_rotates(apps: Simulators, odd: Visit) -> None:
    first = odd.connect(apps)
    second = odd.refresh(apps, first["refresh_token"]).json()
    assert {first["access_token"], first["refresh_token"]}.isdisjoint(second.values())
    assert odd.who(apps, first["access_token"]).status_code == 401
    assert odd.who(apps, second["access_token"]).status_code == 200
    assert error(odd.refresh(apps, first["refresh_token"]), 400, "invalid_grant")
    assert odd.who(apps, second["access_token"]).status_code == 401
    assert error(odd.refresh(apps, second["refresh_token"]), 400, "invalid_grant")


@pytest.mark.parametrize("odd", REFRESHING, ids=named)
def test_access_tokens_end(apps: Simulators, odd: Visit) -> None:
    tokens = odd.connect(apps)
    apps.pass_time(tokens["expires_in"] + 1)
    assert odd.who(apps, tokens["access_token"]).status_code == 401
    assert odd.refresh(apps, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("odd", LASTING, ids=named)
def test_tokens_without_an_end(apps: Simulators, odd: Visit) -> None:
    tokens = odd.connect(apps)
    assert {"refresh_token", "expires_in"}.isdisjoint(tokens)
    apps.pass_time(400 * 24 * 3600)
    assert odd.who(apps, tokens["access_token"]).status_code == 200
    assert error(odd.refresh(apps, "any"), 400, "unsupported_grant_type")


@pytest.mark.parametrize("odd", ODD, ids=named)
def test_misbehaving(apps: Simulators, odd: Visit) -> None:
    apps.misbehave(odd.app, "token", Misbehaviour.NO_ACCESS_TOKEN)
    assert "access_token" not in odd.connect(apps)
    apps.misbehave(odd.app, "token", Misbehaviour.BIG_TOKEN)
    token = odd.connect(apps)["access_token"]
    assert len(token) == 5 * 1024
    endpoint, url = odd.name_at or ("identity", odd.identity_url)
    apps.misbehave(odd.app, endpoint, Misbehaviour.HOSTILE_NAME)
    answers = [odd.identity(apps.simulated(url), token).json() for _ in range(2)]
    assert ["<img" in json.dumps(answer) for answer in answers] == [True, False]
