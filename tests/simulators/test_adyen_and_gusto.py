import pytest
import requests

from local.simulators import Simulators
from local.simulators.apps.adyen import Adyen
from tests.simulators.visiting import api
from tests.simulators.visits_of_books import ADYEN, GUSTO

REDWOOD, FURNITURE = (f"51b1c0de-0a1b-4c2d-8e3f-00000000000{number}" for number in (1, 2))
ME = "https://management-live.adyen.com/v3/me"


def test_adyen_names_the_company(apps: Simulators) -> None:
    me = ADYEN.who(apps, ADYEN.connect(apps)["access_token"]).json()
    assert (me["id"], me["companyName"]) == ("S2-51B100000001", "HarbourBooks")
    assert me["associatedMerchantAccounts"] == ["HarbourBooksECOM", "HarbourBooksPOS"]


def test_adyens_environments_are_apart(apps: Simulators) -> None:
    code = ADYEN.code(apps)
    elsewhere = ADYEN.post(apps, ADYEN.code_body(code), url="https://oauth-test.adyen.com/v1/token")
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (400, "invalid_grant")
    tokens = ADYEN.connect(apps)
    test = apps.simulated("https://management-test.adyen.com/v3/me")
    assert api(test, tokens["access_token"]).status_code == 401
    grant = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert ADYEN.post(apps, grant, url="https://oauth-test.adyen.com/v1/token").status_code == 400
    page = requests.get(ADYEN.authorize(apps).replace("ca-live", "ca-test"), timeout=10).text
    assert ("S2-51B1T0000001" in page, "S2-51B100000001" in page) == (True, False)


def by_key(apps: Simulators, url: str, key: str, **headers: str) -> requests.Response:
    return requests.get(apps.simulated(url), headers={"X-API-Key": key} | headers, timeout=10)


def test_adyen_takes_a_merchants_key(apps: Simulators) -> None:
    key, code = Adyen.demo["api_key"], Adyen.demo["merchant_account_code"]
    assert by_key(apps, ME, key).json()["companyName"] == "HarbourBooks"
    merchants = "https://management-live.adyen.com/v3/merchants/"
    assert by_key(apps, merchants + code, key).json()["id"] == code
    assert by_key(apps, merchants + "GreenGrocerNL", key).status_code == 403
    assert by_key(apps, merchants + code, "other").status_code == 401
    for wrong in ("", "other", key + "x"):
        answer = by_key(apps, ME, wrong)
        assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")
    assert by_key(apps, ME, key, Authorization="Bearer other").status_code == 401
    assert by_key(apps, ME.replace("live", "test"), key).status_code == 401


def test_gusto_names_one_company(apps: Simulators) -> None:
    tokens = GUSTO.connect(apps)
    assert (tokens["expires_in"], "companies:read" in tokens["scope"].split()) == (7200, True)
    info = GUSTO.who(apps, tokens["access_token"]).json()
    assert info["resource"] == {"type": "Company", "uuid": REDWOOD}
    assert info["resource_owner"]["uuid"] != REDWOOD
    url = apps.simulated("https://api.gusto.com/v1/companies/")
    assert GUSTO.identity(url + REDWOOD, tokens["access_token"]).json()["name"] == "Redwood Carpentry LLC"
    assert GUSTO.identity(url + FURNITURE, tokens["access_token"]).status_code == 404


@pytest.mark.parametrize(
    "url", ["https://api.gusto.com/v1/token_info", f"https://api.gusto.com/v1/companies/{REDWOOD}"]
)
def test_gusto_wants_a_version(apps: Simulators, url: str) -> None:
    token = GUSTO.connect(apps)["access_token"]
    for headers in ({}, {"X-Gusto-API-Version": "2025"}):
        answer = api(apps.simulated(url), token, **headers)
        assert (answer.status_code, answer.json()["errors"][0]["category"]) == (406, "invalid_api_version")
    assert GUSTO.identity(apps.simulated(url), "other").json()["errors"][0]["category"] == "invalid_token"
