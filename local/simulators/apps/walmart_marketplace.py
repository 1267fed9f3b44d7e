"""Walmart Marketplace: parameters in camel case, token headers, a seller id from the callback, XML unless told not to."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal
from local.simulators.bearer import header
from local.simulators.client_auth import same
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.token_request import TokenRules

_LOGIN = literal("login.account.wal-mart.com")
_API = literal("marketplace.walmartapis.com")
_SERVICE = "Walmart Marketplace"
_HEADERS = {"WM_QOS.CORRELATION_ID": r"[\w-]{8,}", "WM_SVC.NAME": _SERVICE}
_CODES = {"invalid_client": "UNAUTHORIZED", "invalid_grant": "INVALID_TOKEN"}


class WalmartMarketplace(OAuthApp):
    id = "walmart_marketplace"
    name = "Walmart Marketplace"
    rules = Rules(
        names={"response_type": "responseType", "client_id": "clientId", "redirect_uri": "redirectUri"},
        required=(("clientType", "seller"),),
        filled=frozenset({"nonce"}),
    )
    token_rules = TokenRules(headers={"WM_PARTNER.ID": r"\d+", **_HEADERS})
    accounts = (
        Account("10001101", "Blue Heron Outdoors"),
        Account("10001102", "Maple Street Toys"),
    )
    access_life = 900
    refresh_life = 365 * 24 * 3600

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _LOGIN, "/authorize", self.consent_page)
        yield Route("consent", "POST", _LOGIN, "/authorize", self.decide)
        yield Route("token", "POST", _API, "/v3/token", self.token)
        yield Route("identity", "GET", _API, "/v3/token/detail", self.detail)

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("type", "auth"), ("clientId", seen.client.client_id), ("sellerId", seen.user.id)]

    def accepts_code(self, code: Code) -> bool:
        return same(request.headers.get("WM_PARTNER.ID"), code.account.id)

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return same(request.headers.get("WM_PARTNER.ID"), token.account_id)

    def refusal(self, error: str, description: str, status: int) -> Response:
        code = _CODES.get(error, "INVALID_REQUEST_PARAM")
        found = {"code": f"{code}.GMP_GATEWAY_API", "field": code, "description": description, "severity": "ERROR"}
        return answer(
            {"error": [{**found, "info": error, "category": "DATA", "causes": [], "errorIdentifiers": {}}]}, status
        )

    def token_problem(self, values: Any) -> str:  # noqa: ARG002 - the shape of the base
        return "" if request.headers.get("WM_MARKET", "us") in {"us", "mx", "ca"} else "WM_MARKET is unknown"

    def token(self, call: Call) -> Response:
        """XML unless JSON is asked for."""
        response = super().token(call)
        if _wants_json() or response.status_code != 200:
            return response
        fields = "".join(f"<{name}>{value}</{name}>" for name, value in response.get_json().items())
        return Response(f"<OAuthTokenDTO>{fields}</OAuthTokenDTO>", mimetype="application/xml")

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:
        """A refresh answers no refresh token: the old one stays."""
        found = {"access_token": token.access_token, "token_type": "Bearer", "expires_in": self.access_life}
        return found if refreshed else found | {"refresh_token": token.refresh_token}

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - as above
        return f"eyJraWQi{secrets.token_urlsafe(60)}"

    def detail(self, _: Call) -> Response:
        """Whether a token is good and for what: there is no address that names the seller."""
        wrong = next(
            (name for name, like in _HEADERS.items() if not re.fullmatch(like, request.headers.get(name, ""))), ""
        )
        if wrong or not _wants_json():
            return self.refusal("invalid_request", f"The header {wrong or 'Accept'} is missing or wrong", 400)
        token = header(self.state, self.id, "WM_SEC.ACCESS_TOKEN")
        if token is None:
            return self.refusal("invalid_client", "Unauthorized token or incorrect authorization header.", 401)
        scopes = {"orders": "view_only", "reports": "view_only", "item": "view_only"}
        moments = {"issued_at": int((token.expires_at or 0) - 900), "expire_at": int(token.expires_at or 0)}
        return answer({"is_valid": True, "is_channel_match": True, **moments, "scopes": scopes})


def _wants_json() -> bool:
    return "application/json" in request.headers.get("Accept", "")
