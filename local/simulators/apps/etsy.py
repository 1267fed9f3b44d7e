"""Etsy: PKCE and no secret for tokens, and an API that wants the secret with every request."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, public, same
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_SITE = literal("www.etsy.com")
_TOKEN_HOST = r"(?:api|openapi)\.etsy\.com"
_API = _TOKEN_HOST


class Etsy(OAuthApp):
    id = "etsy"
    name = "Etsy"
    rules = Rules(
        scopes=frozenset({"transactions_r", "shops_r", "billing_r", "listings_r", "email_r", "profile_r"}),
        pkce=True,
    )
    # An account is a shop; its owner is who signs in.
    accounts = (
        Account("40100101", "PaperAndThread", {"user_id": "90100101"}),
        Account("40100102", "OakleafWoodwork", {"user_id": "90100102"}),
        Account("40100103", "SilverFernStudio", {"user_id": "90100103"}),
    )
    refresh_life = 90 * 24 * 3600
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/oauth/connect", self.consent_page)
        yield Route("consent", "POST", _SITE, "/oauth/connect", self.decide)
        yield Route("token", "POST", _TOKEN_HOST, "/v3/public/oauth/token", self.token)
        yield Route("identity", "GET", _API, "/v3/application/users/me", self.me)
        shop = r"/v3/application/shops/(?P<shop_id>\d+)"
        yield Route("identity", "GET", _API, shop, self.shop, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return public(query, seen)

    def new_access_token(self, account: Account) -> str:
        return f"{account.extra['user_id']}.{secrets.token_urlsafe(40)}"

    def new_refresh_token(self) -> str:
        return secrets.token_urlsafe(48)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as the base
        return {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": self.access_life,
            "refresh_token": token.refresh_token,
        }

    def me(self, _: Call) -> Response:
        token = self._allowed()
        if isinstance(token, Response):
            return token
        return answer({"user_id": int(_owner(token)), "shop_id": int(token.account_id)})

    def shop(self, call: Call) -> Response:
        token = self._allowed()
        if isinstance(token, Response):
            return token
        account = next((account for account in self.accounts if account.id == call.found["shop_id"]), None)
        if account is None:
            return answer({"error": "Resource not found"}, 404)
        user = int(account.extra["user_id"])
        return answer(
            {
                "shop_id": int(account.id),
                "user_id": user,
                "shop_name": shown_name(account),
                "currency_code": "USD",
                "url": f"https://www.etsy.com/shop/{account.name}",
            }
        )

    def _allowed(self) -> IssuedToken | Response:
        """The request's token, once its key, its token and the token's scope are right."""
        client = self.client
        wanted = f"{client.client_id}:{client.client_secret}" if client else ""
        if not wanted or not same(request.headers.get("x-api-key"), wanted):
            return answer({"error": "Invalid API key: x-api-key must be keystring:shared_secret"}, 403)
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return answer({"error": "invalid_token", "error_description": "access token is expired or invalid"}, 401)
        if "shops_r" not in token.scope.split():
            return answer({"error": "insufficient_scope", "error_description": "shops_r is needed"}, 403)
        return token


def _owner(token: IssuedToken) -> str:
    return token.access_token.partition(".")[0]
