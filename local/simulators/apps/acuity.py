"""Acuity Scheduling: tokens without an end, and a disconnect with a parameter of its own name."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import form_body

_HOST = literal("acuityscheduling.com")


class Acuity(OAuthApp):
    id = "acuity"
    name = "Acuity Scheduling"
    rules = Rules(scopes=frozenset({"api-v1"}))
    accounts = (Account("23151101", "Stillwater Massage"), Account("23151102", "Piano with Priya"))
    access_life = None
    refreshes = False

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _HOST, "/oauth2/authorize", self.consent_page)
        yield Route("consent", "POST", _HOST, "/oauth2/authorize", self.decide)
        yield Route("token", "POST", _HOST, "/oauth2/token", self.token)
        yield Route("revoke", "POST", _HOST, "/oauth2/disconnect", self.disconnect)
        yield Route("identity", "GET", _HOST, "/api/v1/me", self.me, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return secrets.token_hex(32)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {"access_token": token.access_token, "token_type": "Bearer"}

    def me(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "unauthorized", "You must be authorized to make this request.")
        name, email = shown_name(token.account), "owner@acuity-seller.example"
        return answer({"id": int(token.account_id), "name": name, "email": email, "currency": "USD"})

    def disconnect(self, _: Call) -> Response:
        """A form of access_token, client_id and client_secret: not the standard's ``token``."""
        form = form_body(request)
        if form is None or set(form) != {"access_token", "client_id", "client_secret"}:
            return _error(400, "invalid_request", "access_token, client_id and client_secret are required.")
        if not usual.client_in_form(self.client, form):
            return _error(401, "invalid_client", "The client credentials are invalid.")
        if not usual.end(self.state, self.state.by_access(self.id, form["access_token"])):
            return _error(400, "invalid_token", "The access token is invalid.")
        return answer({"success": True})


def _error(status: int, error: str, message: str) -> Response:
    return answer({"status_code": status, "error": error, "message": message}, status)
