"""Lightspeed Retail (R-Series): no redirect URI in the authorize request, and both tokens change at every refresh."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators import usual
from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.signing import signed

_CLOUD = literal("cloud.lightspeedapp.com")
_API = literal("api.lightspeedapp.com")
_LIFE = 1800


class LightspeedR(OAuthApp):
    id = "lightspeed_r"
    name = "Lightspeed Retail (R-Series)"
    rules = Rules(
        scopes=frozenset(
            {"employee:reports", "employee:register_read", "employee:inventory_read", "employee:inventory"}
        ),
        # The registered one is used.
        redirect_uri=Sent.NEVER,
        pkce_welcome=True,
    )
    token_redirect_uri = False
    accounts = (Account("251101", "Summit Ski & Bike"), Account("251102", "Paper Crane Gifts"))
    access_life = _LIFE
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _CLOUD, "/auth/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _CLOUD, "/auth/oauth/authorize", self.decide)
        yield Route("token", "POST", _CLOUD, "/auth/oauth/token", self.token)
        yield Route("identity", "GET", _API, r"/API/V3/Account\.json", self.account, shows_name=True)
        yield Route("details", "GET", _API, r"/API/V3/Account/(?P<account>\d+)\.json", self.account, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_access_token(self, account: Account) -> str:
        now = int(self.state.now())
        issued = {"iss": "https://cloud.lightspeedapp.com", "iat": now, "nbf": now, "exp": now + _LIFE}
        return signed({**issued, "jti": uuid.uuid4().hex, "sub": "12", "acct": account.id})

    def new_refresh_token(self) -> str:
        return f"def50200{uuid.uuid4().hex * 20}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return usual.tokens(token, _LIFE)

    def account(self, call: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "Unauthorized", "Invalid access token")
        if call.found.get("account", token.account_id) != token.account_id:
            return _error(403, "Forbidden", "You do not have access to this account")
        links = {"link": {"@attributes": {"href": f"/API/V3/Account/{token.account_id}"}}}
        found = {"accountID": token.account_id, "name": shown_name(token.account), **links}
        return answer({"@attributes": {"count": "1"}, "Account": found})


def _error(status: int, title: str, message: str) -> Response:
    return answer(
        {"httpCode": str(status), "httpMessage": title, "message": message, "errorClass": "Exception"}, status
    )
