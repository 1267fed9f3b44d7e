"""Shopify: a host for each shop, signed callbacks, tokens that expire, and a header of its own for them."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, shown_name, with_query
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.token_request import TokenRules

_SHOP = r"(?P<shop>[a-z0-9][a-z0-9-]*\.myshopify\.com)"
_VERSION = r"(?:20\d\d-(?:01|04|07|10)|unstable)"
_SCOPES = (
    "read_orders read_all_orders read_products read_inventory read_customers read_locations "
    "read_shopify_payments_payouts read_shopify_payments_accounts read_shopify_payments_disputes read_reports"
)


class Shopify(OAuthApp):
    id = "shopify"
    name = "Shopify"
    # grant_options[] would give a token bound to one person, for a day: no good for reading in the background.
    rules = Rules(scopes=frozenset(_SCOPES.split()), separator=",")
    token_rules = TokenRules(optional={"expiring"})
    refresh_life = 90 * 24 * 3600
    rotates = True
    one_token_per_account = True
    token_redirect_uri = False

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SHOP, "/admin/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _SHOP, "/admin/oauth/authorize", self.decide)
        yield Route("token", "POST", _SHOP, "/admin/oauth/access_token", self.token)
        graphql = f"/admin/api/{_VERSION}/graphql\\.json"
        yield Route("identity", "POST", _SHOP, graphql, self.graphql, shows_name=True)
        yield Route("revoke", "DELETE", _SHOP, r"/admin/api_permissions/current\.json", self.uninstall)

    def accounts_at(self, call: Call) -> Sequence[Account]:
        return (shop(call.found["shop"]),)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_code(self) -> str:
        return secrets.token_hex(16)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"shpat_{secrets.token_hex(16)}"

    def new_refresh_token(self) -> str:
        return f"shprt_{secrets.token_hex(16)}"

    def accepts_code(self, code: Code) -> bool:
        return code.account.id == _asked_shop()

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return token.account_id == _asked_shop()

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        known = {"code": self.state.codes[-1].value, "state": seen.payload.state}
        return list(self._signed(seen.user.id, known, self._callback).items())

    def denial(self, call: Call) -> list[tuple[str, str]]:
        known = dict(super().denial(call))
        return list((known | self._signed(call.found["shop"], known, self._callback)).items())

    @property
    def _callback(self) -> str:
        return self.client.redirect_uri if self.client else ""

    def _signed(self, domain: str, known: Mapping[str, str], url: str) -> dict[str, str]:
        """What Shopify adds to an address of ours, the signature over everything included."""
        handle = domain.removesuffix(".myshopify.com")
        host = base64.b64encode(f"admin.shopify.com/store/{handle}".encode()).decode().rstrip("=")
        extras = {"shop": domain, "host": host, "timestamp": str(int(self.state.now()))}
        if self.client is None:
            return extras
        # The reader signs every parameter it sees, so those of the address's own count too.
        own = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        return extras | {"hmac": signature({**own, **known, **extras}, self.client.client_secret)}

    def arrival(self, account: str, url: str) -> str:
        """The app URL, as the admin opens it. It proves the shop, and nothing of who is there."""
        return with_query(url, self._signed(account or "acme-store.myshopify.com", {}, url).items())

    def token_problem(self, values: MultiDict[str, str]) -> str:
        if "code" in values and values.get("expiring") != "1":
            return "expiring=1 is required: tokens that never expire are no longer accepted"
        return ""

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "scope": token.scope,
            "expires_in": self.access_life,
            "refresh_token": token.refresh_token,
            "refresh_token_expires_in": self.refresh_life,
        }

    def graphql(self, call: Call) -> Response:
        token = self._token(call)
        if token is None or token.account is None:
            return _unauthorized()
        body = request.get_json(silent=True) if request.mimetype == "application/json" else None
        query = body.get("query") if isinstance(body, dict) else None
        if not isinstance(query, str):
            return answer({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        return answer(_run(query, token.account))

    def uninstall(self, call: Call) -> Response:
        token = self._token(call)
        if token is None:
            return _unauthorized()
        self.state.end_account(self.id, token.account_id)
        return answer({})

    def _token(self, call: Call) -> IssuedToken | None:
        token = header(self.state, self.id, "X-Shopify-Access-Token")
        return token if token is not None and token.account_id == call.found["shop"] else None


def shop(domain: str) -> Account:
    """The shop of a host: always the same for the same host."""
    handle = domain.removesuffix(".myshopify.com")
    number = int(hashlib.sha256(domain.encode()).hexdigest()[:10], 16)
    return Account(domain, handle.replace("-", " ").title(), {"gid": f"gid://shopify/Shop/{number}"})


def signature(params: Mapping[str, str], secret: str) -> str:
    """Shopify's hmac: sorted pairs of decoded values, in which only the delimiters are escaped."""
    pairs = [f"{_escaped(key).replace('=', '%3D')}={_escaped(value)}" for key, value in params.items()]
    return hmac.new(secret.encode(), "&".join(sorted(pairs)).encode(), hashlib.sha256).hexdigest()


def _asked_shop() -> str:
    """The shop whose host the token request went to."""
    call: Call = g.call
    return call.found["shop"]


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")


def _run(query: str, account: Account) -> dict[str, Any]:
    """Answer a query of the shop's own fields; Shopify's GraphQL errors come with status 200."""
    known = {
        "id": account.extra["gid"],
        "name": shown_name(account),
        "email": f"owner@{account.id.removesuffix('.myshopify.com')}.example",
        "myshopifyDomain": account.id,
        "currencyCode": "USD",
    }
    found = re.fullmatch(r"\s*(?:query\s*\w*\s*)?\{\s*shop\s*\{([\w\s,]+)\}\s*\}\s*", query)
    if found is None:
        return {"errors": [{"message": "This simulation answers { shop { ... } } only"}]}
    fields = found[1].replace(",", " ").split()
    unknown = [{"message": f"Field '{name}' doesn't exist on type 'Shop'"} for name in fields if name not in known]
    return {"errors": unknown} if unknown else {"data": {"shop": {name: known[name] for name in fields}}}


def _unauthorized() -> Response:
    wrong = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return answer({"errors": wrong}, 401)
