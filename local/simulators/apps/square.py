"""Square: JSON token requests, no PKCE, an absolute expiry, and the secret as the key to revoke."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body, same
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import json_body

_HOST = literal("connect.squareup.com")
_SCOPES = (
    "MERCHANT_PROFILE_READ PAYMENTS_READ ORDERS_READ ITEMS_READ PAYOUTS_READ SETTLEMENTS_READ BANK_ACCOUNTS_READ "
    "CUSTOMERS_READ INVENTORY_READ INVOICES_READ EMPLOYEES_READ"
)


class Square(OAuthApp):
    id = "square"
    name = "Square"
    rules = Rules(
        scopes=frozenset(_SCOPES.split()),
        # Without session=false Square takes whichever seller is signed in already.
        required=(("session", "false"),),
        optional=frozenset({"locale"}),
    )
    accounts = (
        Account("MLSIMCORNERCAFE1", "Corner Café"),
        Account("MLSIMMARKETHALL2", "Market Hall Bakery"),
        Account("MLSIMRIVERSIDE03", "Riverside Barbers"),
    )
    body_kind = "application/json, an object of texts"
    access_life = 30 * 24 * 3600

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _HOST, "/oauth2/authorize", self.consent_page)
        yield Route("consent", "POST", _HOST, "/oauth2/authorize", self.decide)
        yield Route("token", "POST", _HOST, "/oauth2/token", self.token)
        yield Route("revoke", "POST", _HOST, "/oauth2/revoke", self.revoke)
        yield Route("identity", "GET", _HOST, "/v2/merchants/me", self.merchant, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        return json_body(request)

    def new_code(self) -> str:
        return f"sq0cgp-{secrets.token_urlsafe(16)}"

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"EAAA{secrets.token_urlsafe(45)}"

    def new_refresh_token(self) -> str:
        return f"EQAA{secrets.token_urlsafe(45)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - as above
        return [("response_type", "code")]

    def denial(self, call: Call) -> list[tuple[str, str]]:
        return [*super().denial(call), ("error_description", "user_denied")]

    def token_problem(self, values: MultiDict[str, str]) -> str:
        # A verifier would turn the request into Square's PKCE flow, with refresh tokens that work once.
        return "code_verifier must not be sent with a client_secret" if "code_verifier" in values else ""

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        expires = datetime.fromtimestamp(token.expires_at or 0, UTC)
        return {
            "access_token": token.access_token,
            "token_type": "bearer",
            "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "merchant_id": token.account_id,
            "refresh_token": token.refresh_token,
            "short_lived": False,
        }

    def merchant(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.")
        if "MERCHANT_PROFILE_READ" not in token.scope.split():
            return _error(403, "AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES", "MERCHANT_PROFILE_READ is needed.")
        merchant = {
            "id": token.account_id,
            "business_name": shown_name(token.account),
            "country": "US",
            "language_code": "en-US",
            "currency": "USD",
            "status": "ACTIVE",
            "main_location_id": f"L{token.account_id[1:]}",
            "created_at": "2024-03-01T09:00:00Z",
        }
        return answer({"merchant": merchant})

    def revoke(self, _: Call) -> Response:
        client, values = self.client, json_body(request)
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if client is None or scheme != "Client" or not same(secret, client.client_secret):
            return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "Authorization: Client {secret} is needed.")
        if values is None or not same(values.get("client_id"), client.client_id):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", "A JSON object with client_id is needed.")
        named = {"access_token", "merchant_id"} & set(values)
        if len(named) != 1 or set(values) - {"client_id", *named}:
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", "Either access_token or merchant_id is needed.")
        return self._end(values)

    def _end(self, values: MultiDict[str, str]) -> Response:
        token = self.state.by_access(self.id, values.get("access_token", ""))
        account = values.get("merchant_id") or (token.account_id if token else "")
        if not self.state.end_account(self.id, account):
            return _error(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "No working token of this application.")
        return answer({"success": True})


def _error(status: int, category: str, code: str, detail: str) -> Response:
    return answer({"errors": [{"category": category, "code": code, "detail": detail}]}, status)
