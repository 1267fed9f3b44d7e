"""Lightspeed Retail X-Series: the store's own host for tokens, known from the callback, and states that are long enough."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, g

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp

_SITE = literal("secure.retail.lightspeed.app")
_STORE = r"(?P<prefix>[a-z0-9][a-z0-9-]*)\.retail\.lightspeed\.app"
_READ = (
    "audit channels consignments customers custom_fields fulfillments gift_cards inventory outlets payments "
    "payment_types products promotions registers retailer sales serial_numbers services store_credits suppliers "
    "taxes users"
)


class LightspeedX(OAuthApp):
    id = "lightspeed_x"
    name = "Lightspeed Retail (X-Series)"
    rules = Rules(scopes=frozenset(f"{kind}:read" for kind in _READ.split()), state_length=8)
    # An account is a store; its domain prefix names it.
    accounts = (
        Account("harbour-cafe", "Harbour Café", {"uuid": "02dcd191-ae55-11e6-f485-000000000002"}),
        Account("harbour-books", "Harbour Books", {"uuid": "02dcd191-ae55-11e6-f485-000000000001"}),
    )
    access_life = 24 * 3600
    rotates = True
    code_life = 600

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/connect", self.consent_page)
        yield Route("consent", "POST", _SITE, "/connect", self.decide)
        yield Route("token", "POST", _STORE, r"/api/1\.0/token", self.token)
        yield Route("identity", "GET", _STORE, r"/api/2\.0/retailer", self.retailer, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def accepts_code(self, code: Code) -> bool:
        return code.account.id == _store()

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return token.account_id == _store()

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"lsxs_at_{secrets.token_urlsafe(32)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [
            ("domain_prefix", seen.user.id),
            ("user_id", "02dcd191-ae55-11e6-f485-00000000000f"),
            ("scope", seen.scope),
        ]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires": int(token.expires_at or 0),
            "expires_in": self.access_life,
            "refresh_token": token.refresh_token,
            "domain_prefix": token.account_id,
            "scope": token.scope,
        }

    def retailer(self, call: Call) -> Response:
        token = bearer(self.state, self.id)
        account = token.account if token else None
        if token is None or account is None or account.id != call.found["prefix"]:
            return answer({"errors": {"global": ["The access token is missing, expired or for another store"]}}, 401)
        if "retailer:read" not in token.scope.split():
            return answer({"errors": {"global": ["The scope retailer:read is needed"]}}, 403)
        found = {
            "id": account.extra["uuid"],
            "name": shown_name(account),
            "domain_prefix": account.id,
            "currency": "NZD",
        }
        return answer({"data": found, "version": 1})


def _store() -> str:
    """The store whose host the token request went to."""
    call: Call = g.call
    return call.found["prefix"]
