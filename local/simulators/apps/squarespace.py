"""Squarespace Commerce: a User-Agent of one's own everywhere, and refresh tokens that work once."""

import re
from collections.abc import Iterable
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_LOGIN = literal("login.squarespace.com")
_API = literal("api.squarespace.com")
_PROVIDER = "/api/1/login/oauth/provider"
_DEFAULT_AGENT = re.compile(r"(python|curl|wget|go-http|okhttp|node|axios|java)\b", re.IGNORECASE)
_NO_AGENT = "A User-Agent that describes your application is required"


class Squarespace(OAuthApp):
    id = "squarespace_commerce"
    name = "Squarespace"
    rules = Rules(
        scopes=frozenset(
            {
                "website.orders.read",
                "website.transactions.read",
                "website.products.read",
                "website.inventory.read",
                "website.profiles.read",
            }
        ),
        separator=",",
        # Without it there is no refresh token.
        required=(("access_type", "offline"),),
        optional=frozenset({"website_id"}),
    )
    accounts = (
        Account("5f1a2b3c4d5e6f7081920a01", "Willow Ceramics", {"url": "https://willow-ceramics.squarespace.com"}),
        Account("5f1a2b3c4d5e6f7081920a02", "North Loop Coffee", {"url": "https://north-loop.squarespace.com"}),
    )
    access_life = 1800
    refresh_life = 7 * 24 * 3600
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _LOGIN, f"{_PROVIDER}/authorize", self.consent_page)
        yield Route("consent", "POST", _LOGIN, f"{_PROVIDER}/authorize", self.decide)
        yield Route("token", "POST", _LOGIN, f"{_PROVIDER}/tokens", self.token)
        yield Route("identity", "GET", _API, r"/1\.0/authorization/website", self.website, shows_name=True)

    def token_problem(self, values: MultiDict[str, str]) -> str:  # noqa: ARG002 - the shape of the base
        return "" if _has_agent() else _NO_AGENT

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        """Expiry as moments: neither expires_in nor ISO dates."""
        return {
            "access_token": token.access_token,
            "access_token_expires_at": int(token.expires_at or 0),
            "account_id": token.account_id,
            "refresh_token": token.refresh_token,
            "refresh_token_expires_at": int(token.refresh_expires_at or 0),
            "token_type": "bearer",
        }

    def website(self, _: Call) -> Response:
        if not _has_agent():
            return _error(400, "INVALID_REQUEST_ERROR", _NO_AGENT)
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "AUTHORIZATION_ERROR", "The access token is missing, expired or revoked")
        return answer(
            {
                "id": token.account_id,
                "siteId": token.account_id,
                "title": shown_name(token.account),
                "url": token.account.extra["url"],
            }
        )


def _has_agent() -> bool:
    agent = request.headers.get("User-Agent", "").strip()
    return bool(agent) and _DEFAULT_AGENT.match(agent) is None


def _error(status: int, kind: str, message: str) -> Response:
    return answer({"type": kind, "subtype": None, "message": message}, status)
