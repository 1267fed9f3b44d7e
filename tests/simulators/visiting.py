"""A connecting product in miniature, as each app's facts have it: what the right requests are."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from local.simulators import Client, Simulators
from local.simulators.people import approve

AGENT = "Client-Connect-tests/1.0"
VERIFIER = "v" * 50
CALLBACK = "https://connect.example/callback?from=apps"
# Eight characters and more, as Lightspeed wants it, with all that encoding can get wrong.
STATE = "s%&=+ é/~"
EBAY_SCOPE = "https://api.ebay.com/oauth/api_scope"

Params = dict[str, str]


def client(app: str, alias: str = "", application_id: str = "") -> Client:
    return Client(f"{app}-id", f"{app}-secret", CALLBACK, alias, application_id)


CLIENTS = {app: client(app) for app in ("square", "shopify", "stripe", "squarespace_commerce", "etsy")} | {
    "ebay": client("ebay", "Our_Company-OurComp-Client-abcdef"),
    "amazon_seller": client("amazon_seller", application_id="amzn1.sp.solution.simulated"),
    "tiktok_shop": client("tiktok_shop", application_id="7490000000001"),
}
CLIENTS |= {
    app: client(app)
    for app in (
        "walmart_marketplace",
        "faire",
        "clover",
        "lightspeed_x",
        "recharge",
        "bigcommerce",
        "ecwid",
        "mindbody",
    )
}
CLIENTS |= {
    app: client(app)
    for app in (
        "sumup",
        "zettle",
        "loyverse",
        "mollie",
        "klaviyo",
        "quickbooks_online",
        "xero",
        "lightspeed_k",
        "uber_eats",
        "acuity",
        "gocardless",
        "gusto",
        "adyen",
        "lightspeed_r",
    )
}


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def api(url: str, token: str, **headers: str) -> requests.Response:
    """An API request with the token as Bearer, and a User-Agent of our own."""
    given = {"Authorization": f"Bearer {token}", "User-Agent": AGENT} | headers
    return requests.get(url, headers=given, timeout=10, allow_redirects=False)


def ask_shop(url: str, token: str, text: str = "{ shop { id name myshopifyDomain } }") -> requests.Response:
    return requests.post(url, json={"query": text}, headers={"X-Shopify-Access-Token": token}, timeout=10)


@dataclass(frozen=True)
class Visit:
    """How one app is connected."""

    app: str
    authorize_url: str
    token_url: str
    identity_url: str
    scope: str
    authorize_extra: Params = field(default_factory=dict)
    token_extra: Params = field(default_factory=dict)
    code_extra: Params = field(default_factory=dict)
    token_headers: Params = field(default_factory=dict)
    json: bool = False
    rotates: bool = False
    identity: Callable[[str, str], requests.Response] = api
    # The endpoint and address that know the name, where it is not the identity's.
    name_at: tuple[str, str] | None = None
    # Whom the addresses are for, where they are one account's own.
    account: str | None = None
    # When a code is too old, in seconds.
    code_ends: int = 300

    @property
    def redirect_uri(self) -> str:
        return CLIENTS[self.app].alias or CALLBACK

    def authorize(self, simulators: Simulators, **changes: str | None) -> str:
        params = {
            "response_type": "code",
            "client_id": CLIENTS[self.app].client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": STATE,
            **self.authorize_extra,
            **changes,
        }
        given = {name: value for name, value in params.items() if value is not None}
        return f"{simulators.simulated(self.authorize_url)}?{urlencode(given)}"

    def code(self, simulators: Simulators, account: str | None = None) -> str:
        return query(approve(self.authorize(simulators), account=account or self.account))["code"]

    def post(self, simulators: Simulators, body: Mapping[str, str | None], **options: Any) -> requests.Response:
        given = {name: value for name, value in body.items() if value is not None}
        headers = {"User-Agent": AGENT} | self.token_headers | options.pop("headers", {})
        as_json = options.pop("json", self.json)
        return requests.post(
            simulators.simulated(options.pop("url", self.token_url)),
            headers={name: value for name, value in headers.items() if value is not None},
            timeout=10,
            allow_redirects=False,
            data=None if as_json else given,
            json=given if as_json else None,
            **options,
        )

    def exchange(self, simulators: Simulators, code: str, **changes: str | None) -> requests.Response:
        return self.post(simulators, self.code_body(code) | changes)

    def code_body(self, code: str) -> dict[str, str | None]:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return {**grant, **self.token_extra, **self.code_extra}

    def refresh(self, simulators: Simulators, refresh_token: str, **changes: str | None) -> requests.Response:
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.post(simulators, {**grant, **self.token_extra, **changes})

    def connect(self, simulators: Simulators, account: str | None = None) -> dict[str, Any]:
        answer = self.exchange(simulators, self.code(simulators, account))
        assert answer.status_code == 200, answer.text
        payload: dict[str, Any] = answer.json()
        return payload

    def who(self, simulators: Simulators, access_token: str) -> requests.Response:
        return self.identity(simulators.simulated(self.identity_url), access_token)


def query(url: str) -> Params:
    return dict(parse_qsl(urlsplit(url).query))


def in_body(app: str) -> Params:
    return {"client_id": CLIENTS[app].client_id, "client_secret": CLIENTS[app].client_secret}


def in_header(app: str) -> Params:
    return {"Authorization": basic(CLIENTS[app].client_id, CLIENTS[app].client_secret)}


SQUARE = Visit(
    "square",
    "https://connect.squareup.com/oauth2/authorize",
    "https://connect.squareup.com/oauth2/token",
    "https://connect.squareup.com/v2/merchants/me",
    "MERCHANT_PROFILE_READ PAYMENTS_READ",
    authorize_extra={"session": "false"},
    token_extra=in_body("square"),
    json=True,
)
SHOPIFY = Visit(
    "shopify",
    "https://acme-store.myshopify.com/admin/oauth/authorize",
    "https://acme-store.myshopify.com/admin/oauth/access_token",
    "https://acme-store.myshopify.com/admin/api/2026-10/graphql.json",
    "read_orders,read_products",
    token_extra=in_body("shopify"),
    code_extra={"expiring": "1"},
    rotates=True,
    identity=ask_shop,
)
STRIPE = Visit(
    "stripe",
    "https://connect.stripe.com/oauth/authorize",
    "https://connect.stripe.com/oauth/token",
    "https://api.stripe.com/v1/account",
    "read_only",
    token_headers={"Authorization": "Bearer stripe-secret"},
)
SQUARESPACE = Visit(
    "squarespace_commerce",
    "https://login.squarespace.com/api/1/login/oauth/provider/authorize",
    "https://login.squarespace.com/api/1/login/oauth/provider/tokens",
    "https://api.squarespace.com/1.0/authorization/website",
    "website.orders.read,website.products.read",
    authorize_extra={"access_type": "offline"},
    token_headers=in_header("squarespace_commerce"),
    rotates=True,
)
EBAY = Visit(
    "ebay",
    "https://auth.ebay.com/oauth2/authorize",
    "https://api.ebay.com/identity/v1/oauth2/token",
    "https://apiz.ebay.com/commerce/identity/v1/user/",
    f"{EBAY_SCOPE}/sell.finances {EBAY_SCOPE}/commerce.identity.readonly",
    token_headers=in_header("ebay"),
)
ETSY = Visit(
    "etsy",
    "https://www.etsy.com/oauth/connect",
    "https://api.etsy.com/v3/public/oauth/token",
    "https://openapi.etsy.com/v3/application/users/me",
    "transactions_r shops_r",
    authorize_extra={"code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256"},
    token_extra={"client_id": "etsy-id"},
    code_extra={"code_verifier": VERIFIER},
    rotates=True,
    identity=lambda url, token: api(url, token, **{"x-api-key": "etsy-id:etsy-secret"}),
)

LIGHTSPEED = Visit(
    "lightspeed_x",
    "https://secure.retail.lightspeed.app/connect",
    "https://harbour-books.retail.lightspeed.app/api/1.0/token",
    "https://harbour-books.retail.lightspeed.app/api/2.0/retailer",
    "retailer:read sales:read",
    token_extra=in_body("lightspeed_x"),
    rotates=True,
    account="harbour-books",
    code_ends=601,
)
MINDBODY = Visit(
    "mindbody",
    "https://signin.mindbodyonline.com/connect/authorize",
    "https://signin.mindbodyonline.com/connect/token",
    "https://api.mindbodyonline.com/public/v6/site/sites",
    "openid offline_access Mindbody.Api.Public.v6",
    authorize_extra={
        "response_type": "code id_token",
        "response_mode": "form_post",
        "nonce": "n-0S6_WzA2Mj",
        "subscriberId": "5736101",
    },
    token_extra=in_body("mindbody"),
    identity=lambda url, token: api(url, token, **{"API-Key": "mindbody-id", "SiteId": "5736101"}),
)

VISITS = (SQUARE, SHOPIFY, STRIPE, SQUARESPACE, EBAY, ETSY, LIGHTSPEED, MINDBODY)
