import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.apps.wix import REMOVED, Wix, signed_instance
from tests.simulators.visiting import client

TOKEN = "https://www.wixapis.com/oauth2/token"
INFO = "https://www.wixapis.com/oauth2/token-info"
INSTANCE = "https://www.wixapis.com/apps/v1/instance"
HARBOUR, GROCER, _ = (account.id for account in Wix.accounts)
BODY = {
    "grant_type": "client_credentials",
    "client_id": "wix-id",
    "client_secret": "wix-secret",
    "instance_id": HARBOUR,
}


@pytest.fixture
def apps() -> Iterator[Simulators]:
    with Simulators({"wix": client("wix")}) as running:
        yield running


def token(apps: Simulators, **changes: object) -> requests.Response:
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return requests.post(apps.simulated(TOKEN), json=body, timeout=10)


def instance(apps: Simulators, authorization: str, more: str = "") -> requests.Response:
    return requests.get(apps.simulated(INSTANCE) + more, headers={"Authorization": authorization}, timeout=10)


@pytest.mark.parametrize(("instance_id", "name"), [(HARBOUR, "Harbour Books"), (GROCER, "The Green Grocer")])
def test_a_token_for_an_instance(apps: Simulators, instance_id: str, name: str) -> None:
    answer = token(apps, instance_id=instance_id).json()
    assert (set(answer), answer["expires_in"]) == ({"access_token", "token_type", "expires_in"}, 14400)
    found = instance(apps, answer["access_token"]).json()
    assert (found["instance"]["instanceId"], found["site"]["siteDisplayName"]) == (instance_id, name)
    assert found["site"]["siteId"] != instance_id
    assert [hit.endpoint for hit in apps.hits] == ["token", "identity"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"instance_id": REMOVED}, 404),
        ({"instance_id": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"instance_id": HARBOUR.upper()}, 404),
        ({"instance_id": ""}, 404),
        ({"instance_id": None}, 400),
        ({"instance_id": 1}, 400),
        ({"client_id": "other"}, 401),
        ({"client_secret": "wrong"}, 401),
        ({"client_secret": None}, 400),
        ({"grant_type": "refresh_token"}, 400),
        ({"grant_type": None}, 400),
        ({"scope": "all"}, 400),
    ],
)
def test_wrong_token_requests(apps: Simulators, changes: dict[str, object], status: int) -> None:
    answer = token(apps, **changes)
    assert (answer.status_code, set(answer.json())) == (status, {"message", "details"})
    assert apps.tokens("wix") == []


def test_the_body_is_json(apps: Simulators) -> None:
    assert requests.post(apps.simulated(TOKEN), data=BODY, timeout=10).status_code == 400
    assert requests.post(apps.simulated(f"{TOKEN}?a=1"), json=BODY, timeout=10).status_code == 400
    keys = ("wix-id", "wix-secret")
    rest = {name: BODY[name] for name in ("grant_type", "instance_id")}
    assert requests.post(apps.simulated(TOKEN), json=rest, auth=keys, timeout=10).status_code == 400


def test_the_token_stands_alone_in_its_header(apps: Simulators) -> None:
    value = token(apps).json()["access_token"]
    for wrong in (f"Bearer {value}", value + "x", "", "other"):
        assert instance(apps, wrong).status_code == 401
    assert instance(apps, value, "?surprise=1").status_code == 400
    apps.pass_time(14399)
    assert instance(apps, value).status_code == 200
    apps.pass_time(2)
    assert instance(apps, value).status_code == 401


def test_a_signed_instance() -> None:
    """As Wix documents it: the signature, a point, the payload; base64url without padding."""
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    value = signed_instance(HARBOUR, "wix-secret", signed_at=when, app_id="wix-id")
    signature, _, payload = value.partition(".")
    assert "=" not in value
    assert len(signature) == 43
    known = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (known["instanceId"], known["appDefId"]) == (HARBOUR, "wix-id")
    assert known["signDate"] == "2026-01-02T03:04:05.000Z"


def test_wix_says_what_a_token_stands_for(apps: Simulators) -> None:
    signed = signed_instance(GROCER, "wix-secret")
    values = {
        token(apps).json()["access_token"]: HARBOUR,
        signed: GROCER,
        signed_instance(GROCER, "another-secret"): None,
        signed_instance(REMOVED, "wix-secret"): None,
        signed.replace(".", ".x"): None,
        signed.partition(".")[2]: None,
        "é.\ud800": None,
        "": None,
    }
    for value, wanted in values.items():
        known = requests.post(apps.simulated(INFO), json={"token": value}, timeout=10).json()
        assert (known["active"], known.get("instanceId")) == (wanted is not None, wanted), value
    assert requests.post(apps.simulated(INFO), json={"instance": signed}, timeout=10).status_code == 400


def test_no_app_no_token() -> None:
    with Simulators({}) as nobody:
        assert token(nobody).status_code == 401


def test_wix_misbehaves(apps: Simulators) -> None:
    for how in (Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.BIG_TOKEN, Misbehaviour.INVALID_CLIENT):
        apps.misbehave("wix", "token", how)
    without, big, refused = (token(apps) for _ in range(3))
    assert "access_token" not in without.json()
    assert len(big.json()["access_token"]) == 5 * 1024
    assert (refused.status_code, set(refused.json())) == (401, {"message", "details"})
    apps.misbehave("wix", "identity", Misbehaviour.HOSTILE_NAME)
    shown = [instance(apps, big.json()["access_token"]).json()["site"]["siteDisplayName"] for _ in range(2)]
    assert [name.startswith("<img") for name in shown] == [True, False]
