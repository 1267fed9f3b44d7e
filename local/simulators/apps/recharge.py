"""Recharge: an install link with our id in its path, no state on the way back, and a client without a secret."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, request

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import header
from local.simulators.client_auth import Query, public
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_ADMIN = literal("admin.rechargeapps.com")
_TOKEN = literal("www.admin.rechargeapps.com")
_API = literal("api.rechargeapps.com")
# The store's platform says which parameter has its name.
_PLATFORMS = ("myshopify_domain", "mybigcommerce_domain")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
VERSION = "2021-11"


class Recharge(OAuthApp):
    id = "recharge"
    name = "Recharge"
    rules = Rules(
        client_in_path=True,
        response_type="",
        redirect_uri=Sent.NEVER,
        state=Sent.NEVER,
        optional=frozenset(_PLATFORMS),
    )
    access_life = None
    refreshes = False

    def routes(self) -> Iterable[Route]:
        install = r"/partners/app/(?P<client_id>[\w-]+)/install"
        yield Route("authorize", "GET", _ADMIN, install, self.consent_page)
        yield Route("consent", "POST", _ADMIN, install, self.decide)
        yield Route("token", "POST", _TOKEN, "/oauth/token", self.token)
        yield Route("identity", "GET", _API, "/store", self.store, shows_name=True)

    def authorize_problem(self, query: Any) -> str:
        given = [query[name] for name in _PLATFORMS if name in query]
        if len(given) != 1:
            return f"One of {' and '.join(_PLATFORMS)} is needed"
        return "" if _NAME.fullmatch(given[0]) else "The store's name alone is needed, without its domain"

    def accounts_at(self, call: Call) -> Sequence[Account]:  # noqa: ARG002 - the name is in the query
        """The announced store, and another one of the same person, who may choose it instead."""
        name = next((request.args[key] for key in _PLATFORMS if key in request.args), "")
        return [store(name), store("another-store")]

    def client_auth(self, query: Query, seen: Any) -> Any:
        return public(query, seen)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"sk_1x1_{secrets.token_hex(32)}"

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {"access_token": token.access_token}

    def store(self, _: Call) -> Response:
        if request.headers.get("X-Recharge-Version") != VERSION:
            return answer({"errors": f"X-Recharge-Version: {VERSION} is needed"}, 400)
        token = header(self.state, self.id, "X-Recharge-Access-Token")
        if token is None or token.account is None:
            return answer({"errors": "Bad authentication token"}, 401)
        account = token.account
        found = {"id": int(account.id), "name": shown_name(account), "identifier": account.extra["identifier"]}
        return answer({"store": {**found, "external_platform": "shopify", "currency": "USD"}})


def store(name: str) -> Account:
    """The store of a name: always the same for the same name."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
    return Account(str(number), name.replace("-", " ").title(), {"identifier": f"{name}.myshopify.com"})
