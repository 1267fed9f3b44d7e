"""BigCommerce: an install link without anything of ours in it, a callback to repeat from, and tokens without an end."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, literal, shown_name, with_query
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body, same
from local.simulators.issuing import account_of, code_for
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import form_body, json_body
from local.simulators.token_request import TokenRules

_LOGIN = literal("login.bigcommerce.com")
_API = literal("api.bigcommerce.com")
SCOPE = (
    "store_payments_methods_read store_v2_default store_v2_information_read_only store_v2_orders_read_only "
    "store_v2_products_read_only store_v2_transactions_read_only"
)
ACCOUNT = "0a6f1c2e-51b1-4d0b-9d5c-51b1000000aa"


class Bigcommerce(OAuthApp):
    id = "bigcommerce"
    name = "BigCommerce"
    rules = Rules(client_in_path=True, response_type="", redirect_uri=Sent.NEVER, state=Sent.NEVER)
    token_rules = TokenRules(with_code=("context", "scope"), never=frozenset({"code_verifier", "refresh_token"}))
    body_kind = "application/json or application/x-www-form-urlencoded"
    # An account is a store; its hash names it.
    accounts = (Account("g5cd38sim1", "Birch & Bloom"), Account("g5cd38sim2", "Birch & Bloom Outlet"))
    access_life = None
    refreshes = False

    def routes(self) -> Iterable[Route]:
        install = r"/app/(?P<client_id>[\w-]+)/install"
        yield Route("authorize", "GET", _LOGIN, install, self.consent_page)
        yield Route("consent", "POST", _LOGIN, install, self.decide)
        yield Route("token", "POST", _LOGIN, "/oauth2/token", self.token)
        yield Route("identity", "GET", _API, r"/stores/(?P<store>[a-z0-9]+)/v2/store", self.store, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        """The documents say JSON, the vendor's own libraries send a form: both are taken."""
        body = json_body(request)
        return form_body(request) if body is None else body

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [*self.told(seen.user), ("external_install", "true")]

    def told(self, account: Account) -> list[tuple[str, str]]:
        """What every callback says."""
        return [("context", f"stores/{account.id}"), ("scope", SCOPE), ("account_uuid", ACCOUNT)]

    def arrival(self, account: str, url: str) -> str:
        """From the control panel, in its frame: the same callback without external_install."""
        found = account_of(self, account)
        return with_query(url, [("code", code_for(self, found, "")), *self.told(found)])

    def denial(self, call: Call) -> list[tuple[str, str]]:
        return [*super().denial(call), ("external_install", "true")]

    def accepts_code(self, code: Code) -> bool:
        scopes = sorted(g.values["scope"].split())
        return same(g.values["context"], f"stores/{code.account.id}") and scopes == sorted(SCOPE.split())

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        person = {"id": 24654, "username": "owner@birch-bloom.example", "email": "owner@birch-bloom.example"}
        return {
            "access_token": token.access_token,
            "scope": SCOPE,
            "user": person,
            "owner": person,
            "context": f"stores/{token.account_id}",
            "account_uuid": ACCOUNT,
        }

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - as above
        return secrets.token_hex(16)

    def store(self, call: Call) -> Response:
        token = header(self.state, self.id, "X-Auth-Token")
        if token is None or token.account is None or token.account_id != call.found["store"]:
            wrong = {"status": 401, "title": "X-Auth-Token is missing or wrong", "type": "/api-docs/authentication"}
            return answer(wrong, 401)
        if "application/json" not in request.headers.get("Accept", "*/*") and "*/*" not in request.headers["Accept"]:
            return answer([{"status": 406, "message": "Only JSON is simulated"}], 406)
        return answer(
            {
                "id": f"7f1d2c3b-0000-4000-8000-{token.account_id[:8]}0001",
                "domain": f"store-{token.account_id}.mybigcommerce.com",
                "name": shown_name(token.account),
                "admin_email": "owner@birch-bloom.example",
                "status": "live",
                "currency": "USD",
            }
        )
