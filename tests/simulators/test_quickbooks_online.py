import jwt
import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve, deny
from tests.simulators.visiting import api, basic, query
from tests.simulators.visits_of_books import QUICKBOOKS

CEDAR, LANDSCAPING, BREWERY = "9130350000000101", "9130350000000102", "4620816365000000103"
REVOKE = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
DAY, LIFE = 24 * 3600, 8726400


def company(
    apps: Simulators, token: str, realm: str, again: str = "", accept: str = "application/json"
) -> requests.Response:
    url = f"https://quickbooks.api.intuit.com/v3/company/{realm}/companyinfo/{again or realm}"
    return api(apps.simulated(url), token, Accept=accept)


def test_the_company_comes_with_the_callback_only(apps: Simulators) -> None:
    found = query(approve(QUICKBOOKS.authorize(apps), account=BREWERY))
    assert found["realmId"] == BREWERY
    answer = QUICKBOOKS.exchange(apps, found["code"])
    assert BREWERY not in answer.text
    info = company(apps, answer.json()["access_token"], BREWERY).json()["CompanyInfo"]
    assert (info["CompanyName"], info["Id"]) == ("Old Mill Brewery", "1")
    assert "realmId" not in query(deny(QUICKBOOKS.authorize(apps)))


def test_the_answer(apps: Simulators) -> None:
    tokens = QUICKBOOKS.connect(apps)
    assert (tokens["token_type"], tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == ("bearer", 3600, LIFE)
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["aud"] == ["quickbooks_online-id"]
    code = query(approve(QUICKBOOKS.authorize(apps, scope="com.intuit.quickbooks.accounting")))["code"]
    assert "id_token" not in QUICKBOOKS.exchange(apps, code).json()


@pytest.mark.parametrize(("realm", "again"), [(LANDSCAPING, ""), (CEDAR, LANDSCAPING), (LANDSCAPING, CEDAR)])
def test_other_companies_are_closed(apps: Simulators, realm: str, again: str) -> None:
    answer = company(apps, QUICKBOOKS.connect(apps)["access_token"], realm, again)
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (403, "3100")


def test_signing_in_alone_opens_no_company(apps: Simulators) -> None:
    code = query(approve(QUICKBOOKS.authorize(apps, scope="openid")))["code"]
    token = QUICKBOOKS.exchange(apps, code).json()["access_token"]
    assert company(apps, token, CEDAR).status_code == 403


@pytest.mark.parametrize("accept", ["*/*", "application/xml"])
def test_xml_unless_json_is_asked_for(apps: Simulators, accept: str) -> None:
    answer = company(apps, QUICKBOOKS.connect(apps)["access_token"], CEDAR, accept=accept)
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "<CompanyName>Cedar &amp; Co. Accounting Demo</CompanyName>" in answer.text
    fault = company(apps, "other", CEDAR, accept=accept)
    assert (fault.status_code, 'code="3200"' in fault.text) == (401, True)


def test_minor_versions_may_be_named(apps: Simulators) -> None:
    token, url = QUICKBOOKS.connect(apps)["access_token"], apps.simulated(QUICKBOOKS.identity_url)
    assert api(f"{url}?minorversion=75", token, Accept="application/json").status_code == 200
    assert api(f"{url}?surprise=1", token, Accept="application/json").status_code == 400


def test_refresh_tokens_change_after_a_day(apps: Simulators) -> None:
    first = QUICKBOOKS.connect(apps)["refresh_token"]
    apps.pass_time(DAY - 60)
    same = QUICKBOOKS.refresh(apps, first).json()
    assert same["refresh_token"] == first
    assert same["x_refresh_token_expires_in"] == pytest.approx(LIFE - DAY + 60, abs=5)
    apps.pass_time(120)
    changed = QUICKBOOKS.refresh(apps, first).json()
    assert changed["refresh_token"] != first
    assert changed["x_refresh_token_expires_in"] == LIFE
    assert QUICKBOOKS.refresh(apps, changed["refresh_token"]).status_code == 200
    assert QUICKBOOKS.refresh(apps, first).status_code == 400
    assert QUICKBOOKS.refresh(apps, changed["refresh_token"]).status_code == 400


def test_refresh_tokens_end(apps: Simulators) -> None:
    token = QUICKBOOKS.connect(apps)["refresh_token"]
    apps.pass_time(LIFE)
    assert QUICKBOOKS.refresh(apps, token).status_code == 400


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking(apps: Simulators, kind: str) -> None:
    tokens = QUICKBOOKS.connect(apps)
    body = {"token": tokens[kind]}
    for headers, as_json, status in (
        ({"Authorization": None}, True, 401),
        ({"Authorization": basic("quickbooks_online-id", "wrong")}, True, 401),
        ({}, False, 400),
    ):
        assert QUICKBOOKS.post(apps, body, url=REVOKE, headers=headers, json=as_json).status_code == status
    assert QUICKBOOKS.post(apps, body | {"surprise": "1"}, url=REVOKE, json=True).status_code == 400
    assert company(apps, tokens["access_token"], CEDAR).status_code == 200
    assert QUICKBOOKS.post(apps, body, url=REVOKE, json=True).status_code == 200
    assert company(apps, tokens["access_token"], CEDAR).status_code == 401
    assert QUICKBOOKS.refresh(apps, tokens["refresh_token"]).status_code == 400
    assert QUICKBOOKS.post(apps, body, url=REVOKE, json=True).status_code == 400
