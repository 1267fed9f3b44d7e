"""Apps whose keys are pasted: what each is asked, with which proof, and whose account it then is."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, AppProblem, AppRefused, InvalidField, NotEnabled
from chalicelib.providers import answers, paypal
from chalicelib.providers.adobe_commerce import signed
from chalicelib.providers.base import Call
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from chalicelib.settings import Client
from tests.providers.recorded import Answered, Recorded

GUID = "4721e7a9-b4ae-4fef-9230-b3dae186e0a4"
HEX = "0123456789abcdef" * 2
KEY = "sentinel-key-of-acme"
REPORTING = {"access_token": "token", "scope": f"openid {paypal.REPORTING}", "expires_in": 32400}
TOAST_LOGIN = {"token": {"accessToken": "token", "tokenType": "Bearer", "expiresIn": 86400}, "status": "SUCCESS"}
FORMS = {row.slug: row for row in PROVIDERS.values() if row.fields}

TYPED: Mapping[str, Mapping[str, str]] = {
    "paypal": {"client_id": "A" * 80, "client_secret": KEY},
    "toast": {"client_id": KEY, "client_secret": KEY, "restaurant_guid": GUID.upper()},
    "recurly": {"tenant": "eu", "api_key": KEY},
    "braintree": {"merchant_id": "ACME1", "public_key": "public-key", "private_key": KEY},
    "helcim": {"api_token": KEY + "#!%*", "label": ""},
    "affirm": {"public_key": "PUBLICKEY1", "private_key": KEY, "label": "Acme  online "},
    "afterpay": {"tenant": "au", "merchant_id": "345001", "secret_key": KEY, "label": ""},
    "shipstation": {"api_key": HEX, "api_secret": HEX, "label": "Acme"},
    "spoton": {"location_id": "BL-1", "api_key": KEY},
    "revel": {"tenant": " https://ACME.revelup.com/ ", "api_key": KEY, "api_secret": KEY},
    "chargebee": {"site": "acme.chargebee.com", "api_key": KEY},
    "adobe_commerce": {"tenant": "https://Shop.example.com/", **dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), HEX)},
}  # fmt: skip


def pasted(slug: str, *told: Answered) -> tuple[Call, Grant, Recorded]:
    """The form as it was filled in, read as the key form reads it, and an app that answers."""
    row, web = PROVIDERS[slug], Recorded(*told)
    read = {field.name: field.read(TYPED[slug].get(field.name, "")) for field in row.fields}
    plain = {field.name: read[field.name] for field in row.fields if not field.secret}
    secrets = {name: value for name, value in read.items() if name not in plain}
    words = {"product": "Client Connect", **row.words(plain.get("tenant", "")), **plain}
    return (
        Call(provider=row, client=Client(client_id=""), web=web, words=words),
        Grant(secrets=secrets, extra=plain),
        web,
    )


def opened(slug: str, *told: Answered) -> tuple[tuple[Account, ...], Recorded]:
    """What the keys open."""
    call, grant, web = pasted(slug, *told)
    row = call.provider
    if row.mint:
        made = answers.grant(call, row.mint(call, grant), keys.now())
        grant = replace(grant, secrets={**grant.secrets, **made.secrets})
    assert row.identify
    found = row.identify(call, grant, {})
    return (found if isinstance(found, tuple) else (found,)), web


def graphql_id(merchant: str) -> str:
    return b64encode(f"merchant_{merchant}".encode()).decode()


def braintree(merchant: str) -> Mapping[str, object]:
    return {"data": {"viewer": {"merchant": {"id": merchant, "companyName": "Acme"}}}}


GOOD = [
    ("paypal", (REPORTING, {"account_id": "MERCHANT1", "balances": []}), [("MERCHANT1", "MERCHANT1")], "https://api-m.paypal.com/v1/reporting/balances"),
    ("toast", (TOAST_LOGIN, {"guid": GUID, "general": {"name": "Acme", "locationName": "Quay"}}), [(GUID, "Acme – Quay")], f"https://ws-api.toasttab.com/restaurants/v1/restaurants/{GUID}"),
    ("toast", (TOAST_LOGIN, {"guid": GUID.upper()}), [(GUID, GUID)], f"https://ws-api.toasttab.com/restaurants/v1/restaurants/{GUID}"),
    ("recurly", ({"data": [{"id": "s1", "subdomain": "acme"}, {"id": "s2"}]},), [("s1", "acme"), ("s2", "s2")], "https://v3.eu.recurly.com/sites"),
    ("braintree", (braintree("acme1"),), [("acme1", "Acme")], "https://payments.braintree-api.com/graphql"),
    ("braintree", (braintree(graphql_id("acme1")),), [("acme1", "Acme")], "https://payments.braintree-api.com/graphql"),
    ("affirm", ({"data": []},), [("PUBLICKEY1", "Acme online")], "https://api.affirm.com/api/v1/transactions?limit=1"),
    ("afterpay", ({"maximumAmount": {}},), [("345001", "Afterpay / Clearpay")], "https://api.afterpay.com/v2/configuration"),
    ("spoton", ({"id": "BL-1", "name": "Acme Grill"},), [("BL-1", "Acme Grill")], "https://restaurantapi.spoton.com/posexport/v1/locations/BL-1"),
    ("revel", ({"objects": [{"id": 1, "name": "Quay"}, {"id": 2}]},), [("acme:1", "Quay"), ("acme:2", "acme 2")], "https://acme.revelup.com/enterprise/Establishment/?format=json"),
    ("chargebee", ({"list": []},), [("acme", "acme")], "https://acme.chargebee.com/api/v2/business_entities"),
    ("adobe_commerce", ([{"id": 1, "base_url": "https://shop.example.com/"}],), [("shop.example.com", "shop.example.com")], "https://shop.example.com/rest/V1/store/storeConfigs"),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "told", "expected", "url"), GOOD)
def test_whose_keys_they_are(slug: str, told: tuple[Answered, ...], expected: list[tuple[str, str]], url: str) -> None:
    found, web = opened(slug, *told)
    assert [(one.id, one.name) for one in found] == expected
    assert web.asked[-1]["url"] == url


def test_every_form_is_tried_here() -> None:
    """Two have no answer that names anybody, and a test of their own."""
    tried = {slug for slug, *_ in GOOD} | {"helcim", "shipstation"}
    assert tried == {slug for slug, row in FORMS.items() if row.mechanism is Mechanism.KEY_FORM}


@pytest.mark.parametrize(
    ("slug", "answer", "name", "proof"),
    [
        ("helcim", {"message": "Connected Successfully"}, "Helcim", {"headers": {"api-token": KEY + "#!%*"}}),
        ("shipstation", [{"userId": "u"}], "Acme", {"auth": (HEX, HEX)}),
    ],
)
def test_a_key_without_a_name_is_an_account_by_itself(
    slug: str, answer: Answered, name: str, proof: dict[str, object]
) -> None:
    """Its id is made of the key, and gives nothing of it away."""
    (found,), web = opened(slug, answer)
    assert (found.name, len(found.id)) == (name, 32)
    assert opened(slug, answer)[0] == (found,)
    assert not [value for value in TYPED[slug].values() if value and value in found.id]
    assert proof.items() <= web.asked[0].items()


@pytest.mark.parametrize(
    ("slug", "told", "index", "proof"),
    [
        ("paypal", GOOD[0][1], 0, {"auth": ("A" * 80, KEY), "form": {"grant_type": "client_credentials"}}),
        ("paypal", GOOD[0][1], 1, {"headers": {"Authorization": "Bearer token"}}),
        ("toast", GOOD[1][1], 0, {"body": {"clientId": KEY, "clientSecret": KEY, "userAccessType": "TOAST_MACHINE_CLIENT"}}),
        ("toast", GOOD[1][1], 1, {"headers": {"Authorization": "Bearer token", "Toast-Restaurant-External-ID": GUID}}),
        ("recurly", GOOD[3][1], 0, {"auth": (KEY, ""), "headers": {"Accept": "application/vnd.recurly.v2021-02-25"}}),
        ("braintree", GOOD[4][1], 0, {"auth": ("public-key", KEY), "headers": {"Braintree-Version": "2019-01-01"}}),
        ("affirm", GOOD[6][1], 0, {"auth": ("PUBLICKEY1", KEY)}),
        ("afterpay", GOOD[7][1], 0, {"auth": ("345001", KEY)}),
        ("spoton", GOOD[8][1], 0, {"headers": {"x-api-key": KEY}}),
        ("revel", GOOD[9][1], 0, {"headers": {"API-AUTHENTICATION": f"{KEY}:{KEY}"}}),
        ("chargebee", GOOD[10][1], 0, {"auth": (KEY, "")}),
    ],
)  # fmt: skip
def test_how_the_keys_are_shown(slug: str, told: tuple[Answered, ...], index: int, proof: dict[str, object]) -> None:
    _, web = opened(slug, *told)
    assert proof.items() <= web.asked[index].items()
    assert not [asked for asked in web.asked if KEY in str(asked["url"])]


@pytest.mark.parametrize(
    ("slug", "told", "problem"),
    [
        ("paypal", ({"access_token": "token", "scope": "openid"},), NotEnabled),
        ("paypal", (REPORTING, AppRefused("403")), NotEnabled),
        ("paypal", ({"error": "invalid_client"},), AppRefused),
        ("paypal", (REPORTING, {"balances": []}), AppDown),
        ("toast", ({"status": "ERROR"},), AppDown),
        ("toast", ({"token": {}},), AppDown),
        ("toast", (TOAST_LOGIN, {"guid": GUID.replace("4", "5")}), AppRefused),
        ("toast", (TOAST_LOGIN, {}), AppDown),
        ("recurly", ({"data": []},), AppDown),
        ("recurly", ({"data": [{"subdomain": "acme"}]},), AppDown),
        ("braintree", ({"errors": [{"extensions": {"errorClass": "AUTHENTICATION"}}], "data": None},), AppRefused),
        ("braintree", ({"errors": [{"extensions": {"errorClass": "INTERNAL"}}]},), AppDown),
        ("braintree", ({"errors": "no"},), AppDown),
        ("braintree", ({"data": {"viewer": None}},), AppDown),
        ("spoton", ({"id": "BL-2", "name": "Another"},), AppRefused),
        ("spoton", ({"name": "Acme"},), AppDown),
        ("revel", ({"objects": []},), AppDown),
        ("chargebee", ({"message": "hello"},), AppDown),
        ("adobe_commerce", ([],), AppDown),
        ("adobe_commerce", ([{"id": 1}],), AppDown),
    ],
)
def test_what_opens_nothing(slug: str, told: tuple[Answered, ...], problem: type[AppProblem]) -> None:
    """Threats 36 and 42."""
    with pytest.raises(problem):
        opened(slug, *told)


@pytest.mark.parametrize("merchant", ["acme2", graphql_id("acme2"), graphql_id("acme1")[:-4], "!!!!"])
def test_keys_of_another_merchant_are_said_to_be(merchant: str) -> None:
    with pytest.raises(InvalidField) as refused:
        opened("braintree", braintree(merchant))
    assert refused.value.name == "merchant_id"


def test_an_oauth_1_signature_is_made_once() -> None:
    """RFC 5849 §3.1: the token by name, and a nonce of its own each time. (The simulated store checks the signature.)"""
    _, grant, web = pasted("adobe_commerce")
    url = "https://shop.example.com/rest/V1/store/storeConfigs"
    headers = [signed(grant, "GET", url)["Authorization"] for _ in range(2)]
    assert all(header.startswith("OAuth ") and 'signature_method="HMAC-SHA256"' in header for header in headers)
    assert headers[0] != headers[1]
    assert f'oauth_token="{HEX}"' in headers[0]
    assert web.asked == []


# What is typed


@pytest.mark.parametrize(
    ("slug", "name"), [(slug, field.name) for slug, row in FORMS.items() for field in row.fields if field.secret]
)
@pytest.mark.parametrize(
    "typed", ["", "short", "with space in it", "line\nbreak-line", "k" * 12 + "\x00", "schlüssel-12", "k" * 301]
)
def test_a_secret_is_one_word(slug: str, name: str, typed: str) -> None:
    """Threat 42. Refused without being repeated; a header would break on some of them."""
    field = next(field for field in FORMS[slug].fields if field.name == name)
    with pytest.raises(InvalidField) as refused:
        field.read(typed)
    assert refused.value.name == name
    assert not typed or typed not in refused.value.hint


@pytest.mark.parametrize("typed", ["x" * 81, "a\x00b", "a\u202eb"])
def test_a_label_is_one_short_line(typed: str) -> None:
    label = next(field for field in FORMS["helcim"].fields if field.name == "label")
    with pytest.raises(InvalidField):
        label.read(typed)
    assert label.read("  Acme \n online ") == "Acme online"


@pytest.mark.parametrize("typed", ["xx", "us ", "US", "", "v3.recurly.com", "evil.example"])
@pytest.mark.parametrize("slug", ["recurly", "afterpay"])
def test_a_region_is_one_of_the_list(slug: str, typed: str) -> None:
    """Threat 15."""
    region = next(field for field in FORMS[slug].fields if field.name == "tenant")
    assert set(region.options) == set(FORMS[slug].hosts)
    with pytest.raises(InvalidField):
        region.read(typed)
