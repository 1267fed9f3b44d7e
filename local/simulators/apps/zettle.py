"""Zettle: a token answer without type and scope, refresh tokens that change, and a business's name elsewhere."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.signing import signed

_OAUTH = literal("oauth.zettle.com")
_SECURE = literal("secure.izettle.com")
_USERINFO = "READ:USERINFO"


class Zettle(OAuthApp):
    id = "zettle"
    name = "Zettle by PayPal"
    rules = Rules(scopes=frozenset({"READ:FINANCE", "READ:PURCHASE", "READ:PRODUCT", _USERINFO}), pkce_welcome=True)
    # An account is an organisation; a person signs in.
    accounts = (
        Account("7c6b5a40-1d2e-11ee-8a6f-51b100000001", "Fjord Fish", {"user": "7c6b5a41-1d2e-11ee-8a6f-51b100000001"}),
        Account("7c6b5a40-1d2e-11ee-8a6f-51b100000002", "Kanel Kafé", {"user": "7c6b5a41-1d2e-11ee-8a6f-51b100000002"}),
    )
    access_life = 7200
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _OAUTH, "/authorize", self.consent_page)
        yield Route("consent", "POST", _OAUTH, "/authorize", self.decide)
        yield Route("token", "POST", _OAUTH, "/token", self.token)
        yield Route("identity", "GET", _OAUTH, "/users/self", self.user)
        organisation = "/api/resources/organizations/self"
        yield Route("details", "GET", _SECURE, organisation, self.organisation, shows_name=True)
        yield Route("revoke", "DELETE", _OAUTH, "/application-connections/self", self.disconnect)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_access_token(self, account: Account) -> str:
        person = {"userType": "USER", "uuid": account.extra["user"], "orgUuid": account.id, "userRole": "OWNER"}
        now = int(self.state.now())
        claims = {"iss": "iZettle", "aud": "API", "iat": now, "exp": now + 7200, "jti": uuid.uuid4().hex}
        return signed({**claims, "sub": account.extra["user"], "user": person})

    def new_refresh_token(self) -> str:
        return f"IZSEC{uuid.uuid4()}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return {"access_token": token.access_token, "expires_in": 7200, "refresh_token": token.refresh_token}

    def user(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _unauthorized()
        return answer({"uuid": token.account.extra["user"], "organizationUuid": token.account_id})

    def organisation(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _unauthorized()
        if not usual.allows(token, _USERINFO):
            return answer({"error": "insufficient_scope", "error_description": f"{_USERINFO} is needed"}, 403)
        name = shown_name(token.account)
        return answer({"uuid": token.account_id, "name": name, "country": "SE", "currency": "SEK"})

    def disconnect(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None:
            return _unauthorized()
        self.state.end_account(self.id, token.account_id)
        return Response(status=204)


def _unauthorized() -> Response:
    return answer({"error": "invalid_token", "error_description": "The access token is missing or not valid"}, 401)
