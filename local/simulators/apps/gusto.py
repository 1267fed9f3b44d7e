"""Gusto: scopes that nobody sends, one company for each grant, a version in every API request."""

import re
from collections.abc import Iterable
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import form_body, json_body

_API = literal("api.gusto.com")
_SCOPES = "companies:read payrolls:read contractors:read employees:read"


class Gusto(OAuthApp):
    id = "gusto"
    name = "Gusto"
    # The scopes are agreed with Gusto beforehand.
    rules = Rules()
    body_kind = "application/json or application/x-www-form-urlencoded"
    # One admin may have several companies, and picks one of them.
    accounts = (
        Account("51b1c0de-0a1b-4c2d-8e3f-000000000001", "Redwood Carpentry LLC"),
        Account("51b1c0de-0a1b-4c2d-8e3f-000000000002", "Redwood Furniture Inc"),
        Account("51b1c0de-0a1b-4c2d-8e3f-000000000003", "Prairie Dental PLLC"),
    )
    access_life = 7200
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _API, "/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _API, "/oauth/authorize", self.decide)
        yield Route("token", "POST", _API, "/oauth/token", self.token)
        yield Route("identity", "GET", _API, "/v1/token_info", self.token_info)
        yield Route("details", "GET", _API, "/v1/companies/(?P<company>[0-9a-f-]{36})", self.company, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        body = json_body(request)
        return form_body(request) if body is None else body

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        token.scope = _SCOPES
        return usual.tokens(token, 7200)

    def token_info(self, _: Call) -> Response:
        token = self._allowed()
        if isinstance(token, Response):
            return token
        owner = {"type": "CompanyAdmin", "uuid": f"51b1ad01{token.account_id[8:]}"}
        company = {"type": "Company", "uuid": token.account_id}
        return answer({"scope": token.scope, "resource": company, "resource_owner": owner})

    def company(self, call: Call) -> Response:
        token = self._allowed()
        if isinstance(token, Response):
            return token
        if token.account is None or token.account_id != call.found["company"]:
            return _error(404, "not_found", "The requested resource was not found.")
        name = shown_name(token.account)
        return answer({"uuid": token.account_id, "name": name, "trade_name": name, "company_status": "Approved"})

    def _allowed(self) -> IssuedToken | Response:
        version = request.headers.get("X-Gusto-API-Version", "")
        if re.fullmatch(r"20\d\d-\d\d-\d\d", version) is None:
            wrong = f"Invalid API Version `{version}`. Expected format: YYYY-MM-DD"
            return _error(406, "invalid_api_version", wrong)
        found = bearer(self.state, self.id)
        return _error(401, "invalid_token", "The token is invalid or expired.") if found is None else found


def _error(status: int, category: str, message: str) -> Response:
    return answer({"errors": [{"error_key": "request", "category": category, "message": message}]}, status)
