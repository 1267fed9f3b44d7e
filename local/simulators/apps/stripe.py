"""Stripe Connect: the platform's secret key instead of a client secret, and tokens without an end."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, basic_pair, refuse, same
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.requests_seen import form_body

_CONNECT = literal("connect.stripe.com")
_API = literal("api.stripe.com")


def platform_keys(headers: Any, form: MultiDict[str, str]) -> list[str]:
    """The secret key, wherever a request has it: as Bearer, as Basic's username, or as client_secret in the body."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    username, password = basic_pair(headers)
    found = [form["client_secret"]] if "client_secret" in form else []
    if scheme.lower() == "bearer":
        found.append(value)
    if username and not password:
        found.append(username)
    return found


class Stripe(OAuthApp):
    id = "stripe"
    name = "Stripe"
    rules = Rules(
        # One of two in truth; this platform only reads.
        scopes=frozenset({"read_only"}),
        optional=frozenset({"stripe_landing", "always_prompt", "stripe_user"}),
    )
    accounts = (
        Account("acct_1SimHarbourBooks", "Harbour Books"),
        Account("acct_1SimGreenGrocer", "The Green Grocer"),
        Account("acct_1SimYogaStudio", "Sunrise Yoga"),
    )
    access_life = None
    token_redirect_uri = False

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _CONNECT, "/oauth/authorize", self.consent_page)
        yield Route("consent", "POST", _CONNECT, "/oauth/authorize", self.decide)
        yield Route("token", "POST", _CONNECT, "/oauth/token", self.token)
        yield Route("revoke", "POST", _CONNECT, "/oauth/deauthorize", self.deauthorize)
        yield Route("identity", "GET", _API, "/v1/account", self.account, shows_name=True)

    @property
    def live(self) -> bool:
        return self.client is not None and self.client.client_secret.startswith("sk_live_")

    def client_auth(self, query: Query, seen: Any) -> Any:
        """The secret key, in one place, says who we are. A client_id, when there, has to agree."""
        ours = self.client.client_id if self.client else ""
        client = query(seen.form.get("client_id", ours))
        if client is None:
            refuse("Unknown client_id")
        keys = platform_keys(seen.headers, seen.form)
        if len(keys) != 1:
            refuse("The secret key is required, in one place")
        return client if same(keys[0], client.secret) else refuse("Invalid API Key provided")

    def new_code(self) -> str:
        return f"ac_{secrets.token_hex(16)}"

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"sk_{self._mode}_{secrets.token_hex(24)}"

    def new_refresh_token(self) -> str:
        return f"rt_{secrets.token_hex(24)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("scope", seen.scope)]

    def denial(self, call: Call) -> list[tuple[str, str]]:
        return [*super().denial(call), ("error_description", "The user denied your request")]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "livemode": self.live,
            "refresh_token": token.refresh_token,
            "token_type": "bearer",
            "stripe_publishable_key": f"pk_{self._mode}_{token.account_id.removeprefix('acct_')}",
            "stripe_user_id": token.account_id,
            "scope": token.scope,
        }

    def account(self, _: Call) -> Response:
        token = bearer(self.state, self.id) or self._by_header()
        if token is None or token.account is None:
            return _error(401, "Invalid API Key provided")
        name = shown_name(token.account)
        return answer(
            {
                "id": token.account_id,
                "object": "account",
                "business_profile": {"name": name, "url": None},
                "charges_enabled": True,
                "country": "US",
                "default_currency": "usd",
                "email": "owner@stripe-seller.example",
                "payouts_enabled": True,
                "settings": {"dashboard": {"display_name": name, "timezone": "America/New_York"}},
                "type": "standard",
            }
        )

    def deauthorize(self, _: Call) -> Response:
        form, client = form_body(request), self.client
        if form is None:
            return _refused("invalid_request", "The body must be application/x-www-form-urlencoded", 400)
        keys = platform_keys(request.headers, form)
        if client is None or len(keys) != 1 or not same(keys[0], client.client_secret):
            return _refused("invalid_client", "Invalid API Key provided", 401)
        account = form.get("stripe_user_id", "")
        if not same(form.get("client_id"), client.client_id) or not account:
            return _refused("invalid_request", "client_id and stripe_user_id are required", 400)
        if not self.state.end_account(self.id, account):
            return _refused("invalid_client", f"This application is not connected to {account}", 401)
        return answer({"stripe_user_id": account})

    @property
    def _mode(self) -> str:
        return "live" if self.live else "test"

    def _by_header(self) -> IssuedToken | None:
        """The platform's own key, with the connected account named in a header."""
        keys = platform_keys(request.headers, MultiDict())
        if self.client is None or len(keys) != 1 or not same(keys[0], self.client.client_secret):
            return None
        wanted = request.headers.get("Stripe-Account", "")
        return next((t for t in self.state.issued(self.id) if t.active and t.account_id == wanted), None)


def _error(status: int, message: str) -> Response:
    return answer({"error": {"message": message, "type": "invalid_request_error"}}, status)


def _refused(error: str, description: str, status: int) -> Response:
    return answer({"error": error, "error_description": description}, status)
