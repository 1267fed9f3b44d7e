"""Ecwid: tokens without an end, a store's number in the answer, and installs that begin at its own page."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, literal, shown_name, with_query
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.issuing import account_of, code_for
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp

_SITE = literal("my.ecwid.com")
_API = literal("app.ecwid.com")


class Ecwid(OAuthApp):
    id = "ecwid"
    name = "Ecwid"
    rules = Rules(scopes=frozenset({"read_store_profile", "read_orders", "read_catalog"}), redirect_uri=Sent.OPTIONAL)
    accounts = (Account("1003101", "Juniper Soap Works"), Account("1003102", "The Map Room"))
    access_life = None
    refreshes = False

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/api/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _SITE, "/api/oauth/authorize", self.decide)
        yield Route("token", "POST", _SITE, "/api/oauth/token", self.token)
        yield Route("identity", "GET", _API, r"/api/v3/(?P<store>\d+)/profile", self.profile, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"secret_{secrets.token_urlsafe(24)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("store_id", seen.user.id)]

    def arrival(self, account: str, url: str) -> str:
        """Install, at the app's own page, leads straight to the return URL."""
        return with_query(
            url, [("code", code_for(self, account_of(self, account), " ".join(sorted(self.rules.scopes))))]
        )

    def wants_redirect_uri(self, code: Code, given: str | None) -> bool:
        """Repeated when, and only when, it was in the authorize request; an install from the app's page has none."""
        return code.redirect_uri_sent or given is not None

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "scope": token.scope,
            "store_id": int(token.account_id),
        }

    def profile(self, call: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "INVALID_ACCESS_TOKEN")
        if token.account_id != call.found["store"] or "read_store_profile" not in token.scope.split():
            return _error(403, "ACCESS_DENIED")
        return answer(
            {
                "generalInfo": {
                    "storeId": int(token.account_id),
                    "storeUrl": f"https://store{token.account_id}.company.site",
                },
                "settings": {"storeName": shown_name(token.account)},
                "account": {"accountEmail": "owner@ecwid-seller.example"},
            }
        )


def _error(status: int, code: str) -> Response:
    return answer({"errorCode": code, "errorMessage": f"{code} at {request.path}"}, status)
