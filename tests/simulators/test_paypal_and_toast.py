import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.apps.paypal import Paypal
from local.simulators.apps.toast import Toast
from tests.simulators.visiting import api, basic

TOKEN = "https://api-m.paypal.com/v1/oauth2/token"
BALANCES = "https://api-m.paypal.com/v1/reporting/balances"
SEARCH = "https://uri.paypal.com/services/reporting/search/read"
GOOD = basic(Paypal.demo["client_id"], Paypal.demo["client_secret"])
GRANT = {"grant_type": "client_credentials"}


def paypal(apps: Simulators, key: str = GOOD, body: dict[str, str] | None = None) -> requests.Response:
    headers = {"Authorization": key} if key else {}
    return requests.post(apps.simulated(TOKEN), data=GRANT if body is None else body, headers=headers, timeout=10)


def test_paypal_says_what_a_token_may_read(apps: Simulators) -> None:
    answer = paypal(apps).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 32400)
    assert SEARCH in answer["scope"].split(" ")
    assert "refresh_token" not in answer
    balances = api(apps.simulated(f"{BALANCES}?currency_code=ALL"), answer["access_token"]).json()
    assert balances["account_id"] == "SIMHARBOUR2KQ"
    assert balances["balances"][0]["primary"] is True
    (issued,) = apps.tokens("paypal")
    assert (issued.account_id, issued.access_token) == ("SIMHARBOUR2KQ", answer["access_token"])
    assert [hit.endpoint for hit in apps.hits] == ["token", "identity"]


def test_a_paypal_app_without_transaction_search(apps: Simulators) -> None:
    demo = Paypal.demo_without_reporting
    answer = paypal(apps, basic(demo["client_id"], demo["client_secret"])).json()
    assert "reporting" not in answer["scope"]
    refused = api(apps.simulated(BALANCES), answer["access_token"])
    assert (refused.status_code, refused.json()["name"]) == (403, "NOT_AUTHORIZED")


@pytest.mark.parametrize(
    "key",
    [
        "",
        basic(Paypal.demo["client_id"], "wrong"),
        basic("wrong", Paypal.demo["client_secret"]),
        basic(Paypal.demo["client_id"], Paypal.demo_without_reporting["client_secret"]),
        basic("", ""),
        f"Bearer {Paypal.demo['client_secret']}",
    ],
)
def test_wrong_paypal_keys(apps: Simulators, key: str) -> None:
    answer = paypal(apps, key)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    in_body = {"client_id": Paypal.demo["client_id"], "client_secret": Paypal.demo["client_secret"]}
    assert paypal(apps, key, {**GRANT, **in_body}).status_code == 401
    assert apps.tokens("paypal") == []


def test_wrong_paypal_requests(apps: Simulators) -> None:
    url, headers = apps.simulated(TOKEN), {"Authorization": GOOD}
    wrong = [
        requests.post(url, json=GRANT, headers=headers, timeout=10),
        requests.post(f"{url}?grant_type=client_credentials", headers=headers, timeout=10),
        requests.post(f"{url}?surprise=1", GRANT, headers=headers, timeout=10),
        paypal(apps, body={**GRANT, "client_secret": Paypal.demo["client_secret"]}),
        paypal(apps, body={**GRANT, "surprise": "1"}),
    ]
    assert [(one.status_code, one.json()["error"]) for one in wrong] == [(400, "invalid_request")] * 5
    for body in ({"grant_type": "authorization_code"}, {"other": "1"}):
        assert paypal(apps, body=body).json()["error"] == "unsupported_grant_type"


def test_paypal_tokens_end(apps: Simulators) -> None:
    token = paypal(apps).json()["access_token"]
    for wrong in ("", "other"):
        answer = api(apps.simulated(BALANCES), wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert api(apps.simulated(f"{BALANCES}?surprise=1"), token).status_code == 400
    apps.pass_time(32399)
    assert api(apps.simulated(BALANCES), token).status_code == 200
    apps.pass_time(2)
    assert api(apps.simulated(BALANCES), token).status_code == 401


def test_paypal_misbehaves(apps: Simulators) -> None:
    for how in (Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.TOKEN_TYPE_MAC, Misbehaviour.BIG_TOKEN):
        apps.misbehave("paypal", "token", how)
    without, mac, big = (paypal(apps).json() for _ in range(3))
    assert "access_token" not in without
    assert "scope" in without
    assert mac["token_type"] == "mac"
    assert len(big["access_token"]) == 5 * 1024
    assert api(apps.simulated(BALANCES), big["access_token"]).status_code == 200


LOGIN = "https://ws-api.toasttab.com/authentication/v1/authentication/login"
RESTAURANTS = "https://ws-api.toasttab.com/restaurants/v1/restaurants/"
PIER, OLD_TOWN, NOODLES = (account.id for account in Toast.accounts)
BODY = {
    "clientId": Toast.demo["client_id"],
    "clientSecret": Toast.demo["client_secret"],
    "userAccessType": "TOAST_MACHINE_CLIENT",
}


def login(apps: Simulators, **changes: object) -> requests.Response:
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return requests.post(apps.simulated(LOGIN), json=body, timeout=10)


def toast_token(apps: Simulators) -> str:
    return str(login(apps).json()["token"]["accessToken"])


def restaurant(apps: Simulators, token: str, guid: str, named: str | None = None) -> requests.Response:
    headers = {"Toast-Restaurant-External-ID": guid if named is None else named}
    return api(apps.simulated(RESTAURANTS + guid), token, **headers)


def test_toast_puts_the_token_into_an_envelope(apps: Simulators) -> None:
    answer = login(apps).json()
    assert (answer["status"], set(answer) & {"access_token", "accessToken"}) == ("SUCCESS", set())
    assert (answer["token"]["tokenType"], answer["token"]["expiresIn"]) == ("Bearer", 86400)
    assert answer["token"]["refreshToken"] is None
    found = restaurant(apps, answer["token"]["accessToken"], PIER).json()
    assert (found["guid"], found["general"]["name"], found["general"]["locationName"]) == (
        PIER,
        "Harbour Grill",
        "Pier 4",
    )
    assert [hit.endpoint for hit in apps.hits] == ["token", "identity"]
    assert Toast.demo["restaurant_guid"] == PIER


@pytest.mark.parametrize(
    ("guid", "named", "status"),
    [
        (OLD_TOWN, None, 200),
        (NOODLES, None, 403),
        (PIER, NOODLES, 403),
        (NOODLES, PIER, 403),
        (PIER, OLD_TOWN, 403),
        (PIER, "", 400),
        ("00000000-0000-4000-8000-000000000000", None, 403),
        (PIER.upper(), None, 404),
        ("pier-4", None, 404),
    ],
)
def test_toast_credentials_cover_some_restaurants(apps: Simulators, guid: str, named: str | None, status: int) -> None:
    answer = restaurant(apps, toast_token(apps), guid, named)
    assert answer.status_code == status
    if status in {400, 403}:
        assert (answer.json()["status"], answer.json()["errors"]) == (status, [])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"clientId": "wrong"}, 401),
        ({"clientSecret": "wrong"}, 401),
        ({"clientSecret": ""}, 401),
        ({"clientSecret": Toast.accounts[2].extra["client_secret"]}, 401),
        ({"clientSecret": None}, 400),
        ({"clientSecret": 1}, 400),
        ({"userAccessType": None}, 400),
        ({"userAccessType": "TOAST_USER"}, 400),
        ({"grant_type": "client_credentials"}, 400),
    ],
)
def test_wrong_toast_logins(apps: Simulators, changes: dict[str, object], status: int) -> None:
    answer = login(apps, **changes)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert apps.tokens("toast") == []


def test_toast_wants_json_and_a_token(apps: Simulators) -> None:
    assert requests.post(apps.simulated(LOGIN), data=BODY, timeout=10).status_code == 400
    keys = (BODY["clientId"], BODY["clientSecret"])
    assert requests.post(apps.simulated(LOGIN), auth=keys, timeout=10).status_code == 400
    assert restaurant(apps, "other", PIER).status_code == 401
    token = toast_token(apps)
    apps.pass_time(86401)
    assert restaurant(apps, token, PIER).status_code == 401


def test_toast_misbehaves_in_its_own_shape(apps: Simulators) -> None:
    for how in (Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.TOKEN_TYPE_MAC, Misbehaviour.BIG_TOKEN):
        apps.misbehave("toast", "token", how)
    without, mac, big = (login(apps).json()["token"] for _ in range(3))
    assert "accessToken" not in without
    assert without["expiresIn"] == 86400
    assert mac["tokenType"] == "mac"
    assert len(big["accessToken"]) == 5 * 1024
    apps.misbehave("toast", "token", Misbehaviour.INVALID_CLIENT)
    told = login(apps)
    assert (told.status_code, set(told.json())) == (401, set(login(apps, clientId="wrong").json()))
    apps.misbehave("toast", "identity", Misbehaviour.HOSTILE_NAME)
    assert restaurant(apps, big["accessToken"], PIER).json()["general"]["name"].startswith("<img")
