"""How the apps of payments, tills and books want a client to prove itself, and what they say to PKCE."""

import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve
from tests.simulators.visiting import VERIFIER, Visit, basic, in_body, query
from tests.simulators.visits_of_books import (
    ACUITY,
    ADYEN,
    CHALLENGE,
    GOCARDLESS,
    GUSTO,
    KLAVIYO,
    LIGHTSPEED_K,
    LIGHTSPEED_R,
    LOYVERSE,
    MOLLIE,
    ODD,
    ORDINARY,
    QUICKBOOKS,
    SUMUP,
    UBER_EATS,
    XERO,
    ZETTLE,
)

BY_BASIC = (SUMUP, MOLLIE, KLAVIYO, QUICKBOOKS, XERO, LIGHTSPEED_K, ADYEN)
IN_BODY = (ZETTLE, LOYVERSE, UBER_EATS, ACUITY, GOCARDLESS, GUSTO, LIGHTSPEED_R)
WELCOME = (ZETTLE, MOLLIE, XERO, UBER_EATS, LIGHTSPEED_R)
WANTED = (KLAVIYO, ADYEN)
UNKNOWN = (SUMUP, LOYVERSE, QUICKBOOKS, LIGHTSPEED_K, ACUITY, GOCARDLESS, GUSTO)
REFRESHING = (*ORDINARY, GUSTO, ADYEN, LIGHTSPEED_R)


def named(visit: Visit) -> str:
    return visit.app


def is_wrong_client(answer: requests.Response) -> bool:
    return (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_every_app_is_here() -> None:
    for parts in ((BY_BASIC, IN_BODY), (WELCOME, WANTED, UNKNOWN)):
        assert sorted(named(visit) for part in parts for visit in part) == sorted(map(named, (*ORDINARY, *ODD)))


@pytest.mark.parametrize("visit", BY_BASIC, ids=named)
def test_the_client_by_basic(apps: Simulators, visit: Visit) -> None:
    code, name = visit.code(apps), f"{visit.app}-id"
    for authorization in (
        basic(name, "wrong"),
        basic("other", f"{visit.app}-secret"),
        f"Bearer {visit.app}-secret",
        None,
    ):
        answer = visit.post(apps, visit.code_body(code), headers={"Authorization": authorization})
        assert is_wrong_client(answer)
    also = visit.exchange(apps, code, **in_body(visit.app))
    assert is_wrong_client(also)
    instead = visit.post(apps, visit.code_body(code) | in_body(visit.app), headers={"Authorization": None})
    assert is_wrong_client(instead)
    assert visit.exchange(apps, code).status_code == 200


@pytest.mark.parametrize("visit", IN_BODY, ids=named)
def test_the_client_in_the_body(apps: Simulators, visit: Visit) -> None:
    code, name = visit.code(apps), f"{visit.app}-id"
    for change in ({"client_secret": "wrong"}, {"client_secret": None}, {"client_id": "other"}, {"client_id": None}):
        assert is_wrong_client(visit.exchange(apps, code, **change))
    headers = {"Authorization": basic(name, f"{visit.app}-secret")}
    assert is_wrong_client(visit.post(apps, visit.code_body(code), headers=headers))
    nowhere = visit.code_body(code) | {"client_id": None, "client_secret": None}
    assert is_wrong_client(visit.post(apps, nowhere, headers=headers))
    assert visit.exchange(apps, code).status_code == 200


@pytest.mark.parametrize("visit", REFRESHING, ids=named)
def test_refreshing_needs_the_client_too(apps: Simulators, visit: Visit) -> None:
    token = visit.connect(apps)["refresh_token"]
    if visit in BY_BASIC:
        grant = {"grant_type": "refresh_token", "refresh_token": token}
        assert is_wrong_client(visit.post(apps, grant, headers={"Authorization": None}))
    else:
        assert is_wrong_client(visit.refresh(apps, token, client_secret=None))
    assert visit.refresh(apps, token).status_code == 200


@pytest.mark.parametrize("visit", WANTED, ids=named)
def test_pkce_is_wanted(apps: Simulators, visit: Visit) -> None:
    without = visit.authorize(apps, code_challenge=None, code_challenge_method=None)
    for url, said in (
        (without, "PKCE is required"),
        (visit.authorize(apps, code_challenge_method="plain"), "must be S256"),
        (visit.authorize(apps, code_challenge="short"), "base64url of a SHA-256"),
    ):
        answer = requests.get(url, timeout=10)
        assert (answer.status_code, said in answer.text) == (400, True)
    assert visit.exchange(apps, visit.code(apps), code_verifier=None).status_code == 400
    assert visit.exchange(apps, visit.code(apps), code_verifier="w" * 50).status_code == 400


@pytest.mark.parametrize("visit", WELCOME, ids=named)
def test_pkce_is_welcome(apps: Simulators, visit: Visit) -> None:
    assert visit.exchange(apps, visit.code(apps), code_verifier=VERIFIER).status_code == 400
    codes = [query(approve(visit.authorize(apps, **CHALLENGE)))["code"] for _ in range(2)]
    assert visit.exchange(apps, codes[0]).status_code == 400
    assert visit.exchange(apps, codes[1], code_verifier=VERIFIER).status_code == 200
    plain = requests.get(visit.authorize(apps, **CHALLENGE | {"code_challenge_method": "plain"}), timeout=10)
    alone = requests.get(visit.authorize(apps, code_challenge_method="S256"), timeout=10)
    assert (plain.status_code, alone.status_code) == (400, 400)


@pytest.mark.parametrize("visit", UNKNOWN, ids=named)
def test_pkce_is_unknown(apps: Simulators, visit: Visit) -> None:
    answer = requests.get(visit.authorize(apps, **CHALLENGE), timeout=10)
    assert (answer.status_code, "code_challenge must not be sent" in answer.text) == (400, True)
    assert visit.exchange(apps, visit.code(apps), code_verifier=VERIFIER).status_code == 400
