"""Faire for brands: its own names throughout, scopes one by one, two headers, and one working token for each brand."""

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import REPEATED, Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body, same
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import json_body
from local.simulators.token_request import TokenRules

_SITE = literal("faire.com")
_API = literal("www.faire.com")
_INSTALLED = "Application is already installed via an active OAuth access token"


class Faire(OAuthApp):
    id = "faire"
    name = "Faire"
    rules = Rules(
        scopes=frozenset(
            {"READ_BRAND", "READ_ORDERS", "READ_PRODUCTS", "READ_SHIPMENTS", "READ_INVENTORIES", "READ_RETAILER"}
        ),
        separator=REPEATED,
        names={"client_id": "applicationId", "redirect_uri": "redirectUrl"},
        response_type="",
    )
    token_rules = TokenRules(
        names={
            "client_id": "application_token",
            "client_secret": "application_secret",
            "redirect_uri": "redirect_url",
            "code": "authorization_code",
        },
        grants={"authorization_code": "AUTHORIZATION_CODE"},
        with_code=("scope",),
        never=frozenset({"code_verifier", "refresh_token"}),
    )
    callback_names: ClassVar[Mapping[str, str]] = {"code": "authorizationCode"}
    body_kind = "application/json, with scope as a list"
    accounts = (Account("b_sim60ae65c4", "Fern & Clay"), Account("b_sim71bf76d5", "Little Lantern Co."))
    access_life = None
    refreshes = False
    code_life = 600

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/oauth2/authorize", self.consent_page)
        yield Route("consent", "POST", _SITE, "/oauth2/authorize", self.decide)
        yield Route("token", "POST", _API, "/api/external-api-oauth2/token", self.token)
        yield Route("revoke", "POST", _API, "/api/external-api-oauth2/revoke", self.revoke)
        yield Route("identity", "GET", _API, "/external-api/v2/brands/profile", self.profile, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        return json_body(request, lists={"scope"})

    def accepts_code(self, code: Code) -> bool:
        return sorted(g.values["scope"].split()) == sorted(code.scope.split())

    def token_problem(self, values: MultiDict[str, str]) -> str:
        """A brand's working token stands in the way of another, and the code is not spent by that."""
        code = self.state.find_code(self.id, values.get("code", ""))
        if code is None or code.used:
            return ""
        taken = any(token.active and token.account_id == code.account.id for token in self.state.issued(self.id))
        return _INSTALLED if taken else ""

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"oaa_{secrets.token_hex(24)}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {"access_token": token.access_token, "token_type": "BEARER"}

    def profile(self, _: Call) -> Response:
        client, token = self.client, header(self.state, self.id, "X-FAIRE-OAUTH-ACCESS-TOKEN")
        pair = f"{client.client_id}:{client.client_secret}" if client else ""
        if not same(request.headers.get("X-FAIRE-APP-CREDENTIALS"), b64encode(pair.encode()).decode()):
            return answer({"message": "X-FAIRE-APP-CREDENTIALS is missing or wrong"}, 401)
        if token is None or token.account is None:
            return answer({"message": "The access token is invalid"}, 401)
        if "READ_BRAND" not in token.scope.split():
            return answer({"message": "READ_BRAND is needed"}, 403)
        return answer({"brand_id": token.account_id, "name": shown_name(token.account), "currency": "USD"})

    def revoke(self, _: Call) -> Response:
        body, client = json_body(request), self.client
        if body is None or set(body) != {"application_token", "application_secret", "access_token_o_auth"}:
            return self.refusal("invalid_request", "application_token, application_secret and access_token_o_auth", 400)
        known = client is not None and same(body["application_token"], client.client_id)
        if client is None or not known or not same(body["application_secret"], client.client_secret):
            return self.refusal("invalid_client", "Wrong application", 401)
        token = self.state.by_access(self.id, body["access_token_o_auth"])
        if token is None:
            return self.refusal("invalid_request", "No working token", 400)
        self.state.end_grant(token.grant)
        return answer({"success": "true"})
