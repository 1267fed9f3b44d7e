"""What SumUp, Zettle, Loyverse, Mollie, Klaviyo, Acuity and GoCardless answer in ways of their own."""

from typing import Any

import jwt
import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve
from tests.simulators.visiting import Visit, api, basic, in_body, in_header, query
from tests.simulators.visits_of_books import ACUITY, GOCARDLESS, KLAVIYO, LOYVERSE, MOLLIE, SUMUP, ZETTLE


def who(apps: Simulators, visit: Visit, token: str) -> Any:
    return visit.who(apps, token).json()


@pytest.mark.parametrize(
    ("visit", "scope"),
    [
        (SUMUP, "transactions.history"),
        (LOYVERSE, "RECEIPTS_READ"),
        (MOLLIE, "payments.read"),
        (KLAVIYO, "metrics:read"),
    ],
    ids=lambda value: getattr(value, "app", ""),
)
def test_identity_has_a_scope(apps: Simulators, visit: Visit, scope: str) -> None:
    code = query(approve(visit.authorize(apps, scope=scope)))["code"]
    assert visit.who(apps, visit.exchange(apps, code).json()["access_token"]).status_code == 403


def test_sumup(apps: Simulators) -> None:
    tokens = SUMUP.connect(apps)
    assert (tokens["expires_in"], tokens["token_type"]) == (3599, "Bearer")
    profile = who(apps, SUMUP, tokens["access_token"])["merchant_profile"]
    assert (profile["merchant_code"], profile["doing_business_as"]["business_name"]) == ("MSIM7K2Q", "Lighthouse Kiosk")
    assert profile["company_name"] == "Lighthouse Trading Ltd"
    nameless = who(apps, SUMUP, SUMUP.connect(apps, "MSIM3X8V")["access_token"])["merchant_profile"]
    assert (nameless["doing_business_as"]["business_name"], nameless["company_name"]) == (None, "Brick Lane Bagels Ltd")
    assert who(apps, SUMUP, "other") == {"message": "access token required", "error_code": "NOT_AUTHORIZED"}


def test_zettle(apps: Simulators) -> None:
    tokens = ZETTLE.connect(apps, "7c6b5a40-1d2e-11ee-8a6f-51b100000002")
    assert set(tokens) == {"access_token", "expires_in", "refresh_token"}
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    user = who(apps, ZETTLE, tokens["access_token"])
    assert user == {"uuid": claims["sub"], "organizationUuid": "7c6b5a40-1d2e-11ee-8a6f-51b100000002"}
    url = apps.simulated("https://secure.izettle.com/api/resources/organizations/self")
    assert api(url, tokens["access_token"]).json()["name"] == "Kanel Kafé"
    assert api(url, "other").status_code == 401
    code = query(approve(ZETTLE.authorize(apps, scope="READ:FINANCE")))["code"]
    assert api(url, ZETTLE.exchange(apps, code).json()["access_token"]).status_code == 403


def test_zettle_disconnects_by_the_merchants_token(apps: Simulators) -> None:
    url, tokens = apps.simulated("https://oauth.zettle.com/application-connections/self"), ZETTLE.connect(apps)
    wrong = requests.delete(url, headers={"Authorization": basic("zettle-id", "zettle-secret")}, timeout=10)
    assert wrong.status_code == 401
    done = requests.delete(url, headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=10)
    assert (done.status_code, done.text) == (204, "")
    assert ZETTLE.who(apps, tokens["access_token"]).status_code == 401
    assert ZETTLE.refresh(apps, tokens["refresh_token"]).status_code == 400


def test_loyverse(apps: Simulators) -> None:
    merchant = who(apps, LOYVERSE, LOYVERSE.connect(apps)["access_token"])
    assert merchant["id"] == "51b1a000-6c1f-4e0b-8e52-000000000001"
    assert merchant["business_name"] == "Mango Tree Juice Bar"
    assert who(apps, LOYVERSE, "other")["errors"][0]["code"] == "UNAUTHORIZED"


def test_mollie(apps: Simulators) -> None:
    tokens = MOLLIE.connect(apps)
    answer = MOLLIE.who(apps, tokens["access_token"])
    assert answer.headers["Content-Type"] == "application/hal+json"
    assert (answer.json()["id"], answer.json()["name"]) == ("org_51100001", "Tulip Cycles B.V.")
    partly = MOLLIE.connect(apps, "org_51100003")
    assert partly["scope"] == "organizations.read payments.read"
    assert MOLLIE.refresh(apps, partly["refresh_token"]).json()["scope"] == "organizations.read payments.read"


@pytest.mark.parametrize("hint", ["refresh_token", "access_token"])
def test_mollie_revokes_by_delete(apps: Simulators, hint: str) -> None:
    tokens = MOLLIE.connect(apps)
    url, body = apps.simulated("https://api.mollie.com/oauth2/tokens"), {"token": tokens[hint], "token_type_hint": hint}
    for wrong, headers, status in (
        (body, {}, 401),
        (body, {"Authorization": basic("mollie-id", "other")}, 401),
        ({"token": tokens[hint]}, in_header("mollie"), 400),
        (body | {"token_type_hint": "key"}, in_header("mollie"), 400),
        (body | in_body("mollie"), in_header("mollie"), 400),
    ):
        assert requests.delete(url, data=wrong, headers=headers, timeout=10).status_code == status
    assert requests.delete(url, json=body, headers=in_header("mollie"), timeout=10).status_code == 400
    assert MOLLIE.who(apps, tokens["access_token"]).status_code == 200
    done = requests.delete(url, data=body, headers=in_header("mollie"), timeout=10)
    assert (done.status_code, done.text) == (204, "")
    assert MOLLIE.who(apps, tokens["access_token"]).status_code == 401
    assert MOLLIE.refresh(apps, tokens["refresh_token"]).status_code == 400


def test_klaviyo(apps: Simulators) -> None:
    token = KLAVIYO.connect(apps)["access_token"]
    answer = KLAVIYO.who(apps, token)
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    (account,) = answer.json()["data"]
    assert account["id"] == "SiMaC1"
    assert account["attributes"]["contact_information"]["organization_name"] == "Juniper Skincare"
    url = apps.simulated(KLAVIYO.identity_url)
    assert api(url, token).status_code == 400
    assert api(url, token, revision="latest").status_code == 400
    assert KLAVIYO.who(apps, "other").json()["errors"][0]["code"] == "not_authenticated"


def test_klaviyos_refresh_tokens_live_while_they_are_used(apps: Simulators) -> None:
    token = KLAVIYO.connect(apps)["refresh_token"]
    for _ in range(3):
        apps.pass_time(80 * 24 * 3600)
        assert KLAVIYO.refresh(apps, token).json()["refresh_token"] == token
    apps.pass_time(90 * 24 * 3600)
    assert KLAVIYO.refresh(apps, token).status_code == 400


def test_klaviyo_revokes_refresh_tokens(apps: Simulators) -> None:
    tokens, url = KLAVIYO.connect(apps), "https://a.klaviyo.com/oauth/revoke"
    body = {"token": tokens["refresh_token"], "token_type_hint": "refresh_token"}
    assert KLAVIYO.post(apps, body, url=url, headers={"Authorization": None}).status_code == 401
    assert KLAVIYO.post(apps, body, url=url, json=True).status_code == 400
    assert KLAVIYO.post(apps, {"token": tokens["access_token"]}, url=url).status_code == 200
    assert KLAVIYO.who(apps, tokens["access_token"]).status_code == 200
    assert KLAVIYO.post(apps, body, url=url).status_code == 200
    assert KLAVIYO.who(apps, tokens["access_token"]).status_code == 401
    assert KLAVIYO.post(apps, body, url=url).status_code == 200


def test_acuity(apps: Simulators) -> None:
    tokens, url = ACUITY.connect(apps), "https://acuityscheduling.com/oauth2/disconnect"
    assert set(tokens) == {"access_token", "token_type"}
    me = who(apps, ACUITY, tokens["access_token"])
    assert (me["id"], me["name"]) == (23151101, "Stillwater Massage")
    assert who(apps, ACUITY, "other")["status_code"] == 401
    body = {"access_token": tokens["access_token"], **in_body("acuity")}
    named_otherwise = {"token": tokens["access_token"], **in_body("acuity")}
    assert ACUITY.post(apps, named_otherwise, url=url).status_code == 400
    assert ACUITY.post(apps, body | {"client_secret": "wrong"}, url=url).status_code == 401
    assert ACUITY.post(apps, body, url=url, json=True).status_code == 400
    assert ACUITY.who(apps, tokens["access_token"]).status_code == 200
    assert ACUITY.post(apps, body, url=url).status_code == 200
    assert ACUITY.who(apps, tokens["access_token"]).status_code == 401
    assert ACUITY.post(apps, body, url=url).status_code == 400


def test_gocardless(apps: Simulators) -> None:
    tokens = GOCARDLESS.connect(apps)
    assert set(tokens) == {"access_token", "token_type", "scope", "organisation_id"}
    assert tokens["organisation_id"] == "OR0000SIM0001"
    creditors = who(apps, GOCARDLESS, tokens["access_token"])["creditors"]
    assert [one["name"] for one in creditors] == ["Northside Gym", "Northside Climbing"]
    url = apps.simulated(GOCARDLESS.identity_url)
    assert api(url, tokens["access_token"]).status_code == 400
    assert api(url, tokens["access_token"], **{"GoCardless-Version": "2014-01-01"}).status_code == 400
    assert who(apps, GOCARDLESS, "other")["error"]["errors"][0]["reason"] == "access_token_not_found"


def test_gocardless_revokes(apps: Simulators) -> None:
    token, url = GOCARDLESS.connect(apps)["access_token"], "https://connect.gocardless.com/oauth/revoke"
    body = {"token": token, **in_body("gocardless")}
    assert GOCARDLESS.post(apps, body | {"client_secret": "wrong"}, url=url).status_code == 401
    assert GOCARDLESS.post(apps, {"token": token}, url=url).status_code == 400
    assert GOCARDLESS.who(apps, token).status_code == 200
    assert GOCARDLESS.post(apps, body, url=url).status_code == 200
    assert GOCARDLESS.who(apps, token).status_code == 401
