"""Mollie: sellers may untick scopes, and tokens are revoked by DELETE with a form."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_SITE = literal("my.mollie.com")
_API = literal("api.mollie.com")
_SCOPES = (
    "organizations.read payments.read refunds.read settlements.read balances.read invoices.read orders.read "
    "profiles.read"
)


class Mollie(OAuthApp):
    id = "mollie"
    name = "Mollie"
    rules = Rules(scopes=frozenset(_SCOPES.split()), pkce_welcome=True, optional=frozenset({"approval_prompt"}))
    accounts = (
        Account("org_51100001", "Tulip Cycles B.V."),
        Account("org_51100002", "De Kaaswinkel"),
        # This seller unticks what has to do with payouts.
        Account("org_51100003", "Canal Books", {"declined": "settlements.read balances.read"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/oauth2/authorize", self.consent_page)
        yield Route("consent", "POST", _SITE, "/oauth2/authorize", self.decide)
        yield Route("token", "POST", _API, "/oauth2/tokens", self.token)
        yield Route("revoke", "DELETE", _API, "/oauth2/tokens", self.revoke)
        yield Route("identity", "GET", _API, "/v2/organizations/me", self.organisation, shows_name=True)

    def new_code(self) -> str:
        return f"auth_{secrets.token_urlsafe(20)}"

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"access_{secrets.token_urlsafe(24)}"

    def new_refresh_token(self) -> str:
        return f"refresh_{secrets.token_urlsafe(24)}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        declined = token.account.extra.get("declined", "").split() if token.account else []
        token.scope = " ".join(scope for scope in token.scope.split() if scope not in declined)
        return usual.tokens(token, 3600) | {"token_type": "bearer"}

    def organisation(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "Unauthorized Request", "Missing authentication, or failed to authenticate")
        if not usual.allows(token, "organizations.read"):
            return _error(403, "Forbidden", "organizations.read is needed")
        links = {"self": {"href": "https://api.mollie.com/v2/organizations/me", "type": "application/hal+json"}}
        return _hal(
            {
                "resource": "organization",
                "id": token.account_id,
                "name": shown_name(token.account),
                "email": "owner@mollie-seller.example",
                "locale": "nl_NL",
                "address": {"city": "Amsterdam", "country": "NL"},
                "_links": links,
            }
        )

    def revoke(self, _: Call) -> Response:
        """204, and an end of all that came from the same consent."""
        value = usual.to_revoke(self.client, hint_needed=True)
        if isinstance(value, Response):
            return value
        usual.end(self.state, self.state.by_access(self.id, value) or self.state.by_refresh(self.id, value))
        return Response(status=204)


def _hal(payload: object, status: int = 200) -> Response:
    response = answer(payload, status)
    response.mimetype = "application/hal+json"
    return response


def _error(status: int, title: str, detail: str) -> Response:
    return _hal({"status": status, "title": title, "detail": detail}, status)
