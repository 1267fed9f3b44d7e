from typing import Any

import jwt

from local.simulators import Simulators
from local.simulators.people import approve, deny
from tests.simulators.visiting import CALLBACK, api, query
from tests.simulators.visits_of_books import LIGHTSPEED_K, LIGHTSPEED_R

DAY = 24 * 3600
ISSUER = "https://auth.lsk-prod.app/realms/k-series"


def test_r_comes_back_to_the_registered_address(apps: Simulators) -> None:
    callback = approve(LIGHTSPEED_R.authorize(apps))
    assert callback.startswith(f"{CALLBACK}&")
    assert LIGHTSPEED_R.exchange(apps, query(callback)["code"], redirect_uri=None).status_code == 200


def test_r_names_the_account(apps: Simulators) -> None:
    token = LIGHTSPEED_R.connect(apps, "251102")["access_token"]
    account = LIGHTSPEED_R.who(apps, token).json()["Account"]
    assert (account["accountID"], account["name"]) == ("251102", "Paper Crane Gifts")
    assert jwt.decode(token, options={"verify_signature": False})["acct"] == "251102"


def test_r_keeps_accounts_apart(apps: Simulators) -> None:
    token, url = LIGHTSPEED_R.connect(apps)["access_token"], "https://api.lightspeedapp.com/API/V3/Account/{}.json"
    assert api(apps.simulated(url.format("251101")), token).json()["Account"]["accountID"] == "251101"
    assert api(apps.simulated(url.format("251102")), token).status_code == 403
    assert LIGHTSPEED_R.who(apps, "other").json()["httpCode"] == "401"


def test_k_says_who_issued_the_callback(apps: Simulators) -> None:
    found = query(approve(LIGHTSPEED_K.authorize(apps)))
    assert (found["iss"], bool(found["session_state"])) == (ISSUER, True)
    assert query(deny(LIGHTSPEED_K.authorize(apps)))["iss"] == ISSUER


def businesses(apps: Simulators, token: str, asked: str = "") -> Any:
    return api(apps.simulated(LIGHTSPEED_K.identity_url) + asked, token).json()


def test_k_lists_businesses_and_their_locations(apps: Simulators) -> None:
    port, gare = businesses(apps, LIGHTSPEED_K.connect(apps)["access_token"])["_embedded"]["businessList"]
    assert (port["businessId"], port["businessName"]) == (511000000101, "Brasserie du Port")
    assert [one["blID"] for one in port["businessLocations"]] == [511000001101, 511000001102]
    assert (gare["businessName"], gare["businessLocations"][0]["blName"]) == ("Bar de la Gare", "Bar de la Gare")
    token = LIGHTSPEED_K.connect(apps, "511000000201")["access_token"]
    (nonna,) = businesses(apps, token)["_embedded"]["businessList"]
    assert nonna["businessName"] == "Nonna's Kitchen"


def test_k_has_pages(apps: Simulators) -> None:
    token = LIGHTSPEED_K.connect(apps)["access_token"]
    first, second = (businesses(apps, token, f"?page={number}&size=1") for number in (0, 1))
    assert [page["_embedded"]["businessList"][0]["businessId"] for page in (first, second)] == [
        511000000101,
        511000000102,
    ]
    assert first["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 0}
    assert first["_links"]["next"]["href"] == f"{LIGHTSPEED_K.identity_url}?page=1&size=1"
    assert "next" not in second["_links"]
    assert "_embedded" not in businesses(apps, token, "?page=2&size=1")
    for wrong in ("?size=0", "?page=-1", "?size=many", "?surprise=1"):
        assert businesses(apps, token, wrong)["error"] == "bad_request"


def test_k_wants_the_financial_scope(apps: Simulators) -> None:
    code = query(approve(LIGHTSPEED_K.authorize(apps, scope="items offline_access")))["code"]
    token = LIGHTSPEED_K.exchange(apps, code).json()["access_token"]
    assert LIGHTSPEED_K.who(apps, token).status_code == 403


def test_k_refreshes_longer_offline(apps: Simulators) -> None:
    offline = LIGHTSPEED_K.connect(apps)
    code = query(approve(LIGHTSPEED_K.authorize(apps, scope="financial-api")))["code"]
    online = LIGHTSPEED_K.exchange(apps, code).json()
    assert (offline["refresh_expires_in"], online["refresh_expires_in"]) == (14 * DAY, 1800)
    apps.pass_time(1801)
    assert LIGHTSPEED_K.refresh(apps, online["refresh_token"]).status_code == 400
    renewed = LIGHTSPEED_K.refresh(apps, offline["refresh_token"]).json()["refresh_token"]
    apps.pass_time(14 * DAY - 60)
    renewed = LIGHTSPEED_K.refresh(apps, renewed).json()["refresh_token"]
    apps.pass_time(14 * DAY + 1)
    assert LIGHTSPEED_K.refresh(apps, renewed).status_code == 400
