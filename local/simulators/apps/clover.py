"""Clover: regions, JSON without a grant type, moments in epoch seconds, and refreshing without the secret."""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, shown_name, with_query
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body, public
from local.simulators.issuing import account_of
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import json_body
from local.simulators.token_request import TokenRules

# The host of the pages → the region; the host of tokens and API is its partner.
_SITES = {"www": "na", "www.eu": "eu", "www.la": "la", "sandbox.dev": "sandbox"}
_APIS = {"api": "na", "api.eu": "eu", "api.la": "la", "apisandbox.dev": "sandbox"}


class Clover(OAuthApp):
    id = "clover"
    name = "Clover"
    rules = Rules(redirect_uri=Sent.OPTIONAL)
    token_rules = TokenRules(
        grant_implied=True, never=frozenset({"redirect_uri", "code_verifier"}), separate_refresh=True
    )
    token_redirect_uri = False
    body_kind = "application/json, an object of texts"
    accounts = (
        Account("SIMCLVRNA0001", "Stumptown Diner", {"region": "na"}),
        Account("SIMCLVRNA0002", "Stumptown Diner – Airport", {"region": "na"}),
        Account("SIMCLVREU0001", "Café Lindenhof", {"region": "eu"}),
        Account("SIMCLVRLA0001", "Panadería Sol", {"region": "la"}),
        Account("SIMCLVRSB0001", "Sandbox Bistro", {"region": "sandbox"}),
    )
    access_life = 1800
    refresh_life = 365 * 24 * 3600
    rotates = True

    def routes(self) -> Iterable[Route]:
        site = r"(?P<site>www|www\.eu|www\.la|sandbox\.dev)\.clover\.com"
        api = r"(?P<api>api|api\.eu|api\.la|apisandbox\.dev)\.clover\.com"
        yield Route("authorize", "GET", site, "/oauth/v2/authorize", self.consent_page)
        yield Route("consent", "POST", site, "/oauth/v2/authorize", self.decide)
        yield Route("token", "POST", api, "/oauth/v2/token", self.token)
        yield Route("refresh", "POST", api, "/oauth/v2/refresh", self.refresh)
        yield Route("identity", "GET", api, r"/v3/merchants/(?P<merchant>\w+)", self.merchant, shows_name=True)

    def accounts_at(self, call: Call) -> Sequence[Account]:
        return [account for account in self.accounts if account.extra["region"] == _SITES[call.found["site"]]]

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def refresh_client_auth(self, query: Query, seen: Any) -> Any:
        return public(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        return json_body(request)

    def accepts_code(self, code: Code) -> bool:
        return code.account.extra["region"] == _region(g.call)

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return token.account is not None and token.account.extra["region"] == _region(g.call)

    def new_code(self) -> str:
        return str(uuid.uuid4())

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"eyJraWQi{secrets.token_urlsafe(48)}"

    def new_refresh_token(self) -> str:
        return f"clvroar-{secrets.token_hex(16)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [
            ("merchant_id", seen.user.id),
            ("employee_id", f"EMP{seen.user.id[-4:]}"),
            ("client_id", seen.client.client_id),
        ]

    def arrival(self, account: str, url: str) -> str:
        """The Site URL, and no code: it takes an authorize request to get one."""
        known = self.client.client_id if self.client else ""
        return with_query(url, [("merchant_id", account_of(self, account).id), ("client_id", known)])

    def refusal(self, error: str, description: str, status: int) -> Response:
        return answer({"message": f"{error}: {description}"}, 401 if error == "invalid_grant" else status)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "access_token_expiration": int(token.expires_at or 0),
            "refresh_token": token.refresh_token,
            "refresh_token_expiration": int(token.refresh_expires_at or 0),
        }

    def merchant(self, call: Call) -> Response:
        token = bearer(self.state, self.id)
        account = token.account if token else None
        if account is None or account.id != call.found["merchant"] or account.extra["region"] != _region(call):
            return answer({"message": "401 Unauthorized"}, 401)
        where = f"https://{call.host}/v3/merchants/{account.id}"
        return answer({"href": where, "id": account.id, "name": shown_name(account), "owner": {"id": "SIMOWNER00001"}})


def _region(call: Call) -> str:
    return _APIS[call.found["api"]]
