"""A connecting product in miniature: how it asks, redeems and refreshes."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

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
