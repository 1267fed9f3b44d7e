"""Loyverse: OAuth by the book, scopes in capitals."""

from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_API = literal("api.loyverse.com")
_LIFE = 12 * 3600


class Loyverse(OAuthApp):
    id = "loyverse"
    name = "Loyverse"
    rules = Rules(
        scopes=frozenset(
            {"RECEIPTS_READ", "ITEMS_READ", "MERCHANT_READ", "STORES_READ", "PAYMENT_TYPES_READ", "TAXES_READ"}
        )
    )
    accounts = (
        Account("51b1a000-6c1f-4e0b-8e52-000000000001", "Mango Tree Juice Bar"),
        Account("51b1a000-6c1f-4e0b-8e52-000000000002", "Corner Barber"),
    )
    access_life = _LIFE
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _API, "/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _API, "/oauth/authorize", self.decide)
        yield Route("token", "POST", _API, "/oauth/token", self.token)
        yield Route("identity", "GET", _API, r"/v1\.0/merchant", self.merchant, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return usual.tokens(token, _LIFE)

    def merchant(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "UNAUTHORIZED", "The access token is missing, expired or revoked")
        if not usual.allows(token, "MERCHANT_READ"):
            return _error(403, "FORBIDDEN", "MERCHANT_READ is needed")
        return answer(
            {
                "id": token.account_id,
                "business_name": shown_name(token.account),
                "email": "owner@loyverse-seller.example",
                "country": "TH",
                "currency": {"code": "THB", "decimal_places": 2},
                "created_at": "2023-02-01T04:30:00.000Z",
            }
        )


def _error(status: int, code: str, details: str) -> Response:
    return answer({"errors": [{"code": code, "details": details}]}, status)
