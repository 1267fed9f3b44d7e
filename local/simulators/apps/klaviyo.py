"""Klaviyo: PKCE and Basic both, a revision in every API request, and refresh tokens that live on while used."""

import re
import uuid
from collections.abc import Iterable
from typing import Any

from flask import Response, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_SITE = literal("www.klaviyo.com")
_API = literal("a.klaviyo.com")


class Klaviyo(OAuthApp):
    id = "klaviyo"
    name = "Klaviyo"
    rules = Rules(scopes=frozenset({"accounts:read", "metrics:read", "events:read", "catalogs:read"}), pkce=True)
    accounts = (Account("SiMaC1", "Juniper Skincare"), Account("SiMaC2", "Trailhead Outfitters"))
    refresh_life = 90 * 24 * 3600
    refresh_slides = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SITE, "/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _SITE, "/oauth/authorize", self.decide)
        yield Route("token", "POST", _API, "/oauth/token", self.token)
        yield Route("revoke", "POST", _API, "/oauth/revoke", self.revoke)
        yield Route("identity", "GET", _API, "/api/accounts/?", self.list_accounts, shows_name=True)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return usual.tokens(token, 3600) | {"token_type": "bearer"}

    def list_accounts(self, _: Call) -> Response:
        if re.fullmatch(r"20\d\d-\d\d-\d\d", request.headers.get("revision", "")) is None:
            return _error(400, "invalid", "The header revision: YYYY-MM-DD is needed.")
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return _error(401, "not_authenticated", "Authentication credentials were not provided.")
        if not usual.allows(token, "accounts:read"):
            return _error(403, "permission_denied", "accounts:read is needed.")
        contact = {"organization_name": shown_name(token.account), "default_sender_name": "Olive Owner"}
        found = {
            "type": "account",
            "id": token.account_id,
            "attributes": {"test_account": False, "contact_information": contact, "timezone": "US/Eastern"},
            "links": {"self": f"https://a.klaviyo.com/api/accounts/{token.account_id}/"},
        }
        return _json_api({"data": [found], "links": {"self": "https://a.klaviyo.com/api/accounts/", "next": None}})

    def revoke(self, _: Call) -> Response:
        """Of a refresh token; another token ends nothing (RFC 7009 §2.2)."""
        value = usual.to_revoke(self.client)
        if isinstance(value, Response):
            return value
        usual.end(self.state, self.state.by_refresh(self.id, value))
        return Response(status=200)


def _json_api(payload: object, status: int = 200) -> Response:
    response = answer(payload, status)
    response.mimetype = "application/vnd.api+json"
    return response


def _error(status: int, code: str, detail: str) -> Response:
    error = {"id": str(uuid.uuid4()), "status": status, "code": code, "title": detail, "detail": detail}
    return _json_api({"errors": [error | {"source": {"pointer": "/data/"}}]}, status)
