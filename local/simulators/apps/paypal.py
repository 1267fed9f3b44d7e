"""PayPal: the client id and secret of the merchant's own REST app, and a token that says what it may read."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal, oauth_error
from local.simulators.bearer import bearer
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query
from local.simulators.requests_seen import form_body

_API = literal("api-m.paypal.com")
_SCOPES = "https://uri.paypal.com/services"
_ALWAYS = f"openid {_SCOPES}/payments/payment/authcapture {_SCOPES}/invoicing"
SEARCH = f"{_SCOPES}/reporting/search/read"
# What PayPal's reference asks for at the balances; it comes with the same tick, Transaction Search.
BALANCES = f"{_SCOPES}/reporting/balances/read"
_LIFE = 32400
_FILTERS = frozenset({"as_of_time", "currency_code", "include_crypto_currencies"})


class Paypal(PastedApp):
    id = "paypal"
    name = "PayPal"
    demo: ClassVar[Mapping[str, str]] = {
        "client_id": "ASimulatedHarbourBooksClientId",
        "client_secret": "ESimulatedHarbourBooksSecret",
    }
    # A REST app for which nobody has ticked Transaction Search.
    demo_without_reporting: ClassVar[Mapping[str, str]] = {
        "client_id": "ASimulatedGreenGrocerClientId",
        "client_secret": "ESimulatedGreenGrocerSecret",
    }
    accounts = (
        Account("SIMHARBOUR2KQ", "Harbour Books", {**demo, "scope": f"{_ALWAYS} {SEARCH} {BALANCES}"}),
        Account("SIMGROCER77XM", "The Green Grocer", {**demo_without_reporting, "scope": _ALWAYS}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("token", "POST", _API, "/v1/oauth2/token", self.token)
        yield Route("identity", "GET", _API, "/v1/reporting/balances", self.balances)

    def token(self, _: Call) -> Response:
        account = self.opened_by_basic("client_id", "client_secret")
        if account is None:
            return oauth_error("invalid_client", "Client Authentication failed", 401)
        form = form_body(request)
        if form is None or request.args:
            return oauth_error("invalid_request", "The body must be application/x-www-form-urlencoded, the query empty")
        if form.get("grant_type") != "client_credentials":
            return oauth_error("unsupported_grant_type", "Grant Type is NULL or not client_credentials")
        if set(form) != {"grant_type"}:
            return oauth_error("invalid_request", "grant_type is the only parameter")
        token = self.mint(account, _LIFE, account.extra["scope"])
        return answer(
            {
                "scope": token.scope,
                "access_token": token.access_token,
                "token_type": "Bearer",
                "app_id": "APP-80W284485P519543T",
                "expires_in": _LIFE,
                "nonce": f"{_now()}{secrets.token_urlsafe(16)}",
            }
        )

    def balances(self, _: Call) -> Response:
        """Whose account it is stands here only: PayPal has no name to give for these tokens."""
        token = bearer(self.state, self.id)
        if token is None:
            return oauth_error("invalid_token", "Token signature verification failed", 401)
        if BALANCES not in token.scope.split():
            return _problem(403, "NOT_AUTHORIZED", "Authorization failed due to insufficient permissions.")
        if unknown_in_query(_FILTERS):
            return _problem(400, "INVALID_REQUEST", "Request is not well-formed or violates schema.")
        amount = {"currency_code": "USD", "value": "1280.50"}
        balance = {"currency": "USD", "primary": True, "total_balance": amount, "available_balance": amount}
        return answer(
            {
                "balances": [{**balance, "withheld_balance": {"currency_code": "USD", "value": "0.00"}}],
                "account_id": token.account_id,
                "as_of_time": _now(),
                "last_refresh_time": _now(),
            }
        )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _problem(status: int, name: str, message: str) -> Response:
    return answer({"name": name, "message": message, "debug_id": secrets.token_hex(7), "details": []}, status)
