import hashlib
import hmac
import time
from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from tests.simulators.odd import callback, refused, send, start
from tests.simulators.visiting import CALLBACK, STATE

AUTHORIZE = "https://services.tiktokshop.com/open/authorize"
AMERICAN = "https://services.us.tiktokshop.com/open/authorize"
TOKEN = "https://auth.tiktok-shops.com/api/v2/token/get"
REFRESH = "https://auth.tiktok-shops.com/api/v2/token/refresh"
PATH = "/authorization/202309/shops"
ASK = {"service_id": "7490000000001", "state": STATE}
OURS = {"app_key": "tiktok_shop-id", "app_secret": "tiktok_shop-secret"}


def code(apps: Simulators, url: str = AUTHORIZE) -> str:
    return callback(start(apps, url, ASK))["code"]


def exchange(apps: Simulators, code: str, /, kind: str = "params", **changes: Any) -> requests.Response:
    return send(apps, TOKEN, kind, {**OURS, "auth_code": code, "grant_type": "authorized_code"}, **changes)


def refresh(apps: Simulators, token: str, **changes: Any) -> requests.Response:
    values = {**OURS, "refresh_token": token, "grant_type": "refresh_token"}
    return send(apps, changes.pop("url", REFRESH), "params", values, **changes)


def connect(apps: Simulators, url: str = AUTHORIZE) -> dict[str, Any]:
    data: dict[str, Any] = exchange(apps, code(apps, url)).json()["data"]
    return data


def shops(apps: Simulators, token: str, **changes: str) -> requests.Response:
    query = {"app_key": "tiktok_shop-id", "timestamp": str(int(time.time()))} | changes
    # Written out from the rule: secret, path, each name with its value, secret.
    text = f"tiktok_shop-secret{PATH}app_key{query['app_key']}timestamp{query['timestamp']}tiktok_shop-secret"
    query = {"sign": hmac.new(b"tiktok_shop-secret", text.encode(), hashlib.sha256).hexdigest(), **query}
    url = apps.simulated(f"https://open-api.tiktokglobalshop.com{PATH}")
    return requests.get(url, params=query, headers={"x-tts-access-token": token}, timeout=10)


def wrong(answer: requests.Response) -> bool:
    """Refusals come with status 200, and a code that is not 0."""
    return answer.status_code == 200 and answer.json()["code"] != 0 and answer.json()["data"] == {}


def test_a_seller_with_two_shops_connects(apps: Simulators) -> None:
    found = callback(start(apps, AUTHORIZE, ASK))
    assert {**found, "code": ""} == {"code": "", "app_key": "tiktok_shop-id", "locale": "en"}
    answer = exchange(apps, found["code"]).json()
    assert (answer["code"], answer["message"]) == (0, "success")
    data = answer["data"]
    assert (data["open_id"], data["seller_name"]) == ("SimOpenId-lotus-02", "Lotus Skincare Ltd")
    assert abs(data["access_token_expire_in"] - time.time() - 7 * 24 * 3600) < 60
    assert abs(data["refresh_token_expire_in"] - time.time() - 365 * 24 * 3600) < 60
    listed = shops(apps, data["access_token"]).json()["data"]["shops"]
    assert [shop["name"] for shop in listed] == ["Lotus Skincare UK", "Lotus Skincare SG"]
    assert all(shop["cipher"].startswith("ROW_") for shop in listed)


def test_american_sellers_have_a_host_of_their_own(apps: Simulators) -> None:
    assert connect(apps, AMERICAN)["seller_name"] == "Harbour Candles LLC"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service_id": None}, "service_id is missing"),
        ({"service_id": "tiktok_shop-id"}, "service_id is unknown"),
        ({"app_key": "tiktok_shop-id"}, "app_key is not a parameter"),
        ({"client_id": "tiktok_shop-id"}, "client_id is not a parameter"),
        ({"redirect_uri": CALLBACK}, "redirect_uri must not be sent"),
        ({"response_type": "code"}, "response_type is not a parameter"),
        ({"scope": "seller.order.info"}, "scope must not be sent"),
        ({"state": None}, "state is missing"),
    ],
)
def test_wrong_requests(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    assert refused(start(apps, AUTHORIZE, ASK, **changes), said)


@pytest.mark.parametrize(
    "changes",
    [
        {"app_key": None},
        {"app_key": "7490000000001"},
        {"app_secret": "wrong"},
        {"app_key": None, "client_id": "tiktok_shop-id"},
        {"auth_code": "other"},
        {"grant_type": "authorization_code"},
        {"grant_type": "refresh_token"},
        {"redirect_uri": CALLBACK},
        {"code": "any"},
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, Any]) -> None:
    once = code(apps)
    assert wrong(exchange(apps, once, **changes))
    assert exchange(apps, once).json()["code"] == 0


def test_a_post_is_refused(apps: Simulators) -> None:
    assert exchange(apps, code(apps), "data").status_code == 405
    url = apps.simulated(TOKEN)
    assert wrong(requests.get(url, data={**OURS, "auth_code": "a"}, timeout=10))


def test_codes_work_once_and_for_ten_minutes(apps: Simulators) -> None:
    once, old = code(apps), code(apps)
    token = exchange(apps, once).json()["data"]["access_token"]
    assert wrong(exchange(apps, once))
    assert shops(apps, token).status_code == 401
    apps.pass_time(600)
    assert wrong(exchange(apps, old))


def test_refreshing_rotates_at_an_address_of_its_own(apps: Simulators) -> None:
    first = connect(apps)
    assert wrong(refresh(apps, first["refresh_token"], url=TOKEN))
    assert wrong(refresh(apps, first["refresh_token"], app_secret="wrong"))
    assert wrong(exchange(apps, code(apps), grant_type="refresh_token"))
    second = refresh(apps, first["refresh_token"]).json()["data"]
    assert shops(apps, second["access_token"]).status_code == 200
    assert wrong(refresh(apps, first["refresh_token"]))
    assert shops(apps, second["access_token"]).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"sign": "0" * 64}, {"app_key": "other"}, {"timestamp": "1700000000"}, {"timestamp": "now"}, {"shop_id": "1"}],
)
def test_calls_are_signed(apps: Simulators, changes: dict[str, str]) -> None:
    token = connect(apps)["access_token"]
    assert shops(apps, token, **changes).json()["code"] in {106001, 106011}
    assert shops(apps, "nonsense").json()["code"] == 105001
    assert shops(apps, token).json()["code"] == 0


def test_misbehaviours(apps: Simulators) -> None:
    apps.misbehave("tiktok_shop", "token", Misbehaviour.NO_ACCESS_TOKEN)
    data = connect(apps)
    assert "refresh_token" in data
    assert "access_token" not in data
    apps.misbehave("tiktok_shop", "token", Misbehaviour.INVALID_GRANT)
    assert wrong(exchange(apps, code(apps)))
    apps.misbehave("tiktok_shop", "identity", Misbehaviour.HOSTILE_NAME)
    assert "<img" in shops(apps, connect(apps)["access_token"]).json()["data"]["shops"][0]["name"]
