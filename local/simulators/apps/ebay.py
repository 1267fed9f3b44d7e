"""eBay: an alias in place of the redirect URI, codes full of signs, and refresh answers without a refresh token."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.grants import CODE_LIFE_S
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_AUTH = literal("auth.ebay.com")
_API = literal("api.ebay.com")
_APIZ = literal("apiz.ebay.com")
_SCOPE = "https://api.ebay.com/oauth/api_scope"
_IDENTITY = f"{_SCOPE}/commerce.identity.readonly"


class Ebay(OAuthApp):
    id = "ebay"
    name = "eBay"
    rules = Rules(
        scopes=frozenset(
            {
                _SCOPE,
                f"{_SCOPE}/sell.fulfillment.readonly",
                f"{_SCOPE}/sell.finances",
                f"{_SCOPE}/sell.inventory.readonly",
                f"{_SCOPE}/sell.account.readonly",
                _IDENTITY,
            }
        ),
        optional=frozenset({"prompt", "locale"}),
    )
    accounts = (
        Account("EbSimVintage1", "vintage_finds_uk"),
        Account("EbSimSpares02", "classic-car-spares"),
        Account("EbSimRecords3", "needle.drop.records"),
    )
    access_life = 7200
    refresh_life = 47304000

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _AUTH, "/oauth2/authorize", self.consent_page)
        yield Route("consent", "POST", _AUTH, "/oauth2/authorize", self.decide)
        yield Route("token", "POST", _API, "/identity/v1/oauth2/token", self.token)
        yield Route("identity", "GET", _APIZ, "/commerce/identity/v1/user/", self.user, shows_name=True)

    def new_code(self) -> str:
        # The plus sign turns into a space in a form that was not encoded; ^, # and = alone would survive that.
        return f"v^1.1#i^1#p^3#r^1#I^3#f^0#t^{secrets.token_hex(24)}+/="

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"v^1.1#i^1#p^3#I^3#f^0#r^0#t^{secrets.token_hex(40)}"

    def new_refresh_token(self) -> str:
        return f"v^1.1#i^1#p^3#r^1#f^0#I^3#t^{secrets.token_hex(32)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - as above
        return [("expires_in", str(CODE_LIFE_S))]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "access_token": token.access_token,
            "expires_in": self.access_life,
            "token_type": "User Access Token",
        }
        if not refreshed:
            payload |= {"refresh_token": token.refresh_token, "refresh_token_expires_in": self.refresh_life}
        return payload

    def user(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, 1001, "Invalid access token", "Check the value of the Authorization HTTP header.")
        if _IDENTITY not in token.scope.split():
            return _error(403, 1100, "Access denied", "Insufficient permissions to fulfill the request.")
        return answer(
            {
                "userId": token.account_id,
                "username": shown_name(token.account),
                "accountType": "BUSINESS",
                "registrationMarketplaceId": "EBAY_GB",
            }
        )


def _error(status: int, number: int, message: str, long: str) -> Response:
    found = {"errorId": number, "domain": "OAuth", "category": "REQUEST", "message": message, "longMessage": long}
    return answer({"errors": [found]}, status)
