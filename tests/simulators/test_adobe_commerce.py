"""Requests signed by OAuth 1.0a: by oauthlib's client, and once by hand as RFC 5849 has it."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]

from local.simulators import Misbehaviour, Simulators
from local.simulators.apps.adobe_commerce import AdobeCommerce

DEMO, FOLDER, UNTICKED = AdobeCommerce.demo, AdobeCommerce.demo_in_folder, AdobeCommerce.demo_unticked
CONFIGS, WEBSITES = "/rest/V1/store/storeConfigs", "/rest/V1/store/websites"

Keys = Mapping[str, str]


def signed(url: str, keys: Keys, **changes: object) -> dict[str, str]:
    options = {"signature_method": "HMAC-SHA256"} | changes
    client = Client(
        keys["consumer_key"],
        client_secret=keys["consumer_secret"],
        resource_owner_key=keys["access_token"],
        resource_owner_secret=keys["access_token_secret"],
        **options,
    )
    _, headers, _ = client.sign(url)
    found: dict[str, str] = headers
    return found


def ask(apps: Simulators, keys: Keys, path: str = CONFIGS, **changes: object) -> requests.Response:
    url = apps.simulated(keys["store_base_url"]) + path
    return requests.get(url, headers=signed(url, keys, **changes), timeout=10)


def is_refused(answer: requests.Response, status: int, code: str) -> bool:
    return answer.status_code == status and answer.json()["message"].startswith(f"{code}:")


@pytest.mark.parametrize("keys", [DEMO, FOLDER])
@pytest.mark.parametrize("path", [CONFIGS, "/rest/default/V1/store/storeConfigs", "/rest/all/V1/store/storeConfigs"])
def test_an_integration_reads_its_store(apps: Simulators, keys: Keys, path: str) -> None:
    configs = ask(apps, keys, path).json()
    assert [config["code"] for config in configs] == ["default", "spanish"]
    assert {config["base_url"] for config in configs} == {f"{keys['store_base_url']}/"}
    assert [hit.endpoint for hit in apps.hits] == ["identity"]


@pytest.mark.parametrize("path", [WEBSITES, "/rest/V1/store/storeGroups"])
def test_names_are_elsewhere(apps: Simulators, path: str) -> None:
    assert ask(apps, DEMO, path).json()[-1]["name"] == "Harbour Books"
    apps.misbehave("adobe_commerce", "details", Misbehaviour.HOSTILE_NAME)
    assert [ask(apps, DEMO, path).json()[-1]["name"].startswith("<img") for _ in range(2)] == [True, False]


def test_the_real_address_may_be_what_is_signed(apps: Simulators) -> None:
    headers = signed(DEMO["store_base_url"] + CONFIGS, DEMO)
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    assert requests.get(url, headers=headers, timeout=10).status_code == 200


def test_a_signature_by_hand(apps: Simulators) -> None:
    """RFC 5849, 3.4.1 and 3.4.2, without the library that checks it."""
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    params = {
        "oauth_consumer_key": DEMO["consumer_key"],
        "oauth_nonce": "by-hand_0.1~",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": DEMO["access_token"],
    }

    def escaped(text: str) -> str:
        return quote(text, safe="~")

    pairs = "&".join(f"{escaped(name)}={escaped(value)}" for name, value in sorted(params.items()))
    base = f"GET&{escaped(url)}&{escaped(pairs)}"
    key = f"{DEMO['consumer_secret']}&{DEMO['access_token_secret']}"
    digest = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()
    fields = ", ".join(f'{name}="{escaped(value)}"' for name, value in {**params, "oauth_signature": digest}.items())
    assert requests.get(url, headers={"Authorization": f"OAuth {fields}"}, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("consumer_key", 401, "consumer_key_rejected"),
        ("consumer_secret", 401, "signature_invalid"),
        ("access_token", 401, "token_rejected"),
        ("access_token_secret", 401, "signature_invalid"),
    ],
)
@pytest.mark.parametrize("other", ["wrong", "folder"])
def test_every_secret_counts(apps: Simulators, name: str, status: int, code: str, other: str) -> None:
    changed = "w" * 32 if other == "wrong" else FOLDER[name]
    assert is_refused(ask(apps, {**DEMO, name: changed}), status, code)


def test_keys_open_their_own_store(apps: Simulators) -> None:
    elsewhere = {**DEMO, "store_base_url": FOLDER["store_base_url"]}
    assert is_refused(ask(apps, elsewhere), 401, "consumer_key_rejected")
    assert ask(apps, {**DEMO, "store_base_url": "https://store.example.com/nowhere"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"signature_method": "HMAC-SHA1"}, 400, "signature_method_rejected"),
        ({"signature_method": "HMAC-SHA512"}, 400, "signature_method_rejected"),
        ({"signature_method": "PLAINTEXT"}, 400, "signature_method_rejected"),
        ({"timestamp": str(int(time.time()) - 3600)}, 400, "timestamp_refused"),
        ({"timestamp": str(int(time.time()) + 3600)}, 400, "timestamp_refused"),
        ({"timestamp": "soon"}, 400, "timestamp_refused"),
        ({"timestamp": "-5"}, 400, "timestamp_refused"),
        ({"signature_type": "QUERY"}, 401, "parameter_absent"),
    ],
)
def test_wrong_parameters(apps: Simulators, changes: dict[str, Any], status: int, code: str) -> None:
    assert is_refused(ask(apps, DEMO, **changes), status, code)


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ('oauth_version="1.0"', 'oauth_version="2.0"', 400, "version_rejected"),
        ("oauth_nonce", "other_nonce", 400, "parameter_absent"),
        ("oauth_signature=", "other_signature=", 400, "parameter_absent"),
        ("1" * 20, "2" * 20, 401, "signature_invalid"),
    ],
)
def test_headers_that_were_changed(apps: Simulators, old: str, new: str, status: int, code: str) -> None:
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    header = signed(url, DEMO, nonce="1" * 20)["Authorization"]
    assert old in header
    assert is_refused(requests.get(url, headers={"Authorization": header.replace(old, new)}, timeout=10), status, code)


def test_a_request_is_signed_for_one_address(apps: Simulators) -> None:
    base = apps.simulated(DEMO["store_base_url"])
    headers = signed(base + CONFIGS, DEMO)
    for url in (base + WEBSITES, f"{base}{CONFIGS}?a=1"):
        assert is_refused(requests.get(url, headers=headers, timeout=10), 401, "signature_invalid")
    asked = f"{base}{CONFIGS}?a=1"
    assert is_refused(requests.get(asked, headers=signed(asked, DEMO), timeout=10), 400, "bad_request")


@pytest.mark.parametrize("query", ["a=%zz", "a={}"])
def test_a_query_that_is_none_is_refused(apps: Simulators, query: str) -> None:
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    # Requests would put the escapes right.
    connection = HTTPConnection(str(urlsplit(apps.url).netloc), timeout=10)
    connection.request("GET", f"{urlsplit(url).path}?{query}", headers=signed(url, DEMO))
    answer = connection.getresponse()
    assert (answer.status, b"signature_invalid" in answer.read()) == (401, True)
    connection.close()


def test_a_signed_request_works_once(apps: Simulators) -> None:
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    headers = signed(url, DEMO)
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    assert is_refused(requests.get(url, headers=headers, timeout=10), 401, "nonce_used")
    headers = signed(url, DEMO)
    apps.pass_time(601)
    assert is_refused(requests.get(url, headers=headers, timeout=10), 400, "timestamp_refused")


def test_a_wrong_signature_spends_no_nonce(apps: Simulators) -> None:
    once = {"nonce": "n" * 20, "timestamp": str(int(time.time()))}
    assert is_refused(ask(apps, {**DEMO, "consumer_secret": "w" * 32}, **once), 401, "signature_invalid")
    assert ask(apps, DEMO, **once).status_code == 200
    assert is_refused(ask(apps, DEMO, **once), 401, "nonce_used")


@pytest.mark.parametrize("authorization", ["", f"Bearer {DEMO['access_token']}", "OAuth", "OAuth x", "Basic eDp5"])
def test_tokens_alone_open_nothing(apps: Simulators, authorization: str) -> None:
    url = apps.simulated(DEMO["store_base_url"]) + CONFIGS
    answer = requests.get(url, headers={"Authorization": authorization}, timeout=10)
    assert is_refused(answer, 401, "parameter_absent")


def test_an_integration_reads_what_was_ticked(apps: Simulators) -> None:
    answer = ask(apps, UNTICKED)
    assert (answer.status_code, answer.json()["parameters"]) == (401, {"resources": "Magento_Backend::store"})


def test_secrets_look_like_the_apps_own() -> None:
    for keys in (DEMO, FOLDER, UNTICKED):
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret"):
            assert (len(keys[name]), keys[name].isalnum(), keys[name].islower()) == (32, True, True)
