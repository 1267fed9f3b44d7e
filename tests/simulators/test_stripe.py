import pytest
import requests

from local.simulators import Client, Simulators
from local.simulators.people import approve
from tests.simulators.visiting import CALLBACK, STRIPE, api, basic, query

DEAUTHORIZE = "https://connect.stripe.com/oauth/deauthorize"


def test_the_answer(apps: Simulators) -> None:
    tokens = STRIPE.connect(apps, "acct_1SimGreenGrocer")
    assert set(tokens) == {
        "access_token",
        "livemode",
        "refresh_token",
        "token_type",
        "stripe_publishable_key",
        "stripe_user_id",
        "scope",
    }
    assert (tokens["stripe_user_id"], tokens["livemode"]) == ("acct_1SimGreenGrocer", False)
    assert tokens["scope"] == "read_only"
    account = STRIPE.who(apps, tokens["access_token"]).json()
    assert account["id"] == "acct_1SimGreenGrocer"
    assert account["settings"]["dashboard"]["display_name"] == "The Green Grocer"
    assert account["business_profile"]["name"] == "The Green Grocer"


def test_the_callback_tells_the_scope(apps: Simulators) -> None:
    assert query(approve(STRIPE.authorize(apps)))["scope"] == "read_only"


def test_a_live_key_gives_live_tokens() -> None:
    key = "sk_live_simulated"
    with Simulators({"stripe": Client("stripe-id", key, CALLBACK)}) as apps:
        code = query(approve(STRIPE.authorize(apps)))["code"]
        headers = {"Authorization": f"Bearer {key}"}
        assert STRIPE.post(apps, STRIPE.code_body(code), headers=headers).json()["livemode"] is True


@pytest.mark.parametrize(
    ("authorization", "in_body"),
    [("Bearer stripe-secret", None), (basic("stripe-secret", ""), None), (None, "stripe-secret")],
)
def test_the_secret_key_in_each_place(apps: Simulators, authorization: str | None, in_body: str | None) -> None:
    body = STRIPE.code_body(STRIPE.code(apps)) | {"client_secret": in_body}
    assert STRIPE.post(apps, body, headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "body"),
    [
        (None, {}),
        ("Bearer wrong", {}),
        ("Bearer stripe-id", {}),
        ("Bearer stripe-secret", {"client_secret": "stripe-secret"}),
        ("Bearer stripe-secret", {"client_id": "other"}),
        (basic("stripe-id", "stripe-secret"), {}),
    ],
)
def test_a_wrong_client(apps: Simulators, authorization: str | None, body: dict[str, str]) -> None:
    given = STRIPE.code_body(STRIPE.code(apps)) | body
    answer = STRIPE.post(apps, given, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_writing_is_not_for_us(apps: Simulators) -> None:
    assert requests.get(STRIPE.authorize(apps, scope="read_write"), timeout=10).status_code == 400


def test_the_platform_key_sees_a_connected_account(apps: Simulators) -> None:
    STRIPE.connect(apps)
    url = apps.simulated(STRIPE.identity_url)
    named = {"Stripe-Account": "acct_1SimHarbourBooks"}
    assert api(url, "stripe-secret", **named).json()["id"] == "acct_1SimHarbourBooks"
    assert api(url, "stripe-secret", **{"Stripe-Account": "acct_other"}).status_code == 401
    assert api(url, "stripe-secret").status_code == 401


def test_deauthorizing(apps: Simulators) -> None:
    tokens = STRIPE.connect(apps)
    body = {"client_id": "stripe-id", "stripe_user_id": tokens["stripe_user_id"]}
    assert STRIPE.post(apps, body, url=DEAUTHORIZE, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert STRIPE.post(apps, body, url=DEAUTHORIZE, json=True).status_code == 400
    assert STRIPE.post(apps, body | {"client_id": "other"}, url=DEAUTHORIZE).status_code == 400
    assert STRIPE.post(apps, {"client_id": "stripe-id"}, url=DEAUTHORIZE).status_code == 400
    answer = STRIPE.post(apps, body, url=DEAUTHORIZE)
    assert (answer.status_code, answer.json()) == (200, {"stripe_user_id": "acct_1SimHarbourBooks"})
    assert STRIPE.post(apps, body, url=DEAUTHORIZE).status_code == 401
    assert STRIPE.who(apps, tokens["access_token"]).status_code == 401
