"""What all apps whose keys are pasted do alike: the good keys open, and every other is refused as the app refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.apps.affirm import Affirm
from local.simulators.apps.afterpay import Afterpay
from local.simulators.apps.braintree import Braintree
from local.simulators.apps.helcim import Helcim
from local.simulators.apps.recurly import Recurly
from local.simulators.apps.revel import Revel
from local.simulators.apps.shipstation import Shipstation
from local.simulators.apps.spoton import Spoton
from local.simulators.pasted import PastedApp
from tests.simulators.visiting import AGENT, Params, basic

HOSTILE = "<img src=x onerror=alert(1)>"
ACCEPT = "application/vnd.recurly.v2021-02-25"
MERCHANT = "query { viewer { merchant { id companyName } } }"

Keys = Mapping[str, str]


@dataclass(frozen=True)
class Door:
    """How one app is asked whether keys are good, and what it says."""

    app: type[PastedApp]
    url: str
    headers: Callable[[Keys], Params]
    # The demo's values that have to be right.
    checked: tuple[str, ...]
    # Something in the answer to good keys, and the whole answer to others but for what differs each time.
    opened: str
    refused: Any
    status: int = 401
    query: str = ""
    shows_name: bool = True
    changing: frozenset[str] = field(default_factory=frozenset)

    def ask(
        self, apps: Simulators, keys: Keys, *, more: str = "", instead: Mapping[str, str | None] | None = None
    ) -> requests.Response:
        url = apps.simulated(self.url.format_map(keys)) + more
        given = {"User-Agent": AGENT} | self.headers(keys) | dict(instead or {})
        sent = {name: value for name, value in given.items() if value is not None}
        if self.query:
            return requests.post(url, json={"query": self.query}, headers=sent, timeout=10)
        return requests.get(url, headers=sent, timeout=10)


def by_basic(name: str, password: str, **more: str) -> Callable[[Keys], Params]:
    return lambda keys: {"Authorization": basic(keys[name], keys.get(password, ""))} | more


DOORS = (
    Door(
        Recurly,
        "https://v3.recurly.com/sites",
        by_basic("api_key", "", Accept=ACCEPT),
        ("api_key",),
        '"subdomain":"harbour-boxes"',
        {"error": {"type": "unauthorized", "message": "Invalid API key", "params": []}},
    ),
    Door(
        Helcim,
        "https://api.helcim.com/v2/connection-test",
        lambda keys: {"api-token": keys["api_token"]},
        ("api_token",),
        '{"message":"Connected Successfully"}',
        {"errors": "Unauthorized"},
        shows_name=False,
    ),
    Door(
        Affirm,
        "https://api.affirm.com/api/v1/transactions",
        by_basic("public_key", "private_key"),
        ("public_key", "private_key"),
        '"total":1',
        {
            "status_code": 401,
            "type": "unauthorized",
            "code": "unauthorized",
            "message": "The API key pair is not valid",
        },
        shows_name=False,
    ),
    Door(
        Afterpay,
        "https://global-api.afterpay.com/v2/configuration",
        by_basic("merchant_id", "secret_key"),
        ("merchant_id", "secret_key"),
        '"maximumAmount":{"amount":"2000.00","currency":"USD"}',
        {
            "errorCode": "unauthorized",
            "message": "Credentials are required to access this resource.",
            "httpStatusCode": 401,
        },
        shows_name=False,
        changing=frozenset({"errorId"}),
    ),
    Door(
        Shipstation,
        "https://ssapi.shipstation.com/users",
        by_basic("api_key", "api_secret"),
        ("api_key", "api_secret"),
        '"name":"Olive Marsh"',
        {"message": "Invalid API credentials"},
    ),
    Door(
        Spoton,
        "https://restaurantapi.spoton.com/posexport/v1/locations/{location_id}",
        lambda keys: {"x-api-key": keys["api_key"]},
        ("api_key",),
        '"name":"Harbour Grill Pier 4"',
        {"code": "UNAUTHORIZED", "message": "The API key is missing or invalid."},
    ),
    Door(
        Revel,
        "https://{subdomain}.revelup.com/enterprise/Establishment/",
        lambda keys: {"API-AUTHENTICATION": f"{keys['api_key']}:{keys['api_secret']}"},
        ("subdomain", "api_key", "api_secret"),
        '"name":"Acme Diner Downtown"',
        "",
    ),
    Door(
        Braintree,
        "https://payments.braintree-api.com/graphql",
        by_basic("public_key", "private_key", **{"Braintree-Version": "2026-01-02"}),
        ("public_key", "private_key"),
        '"companyName":"Harbour Books"',
        {
            "data": None,
            "errors": [
                {
                    "message": "Authentication credentials are invalid.",
                    "extensions": {"errorClass": "AUTHENTICATION"},
                }
            ],
        },
        status=200,
        query=MERCHANT,
        changing=frozenset({"extensions"}),
    ),
)


@pytest.fixture(params=DOORS, ids=lambda door: door.app.id)
def door(request: pytest.FixtureRequest) -> Door:
    found: Door = request.param
    return found


def is_refused(door: Door, answer: requests.Response) -> bool:
    payload = answer.json() if answer.text else ""
    if isinstance(payload, dict):
        payload = {name: value for name, value in payload.items() if name not in door.changing}
    return (answer.status_code, payload) == (door.status, door.refused)


def test_the_demo_opens(apps: Simulators, door: Door) -> None:
    answer = door.ask(apps, door.app.demo)
    assert (answer.status_code, door.opened in answer.text) == (200, True), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert [(hit.app, hit.endpoint) for hit in apps.hits] == [(door.app.id, "identity")]


def test_every_key_counts(apps: Simulators, door: Door) -> None:
    for name in door.checked:
        for wrong in (door.app.demo[name] + "x", "wrong", door.app.demo[name][:-1]):
            assert is_refused(door, door.ask(apps, {**door.app.demo, name: wrong})), (name, wrong)


def test_nothing_opens_nothing(apps: Simulators, door: Door) -> None:
    nobody = dict.fromkeys(door.checked, "")
    assert is_refused(door, door.ask(apps, {**door.app.demo, **nobody, "subdomain": "acme"}))
    missing: dict[str, str | None] = dict.fromkeys(("Authorization", "api-token", "x-api-key", "API-AUTHENTICATION"))
    assert is_refused(door, door.ask(apps, door.app.demo, instead=missing))
    key = door.app.demo[door.checked[-1]]
    for other in (f"Bearer {key}", key, "Basic", "Basic %%%"):
        assert is_refused(door, door.ask(apps, door.app.demo, instead={**missing, "Authorization": other}))


@pytest.mark.parametrize("door", [door for door in DOORS if len(door.checked) > 1], ids=lambda door: door.app.id)
def test_one_owners_key_with_anothers(apps: Simulators, door: Door) -> None:
    own = door.app.demo[door.checked[0]]
    other = next(one for one in door.app.accounts if one.extra[door.checked[0]] != own)
    assert is_refused(door, door.ask(apps, {**door.app.demo, door.checked[-1]: other.extra[door.checked[-1]]}))


@pytest.mark.parametrize("door", [door for door in DOORS if not door.query], ids=lambda door: door.app.id)
def test_parameters_that_the_app_does_not_know(apps: Simulators, door: Door) -> None:
    assert door.ask(apps, door.app.demo, more="?surprise=1").status_code == 400


@pytest.mark.parametrize("door", [door for door in DOORS if door.shows_name], ids=lambda door: door.app.id)
def test_a_hostile_name(apps: Simulators, door: Door) -> None:
    apps.misbehave(door.app.id, "identity", Misbehaviour.HOSTILE_NAME)
    answers = [door.ask(apps, door.app.demo).text for _ in range(2)]
    assert [HOSTILE in answer for answer in answers] == [True, False]


def test_the_app_refuses_in_its_own_words_when_told_to(apps: Simulators, door: Door) -> None:
    apps.misbehave(door.app.id, "identity", Misbehaviour.INVALID_CLIENT)
    told = door.ask(apps, door.app.demo)
    own = door.ask(apps, {**door.app.demo, door.checked[-1]: "wrong"})
    assert told.status_code == own.status_code
    assert set(told.json()) == set(own.json() if own.text else {"error"})


def test_the_demos_keys_are_told_from_real_ones() -> None:
    """A scanner that finds one of them somewhere should not have to ask."""
    for door in DOORS:
        secret = door.app.demo[door.checked[-1]]
        assert "Simulated" in secret or len(set(secret)) <= 4, secret
