"""What is no data: how apps name their accounts, and what each does in a way of its own."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, AppProblem, AppRefused, InvalidField, MixedUp, NotEnabled
from chalicelib.providers import oauth2
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.settings import Client
from tests.providers.recorded import Recorded, accounts, back, call, granted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = int(NOW.timestamp()) + 3600
STORE = "7e973b58-40b7-4bd8-b01c-c7d1cbd194f6"


def exchanged(slug: str, *answers: Mapping[str, object], **params: str) -> tuple[Grant, Mapping[str, object], Recorded]:
    web = Recorded(*answers)
    asked = back(PROVIDERS[slug], web, **params)
    grant, answer = oauth2.exchange(asked, code="c", redirect_uri="https://us.example", verifier="v", now=NOW)
    return grant, answer, web


# Whose grant it is


BEARER = {"Authorization": "Bearer token"}
PLAIN = [
    ("square", {"merchant": {"id": "M1", "business_name": "Acme"}}, "M1", BEARER),
    ("ebay", {"userId": "u1", "username": "Acme"}, "u1", BEARER),
    ("squarespace_commerce", {"id": "s1", "title": "Acme"}, "s1", BEARER),
    ("mollie", {"id": "org_1", "name": "Acme"}, "org_1", BEARER),
    ("loyverse", {"id": "l1", "business_name": "Acme"}, "l1", BEARER),
    ("acuity", {"id": 7, "name": "Acme"}, "7", BEARER),
    ("adyen", {"id": "S2-1", "companyName": "Acme"}, "S2-1", BEARER),
    ("faire", {"brand_id": "b_1", "name": "Acme"}, "b_1", {"X-FAIRE-OAUTH-ACCESS-TOKEN": "token"}),
    (
        "klaviyo",
        {"data": [{"id": "K1", "attributes": {"contact_information": {"organization_name": "Acme"}}}]},
        "K1",
        {"revision": "2025-10-15", **BEARER},
    ),
    (
        "sumup",
        {"merchant_profile": {"merchant_code": "MC1", "doing_business_as": {}, "company_name": "Acme"}},
        "MC1",
        BEARER,
    ),
]


@pytest.mark.parametrize(("slug", "answer", "account_id", "headers"), PLAIN, ids=[plain[0] for plain in PLAIN])
def test_one_call_says_whose_it_is(
    slug: str, answer: dict[str, object], account_id: str, headers: dict[str, str]
) -> None:
    web = Recorded(answer)
    assert accounts(call(PROVIDERS[slug], web)) == (Account(id=account_id, name="Acme"),)
    (asked,) = web.asked
    sent = asked["headers"]
    assert isinstance(sent, dict)
    assert headers.items() <= sent.items()
    with pytest.raises(AppDown):
        accounts(call(PROVIDERS[slug], Recorded({"name": "Acme"})))


def test_faire_hears_our_credentials_with_every_token() -> None:
    web = Recorded({"brand_id": "b_1", "name": "Acme"})
    accounts(call(PROVIDERS["faire"], web))
    sent = web.asked[0]["headers"]
    assert isinstance(sent, dict)
    assert base64.b64decode(sent["X-FAIRE-APP-CREDENTIALS"]) == b"our-id:our-secret"


@pytest.mark.parametrize(
    ("slug", "first", "second"),
    [
        ("etsy", {"shop_id": 12}, {"shop_name": "Acme"}),
        ("gusto", {"resource": {"type": "Company", "uuid": "12"}}, {"name": "Acme"}),
        ("zettle", {"uuid": "person", "organizationUuid": "12"}, {"name": "Acme"}),
    ],
)
def test_two_calls_say_whose_it_is(slug: str, first: dict[str, object], second: dict[str, object]) -> None:
    web = Recorded(first, second)
    asked = call(PROVIDERS[slug], web)
    assert accounts(asked) == (Account(id="12", name="Acme"),)
    assert [seen["url"] for seen in web.asked] == [
        asked.url("identity_url"),
        asked.url("details_url", account_id="12"),
    ]


def test_zettle_may_keep_the_name_to_itself_and_gusto_may_not() -> None:
    refused = AppRefused("403")
    zettle = call(PROVIDERS["zettle"], Recorded({"organizationUuid": "12"}, refused))
    assert accounts(zettle) == (Account(id="12", name="12"),)
    with pytest.raises(AppRefused):
        accounts(call(PROVIDERS["gusto"], Recorded({"resource": {"uuid": "12"}}, refused)))


@pytest.mark.parametrize(
    ("slug", "token", "answer"),
    [
        ("gocardless", {"organisation_id": "OR1"}, {"creditors": [{"name": "Acme"}]}),
        ("ecwid", {"store_id": 1003}, {"settings": {"storeName": "Acme"}}),
    ],
)
def test_the_token_answer_says_whose_it_is(slug: str, token: dict[str, object], answer: dict[str, object]) -> None:
    (expected,) = (str(value) for value in token.values())
    assert accounts(call(PROVIDERS[slug], Recorded(answer)), token=token) == (Account(id=expected, name="Acme"),)
    with pytest.raises(AppDown):
        accounts(call(PROVIDERS[slug], Recorded(answer)))


# What only a browser brings


CALLBACKS = [
    ("clover", "merchant_id", "ABC123DEF4567", {"client_id": "our-id"}),
    ("quickbooks_online", "realmId", "9130347596842384906", {}),
    ("amazon_seller", "selling_partner_id", "A1B2C3D4E5", {}),
    ("walmart_marketplace", "sellerId", "10001", {"type": "auth", "clientId": "our-id"}),
    ("bigcommerce", "context", "stores/g5cd38", {"scope": "store_v2_orders_read_only"}),
]


def passes(slug: str, params: Mapping[str, str]) -> bool:
    asked = back(PROVIDERS[slug], None, **params)
    assert asked.provider.check_callback
    try:
        asked.provider.check_callback(asked, params)
    except MixedUp:
        return False
    return True


@pytest.mark.parametrize(("slug", "name", "value", "besides"), CALLBACKS, ids=[found[0] for found in CALLBACKS])
def test_an_id_from_a_browser_has_the_form_of_one(slug: str, name: str, value: str, besides: dict[str, str]) -> None:
    """Threat 15. It becomes part of an address or of a header."""
    assert passes(slug, {name: value, **besides})
    for wrong in ("", "../x", f"{value}/..", f"{value}\n", f"{value}?a=b", f"{value}#", "é", "x" * 500):
        assert not passes(slug, {name: wrong, **besides}), wrong
    assert not passes(slug, besides)


@pytest.mark.parametrize(("slug", "name"), [("clover", "client_id"), ("walmart_marketplace", "clientId")])
def test_a_callback_for_another_application_is_refused(slug: str, name: str) -> None:
    """Threat 3."""
    params = next({found[1]: found[2], **found[3]} for found in CALLBACKS if found[0] == slug)
    assert not passes(slug, {**params, name: "another"})


def test_walmart_says_what_kind_of_answer_it_is() -> None:
    assert not passes("walmart_marketplace", {"sellerId": "10001", "clientId": "our-id", "type": "other"})


def test_clover_must_name_the_merchant_again() -> None:
    clover = PROVIDERS["clover"]
    web = Recorded({"id": "ABC123DEF4567", "name": "Acme"})
    assert accounts(back(clover, web, merchant_id="ABC123DEF4567")) == (Account(id="ABC123DEF4567", name="Acme"),)
    assert web.asked[0]["url"] == "https://api.eu.clover.com/v3/merchants/ABC123DEF4567"
    with pytest.raises(AppRefused):
        accounts(back(clover, Recorded({"id": "OTHER", "name": "Acme"}), merchant_id="ABC123DEF4567"))


def test_quickbooks_must_open_the_company() -> None:
    quickbooks = PROVIDERS["quickbooks_online"]
    web = Recorded({"CompanyInfo": {"CompanyName": "Acme", "Id": "1"}})
    assert accounts(back(quickbooks, web, realmId="123456789")) == (Account(id="123456789", name="Acme"),)
    assert str(web.asked[0]["url"]).endswith("/v3/company/123456789/companyinfo/123456789")
    with pytest.raises(AppRefused):
        accounts(back(quickbooks, Recorded(AppRefused("403")), realmId="123456789"))
    empty: tuple[dict[str, object], ...] = ({}, {"CompanyInfo": {}})
    for nothing in empty:
        with pytest.raises(AppDown):
            accounts(back(quickbooks, Recorded(nothing), realmId="123456789"))


def test_clovers_ends_are_points_in_time() -> None:
    answer = {"access_token": "t", "access_token_expiration": LATER, "refresh_token": "r"}
    grant, _, web = exchanged("clover", {**answer, "refresh_token_expiration": LATER + 60})
    assert grant.expires_at == NOW + timedelta(hours=1)
    assert grant.refresh_expires_at == NOW + timedelta(hours=1, minutes=1)
    assert web.asked[0]["body"] == {"client_id": "our-id", "client_secret": "our-secret", "code": "c"}


def test_amazons_account_is_a_seller_in_a_region() -> None:
    web = Recorded({"payload": [{"marketplace": {"name": "Amazon.de"}}, {"storeName": "Acme"}]})
    (found,) = accounts(back(PROVIDERS["amazon_seller"], web, selling_partner_id="A1B2C3D4E5"))
    assert (found.id, found.name) == ("A1B2C3D4E5:eu", "Acme")
    assert found.extra == {"selling_partner_id": "A1B2C3D4E5", "region": "eu"}
    assert str(web.asked[0]["url"]).startswith("https://sellingpartnerapi-eu.amazon.com/")
    assert web.asked[0]["headers"] == {"x-amz-access-token": "token"}
    with pytest.raises(AppDown):
        accounts(back(PROVIDERS["amazon_seller"], Recorded({"payload": []}), selling_partner_id="A1B2C3D4E5"))


def test_walmart_hears_the_seller_at_the_token_endpoint_and_again_at_renewal() -> None:
    grant, _, web = exchanged("walmart_marketplace", {"access_token": "t", "expires_in": 900}, sellerId="10001")
    sent = web.asked[0]["headers"]
    assert isinstance(sent, dict)
    assert sent["WM_PARTNER.ID"] == "10001"
    assert grant.extra == {"seller_id": "10001"}
    row = PROVIDERS["walmart_marketplace"]
    assert row.token_headers
    later = replace(call(row), words=grant.extra)
    assert row.token_headers(later)["WM_PARTNER.ID"] == "10001"
    valid = Recorded({"is_valid": True})
    assert accounts(call(row, valid), grant) == (Account(id="10001", name="10001"),)
    with pytest.raises(AppRefused):
        accounts(call(row, Recorded({"is_valid": False})), grant)


def test_bigcommerce_says_the_context_back() -> None:
    params = {"context": "stores/g5cd38", "scope": "store_v2_orders_read_only"}
    grant, answer, web = exchanged("bigcommerce", {"access_token": "t", "context": "stores/g5cd38"}, **params)
    sent = web.asked[0]["body"]
    assert isinstance(sent, dict)
    assert params.items() <= sent.items()
    assert grant.extra == {"store_hash": "g5cd38"}
    web = Recorded({"name": "Acme"})
    assert accounts(back(PROVIDERS["bigcommerce"], web, **params), grant, answer) == (
        Account(id="g5cd38", name="Acme"),
    )
    assert web.asked[0]["url"] == "https://api.bigcommerce.com/stores/g5cd38/v2/store"
    assert web.asked[0]["headers"] == {"X-Auth-Token": "t"}
    with pytest.raises(MixedUp):
        accounts(back(PROVIDERS["bigcommerce"], web, **params), grant, {"context": "stores/other"})


@pytest.mark.parametrize("name", ["my_shopify_domain", "identifier", "domain"])
def test_recharge_must_answer_for_the_store_that_was_named(name: str) -> None:
    """Without state, anybody's callback would do."""
    recharge = PROVIDERS["recharge"]
    mine = {"store": {"id": 5, "name": "Acme", name: "Acme-Store.myshopify.com"}}
    assert accounts(call(recharge, Recorded(mine))) == (Account(id="5", name="Acme"),)
    for other in ("evil-store.myshopify.com", "acme-store.evil.example", ""):
        with pytest.raises(MixedUp):
            accounts(call(recharge, Recorded({"store": {"id": 5, "name": "Acme", name: other}})))


@pytest.mark.parametrize("typed", ["acme-store", "ACME-Store.myshopify.com", "https://acme-store.myshopify.com/admin"])
def test_every_way_to_name_a_store_at_recharge(typed: str) -> None:
    field = PROVIDERS["recharge"].tenant
    assert field
    assert field.read(typed) == "acme-store"


# Hosts that a callback names


@pytest.mark.parametrize("prefix", ["acme", "ACME-2", "a"])
def test_a_store_names_its_host(prefix: str) -> None:
    row = PROVIDERS["lightspeed_x"]
    assert row.tenant_of
    assert row.tenant_of({"domain_prefix": prefix}) == prefix.lower()


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "evil.example/",
        "evil.example#",
        "a.b",
        "a@b",
        "-a",
        "a-",
        "a/b",
        "a\n",
        "a:80",
        "é",
        "x" * 64,
        "[::1]",
        "a%2eb",
    ],
)
def test_no_other_host_gets_our_secret(prefix: str) -> None:
    """Threat 15."""
    row = PROVIDERS["lightspeed_x"]
    assert row.tenant_of
    with pytest.raises(MixedUp):
        row.tenant_of({"domain_prefix": prefix, "code": "c"})


def test_who_says_no_comes_back_from_no_store() -> None:
    row = PROVIDERS["lightspeed_x"]
    assert row.tenant_of
    assert row.tenant_of({"error": "access_denied"}) == ""


def test_an_x_series_store_is_the_one_whose_token_it_is() -> None:
    row = PROVIDERS["lightspeed_x"]
    answer = {"data": {"name": "Acme"}}
    assert accounts(call(row, Recorded(answer)), token={"domain_prefix": "acme"}) == (Account(id="acme", name="Acme"),)
    with pytest.raises(MixedUp):
        accounts(call(row, Recorded(answer)), token={"domain_prefix": "other"})


def test_an_issuer_moves_with_the_app() -> None:
    """Threat 3. Lightspeed's test system has the same paths at another host, to which an operator may point us."""
    row = PROVIDERS["lightspeed_k"]
    there = row.pointed_at({"authorize_url": row.endpoints.authorize_url.replace("lsk-prod", "lsk-demo")})
    oauth2.check_issuer(call(there), {"iss": "https://auth.lsk-demo.app/realms/k-series"})
    for wrong in ("https://auth.lsk-demo.app", "https://auth.lsk-demo.app/realms/other", "https://evil.example"):
        with pytest.raises(MixedUp):
            oauth2.check_issuer(call(there), {"iss": wrong})
    with pytest.raises(MixedUp):
        oauth2.check_issuer(call(row), {"iss": "https://auth.lsk-demo.app/realms/k-series"})


# Several accounts behind one grant


def test_k_series_offers_every_location() -> None:
    one = {"businessId": 1, "businessName": "Acme", "businessLocations": [{"blID": 11, "blName": "Mill"}, {"blID": 12}]}
    none = {"businessId": 2, "businessName": "Shut", "businessLocations": []}
    web = Recorded({"_embedded": {"businessList": [one, none]}})
    found = accounts(call(PROVIDERS["lightspeed_k"], web))
    assert [(account.id, account.name) for account in found] == [("1:11", "Acme – Mill"), ("1:12", "Acme")]
    assert found[0].extra == {"business_id": "1", "location_id": "11"}
    with pytest.raises(AppDown):
        accounts(call(PROVIDERS["lightspeed_k"], Recorded({"_embedded": {"businessList": [none]}})))


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ({"Account": {"accountID": "1", "name": "Acme"}}, ["1"]),
        ({"Account": [{"accountID": "1", "name": "Acme"}, {"accountID": "2"}]}, ["1", "2"]),
    ],
)
def test_r_series_lists_one_account_or_several(answer: dict[str, object], ids: list[str]) -> None:
    assert [found.id for found in accounts(call(PROVIDERS["lightspeed_r"], Recorded(answer)))] == ids
    with pytest.raises(AppDown):
        accounts(call(PROVIDERS["lightspeed_r"], Recorded({})))


def organisation(number: int, consent: str, kind: str = "ORGANISATION") -> dict[str, object]:
    named = {"tenantId": f"t{number}", "tenantName": f"Acme {number}", "tenantType": kind}
    return {"id": f"c{number}", "authEventId": consent, **named}


def xero_grant(**said: str) -> Grant:
    return Grant(secrets={"access_token": jwt.encode(said, "k" * 32) if said else "opaque"})


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ({"authentication_event_id": "now"}, ["t2"]),
        ({"authentication_event_id": "never"}, ["t1", "t2"]),
        ({"sub": "x"}, ["t1", "t2"]),
        ({}, ["t1", "t2"]),
    ],
)
def test_xero_tells_what_this_consent_added(said: dict[str, str], ids: list[str]) -> None:
    rows: list[object] = [organisation(1, "before"), organisation(2, "now"), organisation(3, "now", "PRACTICE")]
    found = accounts(call(PROVIDERS["xero"], Recorded(rows)), xero_grant(**said))
    assert [account.id for account in found] == ids
    assert found[-1].extra == {"tenant_id": "t2", "connection_id": "c2"}


def test_giving_one_organisation_back_leaves_the_others() -> None:
    row, web = PROVIDERS["xero"], Recorded({})
    assert row.revoke
    row.revoke(call(row, web), granted(), None)
    assert web.asked == []
    row.revoke(call(row, web), granted(connection_id="c2"), None)
    assert [(seen["method"], seen["url"]) for seen in web.asked] == [("DELETE", "https://api.xero.com/connections/c2")]


# TikTok Shop


def test_tiktoks_envelope() -> None:
    data = {"access_token": "t", "refresh_token": "r", "access_token_expire_in": LATER}
    data |= {"refresh_token_expire_in": LATER + 60, "granted_scopes": ["seller.order.info"]}
    grant, _, web = exchanged("tiktok_shop", {"code": 0, "message": "success", "data": data})
    assert (grant.expires_at, grant.scopes) == (NOW + timedelta(hours=1), ("seller.order.info",))
    assert grant.refresh_expires_at == NOW + timedelta(hours=1, minutes=1)
    parts = urlsplit(str(web.asked[0]["url"]))
    expected = {"app_key": "our-id", "app_secret": "our-secret", "auth_code": "c", "grant_type": "authorized_code"}
    assert (web.asked[0]["method"], dict(parse_qsl(parts.query))) == ("GET", expected)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"code": 36004004, "data": {"access_token": "t"}}, AppRefused),
        ({"data": {"access_token": "t"}}, AppDown),
        ({"code": False, "data": {"access_token": "t"}}, AppDown),
        ({"code": 0}, AppDown),
    ],
)
def test_tiktok_says_no_with_a_200(answer: dict[str, object], problem: type[Exception]) -> None:
    """What has no code at all is no answer of TikTok's."""
    with pytest.raises(problem):
        exchanged("tiktok_shop", answer)


def test_tiktoks_shops_are_asked_for_with_a_signature() -> None:
    shops = [{"id": "1", "name": "Acme", "cipher": "abc", "region": "US"}, {"id": "2", "cipher": "def"}]
    web = Recorded({"code": 0, "data": {"shops": shops}})
    with patch("chalicelib.keys.now", lambda: NOW):
        found = accounts(call(PROVIDERS["tiktok_shop"], web))
    assert [(account.id, account.extra["shop_cipher"]) for account in found] == [("1", "abc"), ("2", "def")]
    parts = urlsplit(str(web.asked[0]["url"]))
    told = f"our-secret/authorization/202309/shopsapp_keyour-idtimestamp{int(NOW.timestamp())}our-secret"
    signature = hmac.new(b"our-secret", told.encode(), hashlib.sha256).hexdigest()
    query = dict(parse_qsl(parts.query))
    assert query == {"app_key": "our-id", "timestamp": str(int(NOW.timestamp())), "sign": signature}
    assert "our-secret" not in str(web.asked[0])


# Mindbody


def id_token(**changed: object) -> str:
    said = {"iss": "https://signin.mindbodyonline.com", "aud": "our-id", "exp": LATER, "nonce": keys.nonce("the-state")}
    return jwt.encode({name: value for name, value in (said | changed).items() if value is not None}, "k" * 32)


def mindbody(token: object, *answers: Mapping[str, object] | Exception) -> tuple[Account, ...]:
    web = Recorded(*(answers or ({"Sites": [{"Id": -99, "Name": "Other"}, {"Id": 123456, "Name": "Acme"}]},)))
    with patch("chalicelib.keys.now", lambda: NOW):
        found = accounts(back(PROVIDERS["mindbody"], web, state="the-state"), token={"id_token": token})
    headers = {"API-Key": "our-api-key", "SiteId": "123456", "Authorization": "Bearer token"}
    assert [seen["headers"] for seen in web.asked] == [headers]
    return found


def test_mindbodys_site() -> None:
    assert mindbody(id_token()) == (Account(id="123456", name="Acme"),)
    assert mindbody(id_token(aud=["our-id", "other"], azp="our-id")) == (Account(id="123456", name="Acme"),)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["our-id", "another"]},
        {"aud": ["our-id", "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": int(NOW.timestamp())},
        {"exp": None},
        {"nonce": keys.nonce("another-state")},
        {"nonce": None},
        {"nonce": "é"},
    ],
)
def test_an_id_token_of_another_sign_in_is_refused(changed: dict[str, object]) -> None:
    """Threat 3. OpenID Connect Core §3.1.3.7."""
    with pytest.raises(MixedUp):
        mindbody(id_token(**changed))


@pytest.mark.parametrize("token", [None, "", "a.b.c", 5])
def test_without_an_id_token_there_is_no_sign_in(token: object) -> None:
    with pytest.raises(AppDown):
        mindbody(token)


def test_a_site_that_has_not_activated_us() -> None:
    for answer in (AppRefused("403"), {"Sites": [{"Id": -99, "Name": "Other"}]}):
        with pytest.raises(NotEnabled):
            mindbody(id_token(), answer)


@pytest.mark.parametrize("typed", ["abc", "1 2", "--1", "1" * 11, "١٢٣", "1\n2"])
def test_a_site_id_is_a_number(typed: str) -> None:
    field = PROVIDERS["mindbody"].tenant
    assert field
    with pytest.raises(InvalidField):
        field.read(typed)
    assert (field.read(" 123456 "), field.read("-99")) == ("123456", "-99")


# Uber Eats


def test_of_ubers_merchant_nothing_is_kept() -> None:
    """Threat 44. Their token can set up stores; what is kept is the app's own, for one store."""
    row = PROVIDERS["uber_eats"]
    (found,) = accounts(call(row, Recorded({"stores": [{"store_id": STORE, "name": "Acme"}]})))
    assert (found.id, found.name, found.extra) == (STORE, "Acme", {"store_id": STORE})
    web = Recorded({"access_token": "app-token", "refresh_token": "no", "expires_in": 60}, {"store_id": STORE})
    assert row.settle
    with patch("chalicelib.keys.now", lambda: NOW):
        kept = row.settle(call(row, web), granted(store_id=STORE), found)
    assert kept.secrets == {"access_token": "app-token"}
    assert (kept.extra, kept.expires_at) == ({"store_id": STORE}, NOW + timedelta(seconds=60))
    assert kept.scopes == ("eats.store", "eats.report")
    minted, asked = web.asked
    sent = minted["form"]
    assert isinstance(sent, dict)
    assert (sent["grant_type"], sent["scope"]) == ("client_credentials", "eats.store eats.report")
    assert asked["headers"] == {"Authorization": "Bearer app-token"}
    assert str(asked["url"]).endswith(f"/stores/{STORE}")


def test_a_store_that_does_not_let_the_app_in() -> None:
    row = PROVIDERS["uber_eats"]
    assert row.settle
    web = Recorded({"access_token": "app-token"}, AppRefused("404"))
    with pytest.raises(NotEnabled):
        row.settle(call(row, web), granted(), Account(id=STORE, name="Acme"))
    for problem in (AppDown("503"), AppRefused("400")):
        with pytest.raises(AppProblem) as found:
            row.settle(call(row, Recorded(problem)), granted(), Account(id=STORE, name="Acme"))
        assert found.value is problem


# Giving back


BASIC = ("our-id", "our-secret")
GIVEN_BACK = [
    ("mollie", "DELETE", {"form": {"token": "again", "token_type_hint": "refresh_token"}, "auth": BASIC}),
    ("klaviyo", "POST", {"form": {"token": "again", "token_type_hint": "refresh_token"}, "auth": BASIC}),
    ("quickbooks_online", "POST", {"body": {"token": "again"}, "auth": BASIC}),
    ("zettle", "DELETE", {"headers": {"Authorization": "Bearer token"}}),
    (
        "acuity",
        "POST",
        {"form": {"client_id": "our-id", "client_secret": "our-secret", "access_token": "token"}},
    ),
    (
        "faire",
        "POST",
        {
            "body": {
                "application_token": "our-id",
                "application_secret": "our-secret",
                "access_token_o_auth": "token",
            }
        },
    ),
]


@pytest.mark.parametrize(("slug", "method", "sent"), GIVEN_BACK, ids=[given[0] for given in GIVEN_BACK])
def test_giving_back(slug: str, method: str, sent: dict[str, object]) -> None:
    """Threat 43."""
    row, web = PROVIDERS[slug], Recorded({})
    assert row.revoke
    row.revoke(call(row, web), granted(), None)
    (asked,) = web.asked
    told = {name: value for name, value in asked.items() if value is not None}
    assert told == {"method": method, "url": row.endpoints.revoke_url, **sent}


# Visits that begin at the app


def told(slug: str, /, **params: str) -> Mapping[str, str] | None:
    """What an arrival tells; ``None``: it is refused."""
    row = PROVIDERS[slug]
    assert row.arrive
    try:
        with patch("chalicelib.keys.now", lambda: NOW):
            return row.arrive(call(row), params)
    except MixedUp:
        return None


def from_shopify(secret: str = "our-secret", **changed: str) -> dict[str, str]:
    params = {"shop": "acme-store.myshopify.com", "timestamp": str(int(NOW.timestamp())), "host": "YQ"} | changed
    message = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"hmac": hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()}


@pytest.mark.parametrize("slug", ["shopify", "shopify_pos"])
def test_a_shops_visit_is_signed(slug: str) -> None:
    """Threat 15. The shop that it names is where our secret would go."""
    assert told(slug, **from_shopify()) == {"tenant": "acme-store.myshopify.com"}
    assert told(slug, **from_shopify("another")) is None
    assert told(slug, **from_shopify(shop="evil.example")) is None
    assert told(slug, **from_shopify(timestamp="1337178173")) is None
    assert told(slug, **{**from_shopify(), "shop": "evil-store.myshopify.com"}) is None
    assert told(slug, shop="acme-store.myshopify.com") is None


def test_without_a_secret_nothing_is_signed() -> None:
    row = PROVIDERS["shopify"]
    assert row.arrive
    with patch("chalicelib.keys.now", lambda: NOW), pytest.raises(MixedUp):
        row.arrive(call(row, client=Client(client_id="our-id")), from_shopify(""))


@pytest.mark.parametrize(
    "host", ["sellercentral.amazon.com", "sellercentral.amazon.de", "sellercentral-japan.amazon.com"]
)
def test_amazons_visit_goes_on_to_a_seller_central(host: str) -> None:
    there = f"https://{host}/apps/authorize/confirm/amzn1.sp.solution.1"
    assert told("amazon_seller", amazon_callback_uri=there, amazon_state="s") == {}


@pytest.mark.parametrize(
    "there",
    [
        "",
        "http://sellercentral.amazon.com/apps",
        "https://sellercentral.amazon.com.evil.example/apps",
        "https://sellercentral.amazon.evil.com/apps",
        "https://foo.amazon.com/apps",
        "https://sellercentral.amazon.com@evil.example/",
        "https://sellercentral.amazon.com:8443/",
        "https://sellercentral.amazon.com\\@evil.example/",
        "https://evil.example/sellercentral.amazon.com",
        "//sellercentral.amazon.com/apps",
        "https://[::1/",
        "javascript:alert(1)",
    ],
)
def test_amazons_visit_goes_on_to_nowhere_else(there: str) -> None:
    """Threat 15."""
    assert told("amazon_seller", amazon_callback_uri=there, amazon_state="s") is None


@pytest.mark.parametrize("slug", ["quickbooks_online", "squarespace_commerce", "walmart_marketplace", "clover"])
def test_visits_that_tell_nothing(slug: str) -> None:
    assert told(slug, merchant_id="M1", website_id="w1", code="c") == {}


def test_a_visit_for_another_application_is_refused() -> None:
    assert told("clover", merchant_id="M1", client_id="our-id") == {}
    assert told("clover", merchant_id="M1", client_id="another") is None
    assert told("walmart_marketplace", clientId="another") is None


def test_visits_that_bring_a_code() -> None:
    brought = {"code": "c", "context": "stores/g5cd38", "scope": "store_v2_orders_read_only"}
    assert told("bigcommerce", **brought, account_uuid="u") == brought
    assert told("bigcommerce", **{**brought, "context": "stores/../x"}) is None
    assert told("bigcommerce", context="stores/g5cd38") is None
    assert told("ecwid", code="c", store_id="1003", lang="en") == {"code": "c", "store_id": "1003"}
    assert told("ecwid", code="c") == {"code": "c"}
    assert told("ecwid", store_id="1003") is None
