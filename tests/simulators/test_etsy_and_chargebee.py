import pytest
import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from local.simulators import Simulators
from local.simulators.apps.chargebee import DEMO_KEY
from local.simulators.people import approve
from tests.simulators.visiting import ETSY, api, basic, query

KEY = {"x-api-key": "etsy-id:etsy-secret"}


def test_the_answer(apps: Simulators) -> None:
    tokens = ETSY.connect(apps, "40100102")
    assert tokens["access_token"].startswith("90100102.")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    me = ETSY.who(apps, tokens["access_token"]).json()
    assert me == {"user_id": 90100102, "shop_id": 40100102}
    url = apps.simulated("https://api.etsy.com/v3/application/shops/")
    assert api(f"{url}40100102", tokens["access_token"], **KEY).json()["shop_name"] == "OakleafWoodwork"
    assert api(f"{url}1", tokens["access_token"], **KEY).status_code == 404


@pytest.mark.parametrize("host", ["api.etsy.com", "openapi.etsy.com"])
def test_both_api_hosts(apps: Simulators, host: str) -> None:
    url = f"https://{host}/v3/public/oauth/token"
    assert ETSY.post(apps, ETSY.code_body(ETSY.code(apps)) | ETSY.token_extra, url=url).status_code == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code_challenge": None}, "code_challenge is missing"),
        ({"code_challenge_method": None}, "code_challenge_method must be S256"),
        ({"code_challenge_method": "plain"}, "code_challenge_method must be S256"),
        ({"code_challenge": "short"}, "code_challenge is not the base64url"),
        ({"code_challenge": "+" * 43}, "Invalid"),
    ],
)
def test_pkce_is_required(apps: Simulators, changes: dict[str, str | None], said: str) -> None:
    answer = requests.get(ETSY.authorize(apps, **changes), timeout=10)
    assert (answer.status_code, said in answer.text) == (400, True)


@pytest.mark.parametrize("verifier", [None, "w" * 50, "v", create_s256_code_challenge("v" * 50)])
def test_the_verifier_has_to_fit(apps: Simulators, verifier: str | None) -> None:
    code = ETSY.code(apps)
    assert ETSY.exchange(apps, code, code_verifier=verifier).status_code == 400
    assert ETSY.exchange(apps, code).status_code == 200


def test_the_secret_has_no_place_at_the_token_endpoint(apps: Simulators) -> None:
    code = ETSY.code(apps)
    assert ETSY.exchange(apps, code, client_secret="etsy-secret").status_code == 400
    headers = {"Authorization": basic("etsy-id", "etsy-secret")}
    assert ETSY.post(apps, ETSY.code_body(code), headers=headers).status_code == 400


@pytest.mark.parametrize("client_id", [None, "other"])
def test_a_wrong_client(apps: Simulators, client_id: str | None) -> None:
    answer = ETSY.exchange(apps, ETSY.code(apps), client_id=client_id)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("key", ["", "etsy-id", "etsy-id:wrong", "etsy-secret:etsy-id"])
def test_the_api_wants_keystring_and_secret(apps: Simulators, key: str) -> None:
    token = ETSY.connect(apps)["access_token"]
    assert api(apps.simulated(ETSY.identity_url), token, **{"x-api-key": key}).status_code == 403


def test_the_shop_scope_is_needed_to_see_the_shop(apps: Simulators) -> None:
    code = query(approve(ETSY.authorize(apps, scope="billing_r")))["code"]
    token = ETSY.exchange(apps, code).json()["access_token"]
    assert ETSY.who(apps, token).status_code == 403


def ask_chargebee(apps: Simulators, site: str, authorization: str) -> requests.Response:
    url = apps.simulated(f"https://{site}.chargebee.com/api/v2/business_entities")
    return requests.get(url, headers={"Authorization": authorization}, timeout=10)


@pytest.mark.parametrize("site", ["acme", "acme-test"])
def test_chargebee_takes_a_key(apps: Simulators, site: str) -> None:
    answer = ask_chargebee(apps, site, basic(DEMO_KEY, ""))
    assert answer.status_code == 200
    assert answer.json()["list"][0]["business_entity"]["name"].startswith("Acme Subscriptions")


@pytest.mark.parametrize(
    ("site", "authorization"),
    [
        ("acme", basic("wrong", "")),
        ("acme", basic("", DEMO_KEY)),
        ("acme", basic(DEMO_KEY, "password")),
        ("acme", f"Bearer {DEMO_KEY}"),
        ("acme", ""),
        ("unknown", basic(DEMO_KEY, "")),
    ],
)
def test_chargebee_refuses(apps: Simulators, site: str, authorization: str) -> None:
    answer = ask_chargebee(apps, site, authorization)
    assert answer.status_code == 401
    assert answer.json()["api_error_code"] == "api_authentication_failed"
    assert answer.json()["http_status_code"] == 401


@pytest.mark.parametrize("site", ["a.b", "ACME", "acme.evil", "%20"])
def test_hosts_that_are_no_site(apps: Simulators, site: str) -> None:
    assert ask_chargebee(apps, site, basic(DEMO_KEY, "")).status_code == 404
