"""The rows of the catalogue, each held to what every row must be, and the few functions that are no data."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import keys
from chalicelib.domain import Account
from chalicelib.errors import AppDown, AppRefused, AttemptProblem, InvalidField
from chalicelib.providers import answers, oauth2, shopify
from chalicelib.providers.base import Call, Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Mechanism
from chalicelib.providers.reading import account, at
from chalicelib.settings import Client
from tests.providers.recorded import Recorded, accounts, call

ROWS = list(PROVIDERS.values())
OAUTH2 = [row for row in ROWS if row.mechanism is Mechanism.OAUTH2 and not row.part_of]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REDIRECT = "https://connect.example.com/callback/app"
SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com")

# Redirect URIs that apps have registered end in these. They can never change.
SLUGS = {
    *("shopify", "squarespace_commerce", "bigcommerce", "ecwid", "recharge", "woocommerce", "adobe_commerce", "wix"),
    *("square", "clover", "lightspeed_r", "lightspeed_x", "lightspeed_k", "zettle", "shopify_pos", "loyverse", "mindbody"),
    *("toast", "spoton", "revel", "touchbistro"),
    *("stripe", "sumup", "gocardless", "mollie", "adyen", "chargebee", "paypal", "braintree", "recurly", "helcim"),
    *("affirm", "afterpay"),
    *("amazon_seller", "ebay", "etsy", "walmart_marketplace", "tiktok_shop", "faire", "uber_eats", "doordash"),
    *("quickbooks_online", "xero", "gusto", "klaviyo", "acuity", "shipstation"),
}  # fmt: skip

# What each app's own documentation says of its token endpoint, written down once more.
TALK = {
    "square": (ClientAuth.POST, "json", False, " "),
    "ebay": (ClientAuth.BASIC, "form", False, " "),
    "stripe": (ClientAuth.SECRET_AS_BEARER, "form", False, " "),
    "squarespace_commerce": (ClientAuth.BASIC, "form", False, ","),
    "shopify": (ClientAuth.POST, "form", False, ","),
    "etsy": (ClientAuth.NONE, "form", True, " "),
    "bigcommerce": (ClientAuth.POST, "json", False, " "),
    "ecwid": (ClientAuth.POST, "form", False, " "),
    "recharge": (ClientAuth.NONE, "form", False, " "),
    "clover": (ClientAuth.POST, "json", False, " "),
    "lightspeed_r": (ClientAuth.POST, "form", False, " "),
    "lightspeed_x": (ClientAuth.POST, "form", False, " "),
    "lightspeed_k": (ClientAuth.BASIC, "form", False, " "),
    "zettle": (ClientAuth.POST, "form", True, " "),
    "loyverse": (ClientAuth.POST, "form", False, " "),
    "mindbody": (ClientAuth.POST, "form", False, " "),
    "sumup": (ClientAuth.BASIC, "form", False, " "),
    "gocardless": (ClientAuth.POST, "form", False, " "),
    "mollie": (ClientAuth.BASIC, "form", False, " "),
    "adyen": (ClientAuth.BASIC, "form", True, " "),
    "amazon_seller": (ClientAuth.POST, "form", False, " "),
    "walmart_marketplace": (ClientAuth.BASIC, "form", False, " "),
    "tiktok_shop": (ClientAuth.POST, "query", False, " "),
    "faire": (ClientAuth.POST, "json", False, "&"),
    "uber_eats": (ClientAuth.POST, "form", False, " "),
    "quickbooks_online": (ClientAuth.BASIC, "form", False, " "),
    "xero": (ClientAuth.BASIC, "form", True, " "),
    "gusto": (ClientAuth.POST, "form", False, " "),
    "klaviyo": (ClientAuth.BASIC, "form", True, " "),
    "acuity": (ClientAuth.POST, "form", False, " "),
}

# Apps whose scopes are those of our registration: none are sent.
REGISTERED = {"bigcommerce", "recharge", "clover", "amazon_seller", "walmart_marketplace", "tiktok_shop", "gusto"}

# An authorize address with parameters of the app's own choosing, and the standard's that it does without.
NAMED = {
    "amazon_seller": {"client_id": "application_id", "response_type": ""},
    "walmart_marketplace": {"response_type": "responseType", "client_id": "clientId", "redirect_uri": "redirectUri"},
    "tiktok_shop": {"client_id": "service_id", "redirect_uri": "", "response_type": ""},
    "faire": {"client_id": "applicationId", "redirect_uri": "redirectUrl", "response_type": ""},
    "lightspeed_r": {"redirect_uri": ""},
    "bigcommerce": {"response_type": "", "client_id": "", "redirect_uri": "", "state": ""},
    "recharge": {"response_type": "", "client_id": "", "redirect_uri": "", "state": ""},
}
TOKEN_NAMED = {
    "tiktok_shop": {"code": "auth_code", "redirect_uri": ""},
    "faire": {"code": "authorization_code", "redirect_uri": "redirect_url"},
    "clover": {"grant_type": "", "redirect_uri": ""},
    "lightspeed_r": {"redirect_uri": ""},
}
GRANT_TYPES = {"tiktok_shop": "authorized_code", "faire": "AUTHORIZATION_CODE"}

# Scopes that can do more than read, where the app has none that only read; the owner is warned.
MORE_THAN_READ = {"mindbody", "quickbooks_online", "acuity", "uber_eats"}


def addresses(row: Provider) -> dict[str, str]:
    found = {field.name: getattr(row.endpoints, field.name) for field in fields(Endpoints)}
    return {name: address for name, address in found.items() if address}


# Rows


def test_the_catalogue() -> None:
    assert set(PROVIDERS) == SLUGS
    assert all(slug == row.slug for slug, row in PROVIDERS.items())
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_shelves_stand_together() -> None:
    """Pages group neighbours: a category must not come twice."""
    shelves = [row.category for row in ROWS]
    assert shelves == sorted(shelves, key=list(Category).index)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_every_row(row: Provider) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,40}", row.slug)
    assert row.name == row.name.strip() != ""
    assert row.owner.role.endswith(".")
    assert row.owner.disconnect.endswith(".")
    assert row.owner.reads
    assert all(line and not line.endswith(".") for line in row.owner.reads)
    assert all(line.endswith((".", "?")) for line in (row.owner.lasts, *row.steps))
    assert row.owner.warning == "" or row.owner.warning.endswith(".")
    assert urlsplit(row.owner.help_url).scheme == "https"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_whoever_must_be_let_in_first_is_told_how(row: Provider) -> None:
    assert row.ask_owner or row.waits


@pytest.mark.parametrize("row", [row for row in ROWS if row.part_of], ids=lambda row: row.slug)
def test_a_part_of_another_app_has_no_flow_of_its_own(row: Provider) -> None:
    assert PROVIDERS[row.part_of].part_of == ""
    assert row.endpoints == Endpoints()
    assert row.identify is None
    assert row.tenant is PROVIDERS[row.part_of].tenant, "its page asks what the other's start needs"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_every_address_is_https_at_a_host_of_the_row(row: Provider) -> None:
    """Threat 15. What a person types fills a host only where its reader closes the pattern."""
    for name, template in addresses(row).items():
        parts = urlsplit(call(row).url(name, account_id="1"))
        assert (parts.scheme, parts.username, parts.port, parts.query, parts.fragment) == ("https", None, None, "", "")
        assert parts.hostname
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.hostname), name
        assert "{account_id}" not in urlsplit(template).netloc


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_whoever_names_a_host_is_read_strictly(row: Provider) -> None:
    """Threat 15. Each word of a host comes from a closed list, a field with a reader, or the callback's reader."""
    words = {word for template in addresses(row).values() for word in re.findall(r"{(\w+)}", urlsplit(template).netloc)}
    listed = {word for named in row.hosts.values() for word in named}
    typed = {field.name for field in row.fields if not field.secret}
    named = {"tenant"} if row.tenant or row.tenant_of else set()
    assert words <= listed | typed | named
    assert all(re.fullmatch(r"[a-z0-9.-]+", host) for hosts in row.hosts.values() for host in hosts.values())
    choice = row.tenant or next((field for field in row.fields if field.name == "tenant"), None)
    assert not row.hosts or (choice is not None and set(choice.options) == set(row.hosts))


@pytest.mark.parametrize("row", [row for row in OAUTH2 if row.tenant], ids=lambda row: row.slug)
def test_hostile_tenants_are_refused(row: Provider) -> None:
    """Threat 15."""
    assert row.tenant
    for typed in ("evil.example", "x/../y", "u@evil.example", "x#", "x?y", "x:80", "[::1]", "", "é", "x\r\nHost: y"):
        with pytest.raises(InvalidField) as refused:
            row.tenant.read(typed)
        assert refused.value.hint
        assert "evil" not in refused.value.hint


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_every_oauth_row(row: Provider) -> None:
    auth, encoding, pkce, separator = TALK[row.slug]
    assert (row.client_auth, row.token_encoding.value, row.pkce, row.scope_separator) == (
        auth,
        encoding,
        pkce,
        separator,
    )
    assert row.endpoints.authorize_url
    assert row.endpoints.token_url
    assert row.fields == ()


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_scopes_only_read(row: Provider) -> None:
    """Threat 44. We never move money and never change anything. (eBay's finances has no read-only twin.)"""
    assert (row.slug in REGISTERED) is not bool(row.scopes)
    assert len(set(row.scopes)) == len(row.scopes)
    writing = re.compile(r"write|manage|_w$|\.all$|delete|read_write|provisioning", re.IGNORECASE)
    assert row.slug in MORE_THAN_READ or not [scope for scope in row.scopes if writing.search(scope)]
    assert row.owner.warning or row.slug not in MORE_THAN_READ


@pytest.mark.parametrize("row", [row for row in ROWS if row.fields], ids=lambda row: row.slug)
def test_every_key_form(row: Provider) -> None:
    """Threat 42. A secret, which is in no address: those are logged, elsewhere if not here."""
    assert row.mechanism is Mechanism.KEY_FORM
    assert row.tenant is None
    secrets = {field.name for field in row.fields if field.secret}
    assert secrets
    assert not [name for name in secrets if f"{{{name}}}" in "".join(addresses(row).values())]
    assert all(field.label and field.help for field in row.fields)


# Where the owner is sent


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_the_authorize_address(row: Provider) -> None:
    """Threats 4, 5. Our redirect address, byte for byte; S256 where the app knows PKCE, never ``plain``."""
    address = oauth2.authorize_url(call(row), redirect_uri=REDIRECT, state="the-state", verifier="v" * 43)
    query = parse_qs(urlsplit(address).query)
    names = NAMED.get(row.slug, {})
    standard = {
        "response_type": row.authorize_params.get("response_type", "code"),
        "client_id": "our-id",
        "redirect_uri": REDIRECT,
        "state": "the-state",
    }
    expected = {names.get(name, name): [value] for name, value in standard.items()}
    assert {name: query.get(name) for name in expected if name} == {n: v for n, v in expected.items() if n}
    assert not {name for name, called in names.items() if called == ""} & set(query)
    joined = list(row.scopes) if row.scope_separator == "&" else [row.scope_separator.join(row.scopes)]
    assert query.get("scope", [""]) == joined
    assert query.get("nonce", []) == ([keys.nonce("the-state")] if row.nonce else [])
    assert query.get("code_challenge_method", []) == (["S256"] if row.pkce else [])
    assert query.get("code_challenge", []) == ([keys.code_challenge("v" * 43)] if row.pkce else [])
    assert "v" * 43 not in address
    assert "our-secret" not in address


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_the_redirect_address_is_the_same_at_the_token_endpoint(row: Provider) -> None:
    """Threat 5."""
    web = enveloped(row)
    oauth2.exchange(call(row, web), code="c", redirect_uri=REDIRECT, verifier="v", now=NOW)
    sent, names = sent_to_token(web), TOKEN_NAMED.get(row.slug, {})
    expected = {
        "grant_type": GRANT_TYPES.get(row.slug, "authorization_code"),
        "code": "c",
        "redirect_uri": REDIRECT,
    }
    for name, value in expected.items():
        assert sent.get(names.get(name, name)) == (value if names.get(name, name) else None)
    assert sent.get("code_verifier") == ("v" if row.pkce else None)


def enveloped(row: Provider) -> Recorded:
    """An app that gives a token in its own way."""
    return Recorded({"code": 0, "data": {"access_token": "token"}}) if row.slug == "tiktok_shop" else Recorded()


def sent_to_token(web: Recorded) -> Mapping[str, object]:
    """What a token request said, wherever it said it."""
    (asked,) = web.asked
    query = {name: value for name, (value,) in parse_qs(urlsplit(str(asked["url"])).query).items()}
    sent = asked.get("form") or asked.get("body") or query
    assert isinstance(sent, dict)
    return sent


def test_ebay_wants_its_alias_in_both_places() -> None:
    """Threat 5. The RuName stands for the address, in the authorize call and in the token call."""
    web = Recorded()
    ebay = call(PROVIDERS["ebay"], web, Client(client_id="id", client_secret="s", redirect_alias="Our-RuName"))
    address = oauth2.authorize_url(ebay, redirect_uri=REDIRECT, state="s", verifier="")
    oauth2.exchange(ebay, code="c", redirect_uri=REDIRECT, verifier="", now=NOW)
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == ["Our-RuName"]
    assert web.asked[0]["form"]["redirect_uri"] == "Our-RuName"  # type: ignore[index]


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_the_secret_goes_where_the_app_wants_it_and_nowhere_else(row: Provider) -> None:
    web = enveloped(row)
    oauth2.exchange(call(row, web), code="c", redirect_uri=REDIRECT, verifier="v", now=NOW)
    (asked,) = web.asked
    places = {name for name in ("headers", "form", "body", "auth", "url") if "our-secret" in repr(asked.get(name))}
    expected = {
        ClientAuth.BASIC: {"auth"},
        ClientAuth.SECRET_AS_BEARER: {"headers"},
        ClientAuth.NONE: set(),
        ClientAuth.POST: {row.token_encoding.value.replace("json", "body").replace("query", "url")},
    }
    assert places == expected[row.client_auth]


@pytest.mark.parametrize("row", OAUTH2, ids=lambda row: row.slug)
def test_an_issuer_must_be_the_apps_own(row: Provider) -> None:
    """Threat 3. RFC 9207: the answer of another app is refused."""
    own = row.issuer or oauth2._origin(call(row).url("authorize_url"))
    oauth2.check_issuer(call(row), {"iss": own})
    oauth2.check_issuer(call(row), {})
    for wrong in ("https://evil.example", f"{own}/", f"{own}.evil.example", "", own.upper()):
        with pytest.raises(AttemptProblem):
            oauth2.check_issuer(call(row), {"iss": wrong})


# Answers


def grant_of(**answer: object) -> object:
    web = Recorded({"access_token": "token", **answer})
    grant, _ = oauth2.exchange(call(PROVIDERS["ebay"], web), code="c", redirect_uri=REDIRECT, verifier="", now=NOW)
    return grant.expires_at


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3600), ("3600", 3600), (0.5, 0.5), (1e30, 315_360_000), ("1e30", 315_360_000)],
)
def test_lifetimes_are_believed_within_reason(expires_in: object, seconds: float) -> None:
    """Threat 32. Numbers, numbers as text, and numbers beyond reason, which are capped at ten years."""
    assert grant_of(expires_in=expires_in) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "nonsense", ["soon", -5, "-5", 0, "", None, True, False, [], {}, "nan", "inf", "-inf", 10**400, "9" * 5000]
)
def test_nonsense_counts_as_unsaid(nonsense: object) -> None:
    """Threat 32. No crash, and no date that is none."""
    assert grant_of(expires_in=nonsense) is None


def test_a_row_may_know_better_than_silence() -> None:
    """Threat 32. Squarespace's tokens last thirty minutes, said or not."""
    web = Recorded({"access_token": "token", "expires_in": "soon"})
    squarespace = call(PROVIDERS["squarespace_commerce"], web)
    grant, _ = oauth2.exchange(squarespace, code="c", redirect_uri=REDIRECT, verifier="", now=NOW)
    assert grant.expires_at == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        ("2026-12-22T12:00:00Z", datetime(2026, 12, 22, 12, tzinfo=UTC)),
        ("2026-12-22T14:00:00+02:00", datetime(2026, 12, 22, 12, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", NOW + answers.LONGEST),
        ("2026-12-22T12:00:00", None),
        ("2026-12-22", None),
        ("soon", None),
        ("", None),
        (1795953600, datetime(2026, 11, 29, 12, tzinfo=UTC)),
        (1764590400, NOW),
        (3600, None),
        (None, None),
        (True, None),
    ],
)
def test_ends_given_as_a_time(expires_at: object, expected: datetime | None) -> None:
    """Threat 32. Square's way, and an epoch. A time without a zone is no time; nothing ends before now."""
    assert grant_of(expires_at=expires_at) == expected


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3))
@example(10**5000)
def test_no_lifetime_crashes(expires_in: object) -> None:
    """Threat 32."""
    try:
        found = grant_of(expires_in=expires_in, expires_at=expires_in)
    except AppDown:
        return
    assert found is None or (isinstance(found, datetime) and found <= NOW + answers.LONGEST)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": 5},
        {"access_token": ["x"]},
        {"access_token": "x", "token_type": "mac"},
        {"access_token": "x", "token_type": "DPoP"},
        {"access_token": "x", "token_type": "N_A"},
    ],
)
def test_an_answer_without_a_bearer_token_is_none(answer: dict[str, object]) -> None:
    """Threat 36."""
    with pytest.raises(AppDown):
        oauth2.exchange(call(PROVIDERS["ebay"], Recorded(answer)), code="c", redirect_uri="", verifier="", now=NOW)


def test_an_error_in_disguise_is_a_refusal() -> None:
    """Threat 36. 200 with ``error``, token or not."""
    web = Recorded({"access_token": "x", "error": "invalid_grant"})
    with pytest.raises(AppRefused):
        oauth2.exchange(call(PROVIDERS["ebay"], web), code="c", redirect_uri="", verifier="", now=NOW)


def test_ebay_names_the_token_type_in_its_own_words() -> None:
    web = Recorded({"access_token": "x", "token_type": "User Access Token"})
    grant, _ = oauth2.exchange(call(PROVIDERS["ebay"], web), code="c", redirect_uri="", verifier="", now=NOW)
    assert grant.secrets == {"access_token": "x"}


@pytest.mark.parametrize("found", ["", None, True, False, 1.5, [], {}, {"id": ""}])
def test_what_is_no_identity(found: object) -> None:
    """Threat 36."""
    with pytest.raises(AppDown):
        at({"merchant": {"id": found}}, "merchant.id")


@pytest.mark.parametrize("account_id", ["", "a b", "a\nb", "é", "x" * 201, "a\x00"])
def test_what_is_no_account_id(account_id: str) -> None:
    with pytest.raises(AppDown):
        account(account_id, "Acme")


@given(st.text(max_size=300))
def test_an_accounts_name_is_one_short_line(name: str) -> None:
    """Threats 17, 18. It stands in subjects of letters; the app's owner chose it."""
    shown = account("id-1", name).name
    assert shown
    assert len(shown) <= 120
    assert shown.isprintable()


# Shopify: the host that a stranger types


HOSTILE = [
    *("x.myshopify.com\n", "\nx.myshopify.com", "x.myshopify.com\r\nHost: evil", "x.myshopify.com\x00", "x\n", "\tx"),
    *("x.myshopify.com.evil", "x.myshopify.com.evil.example", "evil.example/x.myshopify.com", "x.myshopify.com@evil"),
    *("x.myshopify.com@evil.example", "evil.example#.myshopify.com", "evil.example?.myshopify.com", "u:p@x.myshopify.com"),
    *("evil.example\\.myshopify.com", "x.myshopify.com:8080", "x.myshopify.com/../y", "x..myshopify.com", ".myshopify.com"),
    *("127.0.0.1", "169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[::1]", "0x7f000001.nip.io"),
    *("localhost.", "http://x.myshopify.com", "https://https://x.myshopify.com", "ftp://x.myshopify.com", "//x.myshopify.com"),
    *("-x.myshopify.com", "x_y.myshopify.com", "x.y.myshopify.com", "x%2emyshopify.com", "x.myshopify.com%00", "xmyshopify.com."),
    *("é.myshopify.com", "ⅹ.myshopify.com．evil.example", "x。myshopify。com", "x.myshopify.com\u2028", "x" * 61, ""),
    *("admin.shopify.com/store/", "admin.shopify.com/store/../x", "admin.shopify.com.evil/store/x", "admin.shopify.com/store/x\n"),
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_shops_are_refused(typed: str) -> None:
    """Threat 15."""
    with pytest.raises(InvalidField):
        shopify.shop_host(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "acme-store.myshopify.com",
        " Acme-Store.MyShopify.com ",
        "https://acme-store.myshopify.com",
        "https://acme-store.myshopify.com/",
        "https://acme-store.myshopify.com/admin",
        "https://admin.shopify.com/store/acme-store",
        "https://admin.shopify.com/store/acme-store/orders?x=1",
        "acme-store",
    ],
)
def test_every_way_to_name_a_shop(typed: str) -> None:
    assert shopify.shop_host(typed) == "acme-store.myshopify.com"


WRAPPED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "https://", "http://", "//", "admin.shopify.com/store/", "evil.example/", "u@"]),
    st.text("ab-.09_@:/#?%\\\n\r\t \x00éK", max_size=12),
    st.sampled_from(["", ".myshopify.com", ".myshopify.com/", "/admin", ".myshopify.com.evil", ".myshopify.com\n"]),
)


@given(WRAPPED | st.text(max_size=20))
def test_whatever_is_accepted_is_a_shop(typed: str) -> None:
    """Threat 15. As a property: it fullmatches, and every address built from it leads to Shopify."""
    try:
        host = shopify.shop_host(typed)
    except InvalidField:
        return
    assert SHOP.fullmatch(host)
    for template in addresses(PROVIDERS["shopify"]).values():
        parts = urlsplit(template.format(tenant=host))
        assert parts.hostname == parts.netloc == host
        assert parts.hostname.endswith(".myshopify.com")


# Chargebee: the site, and the key


def read(name: str, typed: str) -> str:
    field = next(field for field in PROVIDERS["chargebee"].fields if field.name == name)
    return field.read(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("acme.evil.example", "acme.chargebee.com.evil", "acme/../x", "acme@evil", "acme:80", "acme#", "acme?", "127.0.0.1"),
        *("-acme", "acme-", "a" * 64, "", "acme\nx", "acme\x00", "é", "http://acme.chargebee.com", "[::1]", "a_b", "a.b"),
    ],
)  # fmt: skip
def test_hostile_sites_are_refused(typed: str) -> None:
    """Threat 15."""
    with pytest.raises(InvalidField):
        read("site", typed)


@pytest.mark.parametrize("typed", ["acme", " ACME ", "https://acme.chargebee.com/", "acme.chargebee.com"])
def test_every_way_to_name_a_site(typed: str) -> None:
    assert read("site", typed) == "acme"


@given(st.text("ab-.09_@:/#?%\\\n\r\t \x00éK", max_size=12) | st.text(max_size=20))
def test_whatever_site_is_accepted_is_chargebees(typed: str) -> None:
    """Threat 15."""
    try:
        site = read("site", typed)
    except InvalidField:
        return
    parts = urlsplit(PROVIDERS["chargebee"].endpoints.identity_url.format(site=site))
    assert parts.hostname == parts.netloc == f"{site}.chargebee.com"


@pytest.mark.parametrize(
    "typed", ["short", "with space in it", "k" * 201, "line\nbreak-line", "k" * 12 + "\x00", "schlüssel-12"]
)
def test_a_key_is_a_key(typed: str) -> None:
    """Threat 42. Refused without being repeated."""
    with pytest.raises(InvalidField) as refusal:
        read("api_key", typed)
    assert typed not in refusal.value.hint


# Shopify: the signed callback


def signed(**changed: str) -> dict[str, str]:
    """A callback as Shopify would send it: HMAC-SHA-256, hex, over the sorted parameters (shopify.dev, OAuth)."""
    params = {
        "code": "0907a61c",
        "shop": "acme-store.myshopify.com",
        "state": "s",
        "timestamp": str(int(NOW.timestamp())),
    }
    params |= changed
    message = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"hmac": hmac.new(b"our-secret", message.encode(), hashlib.sha256).hexdigest()}


def verdict(params: Mapping[str, str]) -> bool:
    with patch("chalicelib.keys.now", lambda: NOW):
        try:
            shopify.check_callback(call(PROVIDERS["shopify"]), params)
        except AttemptProblem:
            return False
    return True


def test_a_signed_callback_is_taken() -> None:
    assert verdict(signed())
    assert verdict(signed(host="YWRtaW4uc2hvcGlmeS5jb20"))


def test_shopifys_own_example() -> None:
    """The example of Shopify's documentation: secret ``hush``, the signature as printed there."""
    params = {
        "code": "0907a61c0c8d55e99db179b68161bc00",
        "shop": "some-shop.myshopify.com",
        "timestamp": "1337178173",
        "hmac": "4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20",
    }
    row = Call(
        provider=PROVIDERS["shopify"], client=Client(client_id="x", client_secret="hush"), web=Recorded(),
        words={"tenant": "some-shop.myshopify.com"},
    )  # fmt: skip
    with patch("chalicelib.keys.now", lambda: datetime.fromtimestamp(1337178200, UTC)):
        shopify.check_callback(row, params)


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp", "hmac"])
def test_a_changed_callback_is_refused(name: str) -> None:
    """Threats 3, 15."""
    params = signed()
    assert not verdict(params | {name: params[name][:-1] + ("0" if params[name][-1] != "0" else "1")})
    assert not verdict({key: value for key, value in params.items() if key != name})
    assert not verdict(params | {"extra": "1"})


def test_another_shops_callback_is_refused() -> None:
    """Threat 15. Signed, but not by the shop that was asked."""
    assert not verdict(signed(shop="evil-store.myshopify.com"))


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "١٢٣", "9" * 5000, str(int(NOW.timestamp()) - 86_401)])
def test_an_old_or_odd_time_is_refused(timestamp: str) -> None:
    assert not verdict(signed(timestamp=timestamp))


def test_parameters_cannot_be_shifted_into_each_other() -> None:
    """Ampersands and percent signs in values are escaped before signing."""
    params = signed()
    joined = {
        "code": f"0907a61c&shop={params['shop']}",
        **{k: v for k, v in params.items() if k not in {"code", "shop"}},
    }
    assert not verdict(joined | {"shop": params["shop"]})
    assert not verdict(joined)


# Giving back


def test_giving_back_at_square_and_stripe() -> None:
    """Threat 43."""
    grant, _ = oauth2.exchange(call(PROVIDERS["ebay"]), code="c", redirect_uri="", verifier="", now=NOW)
    for slug in ("square", "stripe", "shopify"):
        web = Recorded()
        revoke = PROVIDERS[slug].revoke
        assert revoke
        revoke(call(PROVIDERS[slug], web), grant, Account(id="acct_1:test", name="Acme"))
        assert web.asked[0]["url"] == call(PROVIDERS[slug]).url("revoke_url")


@pytest.mark.parametrize(
    ("token", "account_id"), [({"livemode": True}, "acct_1"), ({}, "acct_1"), ({"livemode": False}, "acct_1:test")]
)
def test_stripes_test_mode_is_an_account_of_its_own(token: dict[str, object], account_id: str) -> None:
    web = Recorded({"id": "acct_1", "settings": {"dashboard": {"display_name": "Acme"}}})
    assert [found.id for found in accounts(call(PROVIDERS["stripe"], web), token=token)] == [account_id]


def test_operators_may_point_an_app_at_its_sandbox() -> None:
    row = PROVIDERS["square"].pointed_at({"token_url": "https://connect.squareupsandbox.com/oauth2/token"})
    assert row.endpoints.token_url == "https://connect.squareupsandbox.com/oauth2/token"
    assert row.endpoints.authorize_url == PROVIDERS["square"].endpoints.authorize_url
    assert PROVIDERS["square"].pointed_at({}) is PROVIDERS["square"]
