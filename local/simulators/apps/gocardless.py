"""GoCardless: tokens without an end, an organisation named beside the token, and a version in every API request."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import Response, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, oauth_error, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import form_body

_CONNECT = literal("connect.gocardless.com")
_API = literal("api.gocardless.com")
_VERSION = "2015-07-06"


class Gocardless(OAuthApp):
    id = "gocardless"
    name = "GoCardless"
    rules = Rules(
        # One of two in truth; this platform only reads.
        scopes=frozenset({"read_only"}),
        optional=frozenset({"initial_view", "prefill"}),
    )
    # An account is an organisation, and is called after its first creditor.
    accounts = (
        Account("OR0000SIM0001", "Northside Gym"),
        Account("OR0000SIM0002", "Bright Window Cleaning"),
    )
    creditors: ClassVar[Mapping[str, tuple[Account, ...]]] = {
        "OR0000SIM0001": (Account("CR0000SIM0001", "Northside Gym"), Account("CR0000SIM0002", "Northside Climbing")),
        "OR0000SIM0002": (Account("CR0000SIM0003", "Bright Window Cleaning"),),
    }
    access_life = None
    refreshes = False

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _CONNECT, "/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _CONNECT, "/oauth/authorize", self.decide)
        yield Route("token", "POST", _CONNECT, "/oauth/access_token", self.token)
        yield Route("revoke", "POST", _CONNECT, "/oauth/revoke", self.revoke)
        yield Route("identity", "GET", _API, "/creditors", self.list_creditors, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"live_{secrets.token_urlsafe(30)}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "token_type": "bearer",
            "scope": token.scope,
            "organisation_id": token.account_id,
        }

    def list_creditors(self, _: Call) -> Response:
        if request.headers.get("GoCardless-Version") != _VERSION:
            return _error(400, "version_not_found", f"GoCardless-Version: {_VERSION} is needed")
        token = bearer(self.state, self.id)
        if token is None:
            return _error(401, "access_token_not_found", "The access token you've provided was not found")
        found = [
            {"id": one.id, "name": shown_name(one), "country_code": "GB", "created_at": "2024-05-01T10:00:00.000Z"}
            for one in self.creditors[token.account_id]
        ]
        return answer({"creditors": found, "meta": {"cursors": {"before": None, "after": None}, "limit": 50}})

    def revoke(self, _: Call) -> Response:
        form = form_body(request)
        if form is None or set(form) != {"client_id", "client_secret", "token"}:
            return oauth_error("invalid_request", "A form of client_id, client_secret and token is needed")
        if not usual.client_in_form(self.client, form):
            return oauth_error("invalid_client", "Client authentication failed", 401)
        usual.end(self.state, self.state.by_access(self.id, form["token"]))
        return answer({})


def _error(status: int, reason: str, message: str) -> Response:
    error = {
        "type": "invalid_api_usage",
        "code": status,
        "message": message,
        "request_id": secrets.token_hex(8),
        "documentation_url": f"https://developer.gocardless.com/api-reference#{reason}",
        "errors": [{"reason": reason, "message": message}],
    }
    return answer({"error": error}, status)
