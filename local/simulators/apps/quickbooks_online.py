"""QuickBooks Online: the company comes with the callback only, refresh tokens change with time, XML unless asked."""

import secrets
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from flask import Response, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, oauth_error, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.pasted import unknown_in_query
from local.simulators.requests_seen import json_body
from local.simulators.signing import signed

_SITE = literal("appcenter.intuit.com")
_OAUTH = literal("oauth.platform.intuit.com")
_REVOKE = literal("developer.api.intuit.com")
_API = literal("quickbooks.api.intuit.com")
_ACCOUNTING = "com.intuit.quickbooks.accounting"
_DAY = 24 * 3600


class QuickbooksOnline(OAuthApp):
    id = "quickbooks_online"
    name = "QuickBooks Online"
    rules = Rules(scopes=frozenset({_ACCOUNTING, "openid", "profile", "email"}))
    # An account is a company, which Intuit calls a realm.
    accounts = (
        Account("9130350000000101", "Cedar & Co. Accounting Demo"),
        Account("9130350000000102", "Cedar Landscaping"),
        Account("4620816365000000103", "Old Mill Brewery"),
    )
    refresh_life = 8726400
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/connect/oauth2", self.consent_page)
        yield Route("consent", "POST", _SITE, "/connect/oauth2", self.decide)
        yield Route("token", "POST", _OAUTH, "/oauth2/v1/tokens/bearer", self.token)
        yield Route("revoke", "POST", _REVOKE, "/v2/oauth2/tokens/revoke", self.revoke)
        company = r"/v3/company/(?P<realm>\d+)/companyinfo/(?P<again>\d+)"
        yield Route("identity", "GET", _API, company, self.company, shows_name=True)

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("realmId", seen.user.id)]

    def new_code(self) -> str:
        return f"AB1{secrets.token_urlsafe(30)}"

    def new_refresh_token(self) -> str:
        return f"AB{secrets.token_urlsafe(30)}"

    def keeps_refresh(self, token: IssuedToken) -> bool:
        """A refresh token stays the same for a day; its successor lives for the whole time again."""
        born = (token.refresh_expires_at or 0) - self.refresh_life
        return self.state.now() < born + _DAY

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:
        left = round((token.refresh_expires_at or 0) - self.state.now())
        known = usual.tokens(token, 3600) | {"token_type": "bearer", "x_refresh_token_expires_in": left}
        del known["scope"]
        if not refreshed and usual.allows(token, "openid"):
            now = int(self.state.now())
            issued = {"iss": "https://oauth.platform.intuit.com/op/v1", "iat": now, "exp": now + 3600}
            known["id_token"] = signed({**issued, "aud": [token.client_id], "sub": "51b1-owner"})
        return known

    def company(self, call: Call) -> Response:
        token, realm = bearer(self.state, self.id), call.found["realm"]
        if token is None or token.account is None:
            return _fault(401, "AuthenticationFailed", "003200", "AUTHENTICATION")
        if realm != token.account_id or realm != call.found["again"] or not usual.allows(token, _ACCOUNTING):
            return _fault(403, "ApplicationAuthorizationFailed", "003100", "AUTHORIZATION")
        if unknown_in_query({"minorversion"}):
            return _fault(400, "InvalidParameter", "002010", "ValidationFault")
        name = shown_name(token.account)
        if not _wants_json():
            body = (
                f"<IntuitResponse><CompanyInfo><CompanyName>{escape(name)}</CompanyName></CompanyInfo></IntuitResponse>"
            )
            return Response(f'<?xml version="1.0" encoding="UTF-8"?>{body}', mimetype="application/xml")
        # The Id is not the realm.
        info = {"CompanyName": name, "LegalName": name, "Country": "US", "domain": "QBO", "Id": "1", "SyncToken": "4"}
        return answer({"CompanyInfo": info, "time": "2026-03-01T09:00:00.000-08:00"})

    def revoke(self, _: Call) -> Response:
        """JSON of either token, and HTTP Basic."""
        if not usual.client_by_basic(self.client):
            return oauth_error("invalid_client", "Client authentication failed", 401)
        body = json_body(request)
        if body is None or set(body) != {"token"} or request.args:
            return oauth_error("invalid_request", "A JSON object of token is needed")
        value = body["token"]
        if not usual.end(self.state, self.state.by_access(self.id, value) or self.state.by_refresh(self.id, value)):
            return oauth_error("invalid_request", "The token is unknown")
        return Response(status=200)


def _wants_json() -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _fault(status: int, message: str, code: str, kind: str) -> Response:
    """Faults are JSON or XML like everything else."""
    text = f"message={message}; errorCode={code}; statusCode={status}"
    if not _wants_json():
        fault = f'<Fault type="{kind}"><Error code="{code[2:]}"><Message>{text}</Message></Error></Fault>'
        return Response(f"<IntuitResponse>{fault}</IntuitResponse>", status, mimetype="application/xml")
    error = {"Message": text, "Detail": text, "code": code[2:]}
    return answer({"Fault": {"Error": [error], "type": kind}, "time": "2026-03-01T09:00:00.000-08:00"}, status)
