"""What the apps whose keys are pasted do each in their own way."""

import pytest
import requests

from local.simulators import Simulators
from local.simulators.apps.afterpay import Afterpay
from local.simulators.apps.braintree import Braintree
from local.simulators.apps.recurly import Recurly
from local.simulators.apps.revel import Revel
from local.simulators.apps.shipstation import Shipstation
from local.simulators.apps.spoton import Spoton
from tests.simulators.test_pasted_keys import ACCEPT, MERCHANT
from tests.simulators.visiting import AGENT, basic


def get(apps: Simulators, url: str, **headers: str) -> requests.Response:
    return requests.get(apps.simulated(url), headers={"User-Agent": AGENT} | headers, timeout=10)


# Recurly


@pytest.mark.parametrize(
    ("demo", "host", "status"),
    [
        (Recurly.demo, "v3.recurly.com", 200),
        (Recurly.demo, "v3.eu.recurly.com", 401),
        (Recurly.demo_eu, "v3.eu.recurly.com", 200),
        (Recurly.demo_eu, "v3.recurly.com", 401),
        (Recurly.demo, "v3.us.recurly.com", 404),
    ],
)
def test_a_recurly_key_belongs_to_a_region(apps: Simulators, demo: dict[str, str], host: str, status: int) -> None:
    headers = {"Authorization": basic(demo["api_key"], ""), "Accept": ACCEPT}
    answer = get(apps, f"https://{host}/sites", **headers)
    assert answer.status_code == status
    if status == 200:
        (site,) = answer.json()["data"]
        assert answer.json()["object"] == "list"
        assert (site["object"], site["id"][:9]) == ("site", "simq8zv4h" if demo is Recurly.demo else "simq8zv4n")
        assert answer.headers["Recurly-Version"] == "recurly.v2021-02-25"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.recurly.v2019-10-10", ""])
def test_recurly_wants_a_version(apps: Simulators, accept: str) -> None:
    headers = {"Authorization": basic(Recurly.demo["api_key"], ""), "Accept": accept}
    answer = get(apps, "https://v3.recurly.com/sites", **headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (406, "invalid_api_version")


def test_recurly_wants_no_password(apps: Simulators) -> None:
    headers = {"Authorization": basic(Recurly.demo["api_key"], "password"), "Accept": ACCEPT}
    assert get(apps, "https://v3.recurly.com/sites", **headers).status_code == 401


# Afterpay


@pytest.mark.parametrize("agent", ["", "python-requests/2.34.2", "Python-urllib/3.12", "curl/8.5.0", "browser"])
def test_afterpay_wants_to_know_who_asks(apps: Simulators, agent: str) -> None:
    key = basic(Afterpay.demo["merchant_id"], Afterpay.demo["secret_key"])
    answer = get(apps, "https://global-api.afterpay.com/v2/configuration", Authorization=key, **{"User-Agent": agent})
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "forbidden")


# ShipStation


def test_shipstation_answers_lists(apps: Simulators) -> None:
    key = basic(Shipstation.demo["api_key"], Shipstation.demo["api_secret"])
    users = get(apps, "https://ssapi.shipstation.com/users?showInactive=false", Authorization=key).json()
    assert [user["name"] for user in users] == ["Olive Marsh", "Sam Packer"]
    assert len({user["userId"] for user in users}) == 2
    (store,) = get(apps, "https://ssapi.shipstation.com/stores", Authorization=key).json()
    assert (store["storeId"], store["storeName"]) == (100101, "Harbour Books")
    wrong = basic(Shipstation.demo["api_key"], "0" * 32)
    assert get(apps, "https://ssapi.shipstation.com/stores", Authorization=wrong).status_code == 401
    assert get(apps, "https://ssapi.shipstation.com/stores?other=1", Authorization=key).status_code == 400


# SpotOn


@pytest.mark.parametrize(
    ("location", "status"), [("BL-SIM0-4101", 200), ("BL-SIM0-4102", 200), ("BL-SIM0-9301", 403), ("BL-SIM0-0000", 404)]
)
def test_a_spoton_key_opens_its_own_locations(apps: Simulators, location: str, status: int) -> None:
    url = f"https://restaurantapi.spoton.com/posexport/v1/locations/{location}"
    answer = get(apps, url, **{"x-api-key": Spoton.demo["api_key"]})
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["id"], answer.json()["organizationId"]) == (location, "ORG-SIM0-41")


# Revel


def test_revel_lists_the_establishments_of_a_subdomain(apps: Simulators) -> None:
    key = f"{Revel.demo['api_key']}:{Revel.demo['api_secret']}"
    url = "https://acme.revelup.com/enterprise/Establishment/"
    answer = get(apps, f"{url}?format=json&fields=name,id", **{"API-AUTHENTICATION": key}).json()
    assert [(one["id"], one["name"]) for one in answer["objects"]] == [
        (1, "Acme Diner Downtown"),
        (2, "Acme Diner Airport"),
    ]
    assert answer["meta"]["total_count"] == 2
    assert get(apps, f"{url}?format=xml", **{"API-AUTHENTICATION": key}).status_code == 400
    # Another business's address, and addresses that are none.
    for host in ("golden-noodles", "nobody"):
        assert get(apps, url.replace("acme", host), **{"API-AUTHENTICATION": key}).status_code == 401
    for host in ("a.b", "ACME", "-acme"):
        assert get(apps, url.replace("acme", host), **{"API-AUTHENTICATION": key}).status_code == 404


# Braintree

KEY = basic(Braintree.demo["public_key"], Braintree.demo["private_key"])
GRAPHQL = "https://payments.braintree-api.com/graphql"
ACCOUNTS = "https://api.braintreegateway.com/merchants/simharbourbooks1/merchant_accounts"
AS_LIBRARY = {"Authorization": KEY, "X-ApiVersion": "6", "Accept": "application/xml"}


def graphql(apps: Simulators, query: object, version: str = "2026-01-02", **body: object) -> dict[str, object]:
    headers = {"Authorization": KEY, "Braintree-Version": version}
    answer = requests.post(apps.simulated(GRAPHQL), json={"query": query, **body}, headers=headers, timeout=10)
    assert answer.status_code == 200, "errors come with 200"
    payload: dict[str, object] = answer.json()
    assert payload["extensions"]
    return payload


@pytest.mark.parametrize("query", ["{ ping }", "query { ping }", " query Ping{ping} "])
def test_braintree_answers_a_ping(apps: Simulators, query: str) -> None:
    payload = graphql(apps, query, variables={})
    assert payload["data"] == {"ping": "pong"}
    assert "errors" not in payload


def test_braintree_names_the_merchant_and_has_ids_of_its_own(apps: Simulators) -> None:
    data = graphql(apps, MERCHANT)["data"]
    assert data == {
        "viewer": {"merchant": {"id": "bWVyY2hhbnRfc2ltaGFyYm91cmJvb2tzMQ==", "companyName": "Harbour Books"}}
    }


@pytest.mark.parametrize(
    ("query", "version", "said"),
    [
        ("{ ping }", "", "Braintree-Version"),
        ("{ ping }", "2026", "Braintree-Version"),
        ("{ pong }", "2026-01-02", "This simulation answers"),
        ("mutation { ping }", "2026-01-02", "This simulation answers"),
        ("", "2026-01-02", "This simulation answers"),
        (1, "2026-01-02", "This simulation answers"),
        ("{ viewer { merchant { name } } }", "2026-01-02", "Cannot query field 'name'"),
    ],
)
def test_braintree_refuses_with_200(apps: Simulators, query: object, version: str, said: str) -> None:
    payload = graphql(apps, query, version)
    assert payload["data"] is None
    assert said in str(payload["errors"])


def test_braintree_wants_json(apps: Simulators) -> None:
    headers = {"Authorization": KEY, "Braintree-Version": "2026-01-02"}
    for body in ({"data": {"query": "{ ping }"}}, {"json": ["{ ping }"]}, {"json": {"query": "{ ping }", "more": 1}}):
        assert "errors" in requests.post(apps.simulated(GRAPHQL), headers=headers, timeout=10, **body).json()


@pytest.mark.parametrize("tail", ["", "/?page=1", "?page=1"])
def test_braintrees_gateway_speaks_xml(apps: Simulators, tail: str) -> None:
    answer = get(apps, ACCOUNTS + tail, **AS_LIBRARY)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "application/xml")
    assert '<total-items type="integer">2</total-items>' in answer.text
    assert "<id>simharbourbooks1_USD</id>" in answer.text
    assert "<id>simharbourbooks1_EUR</id>" in answer.text


@pytest.mark.parametrize(
    ("url", "changes", "status"),
    [
        (ACCOUNTS.replace("simharbourbooks1", "simgreengrocer02"), {}, 401),
        (ACCOUNTS.replace("simharbourbooks1", "nobody"), {}, 401),
        (ACCOUNTS, {"Authorization": basic(Braintree.demo["public_key"], "wrong")}, 401),
        (ACCOUNTS, {"X-ApiVersion": ""}, 426),
        (ACCOUNTS, {"Accept": "application/json"}, 406),
        (f"{ACCOUNTS}?other=1", {}, 406),
    ],
)
def test_braintrees_gateway_refuses(apps: Simulators, url: str, changes: dict[str, str], status: int) -> None:
    answer = get(apps, url, **{**AS_LIBRARY, **changes})
    assert (answer.status_code, "<api-error-response>" in answer.text) == (status, True)
