"""Uber Eats: a merchant's token that only lists stores, and the app's own that a store answers once it is enabled."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import Response, g, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body
from local.simulators.model import BIG, Account, IssuedToken, Misbehaviour
from local.simulators.oauth import OAuthApp
from local.simulators.pasted import unknown_in_query
from local.simulators.requests_seen import form_body

_LOGIN = r"(?:login|auth)\.uber\.com"
_API = literal("api.uber.com")
_LIFE = 30 * 24 * 3600
_PROVISIONING = "eats.pos_provisioning"
_APP_SCOPES = frozenset({"eats.store", "eats.report"})


class UberEats(OAuthApp):
    id = "uber_eats"
    name = "Uber Eats"
    rules = Rules(scopes=frozenset({_PROVISIONING, "offline_access"}), pkce_welcome=True)
    # An account is a merchant's login, and has the id and name of its first store.
    accounts = (
        Account("51b10001-40b7-4bd8-b01c-c7d1cbd194f6", "Taco Corner – Mission"),
        Account("51b10003-40b7-4bd8-b01c-c7d1cbd194f6", "Pho Palace"),
    )
    stores: ClassVar[Mapping[str, tuple[Account, ...]]] = {
        accounts[0].id: (accounts[0], Account("51b10002-40b7-4bd8-b01c-c7d1cbd194f6", "Taco Corner – Castro")),
        accounts[1].id: (accounts[1],),
    }
    access_life = _LIFE

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _LOGIN, "/oauth/v2/authorize", self.consent_page)
        yield Route("consent", "POST", _LOGIN, "/oauth/v2/authorize", self.decide)
        yield Route("token", "POST", _LOGIN, "/oauth/v2/token", self.token)
        yield Route("identity", "GET", _API, "/v1/eats/stores", self.list_stores, shows_name=True)
        yield Route("details", "GET", _API, "/v1/eats/stores/(?P<store>[0-9a-f-]{36})", self.store, shows_name=True)

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        known = usual.tokens(token, _LIFE)
        if not usual.allows(token, "offline_access"):
            token.refresh_token = ""
            del known["refresh_token"]
        return known

    def token(self, call: Call) -> Response:
        form = form_body(request)
        if form is not None and form.get("grant_type") == "client_credentials":
            return self._app_token(form)
        return super().token(call)

    def _app_token(self, form: Mapping[str, str]) -> Response:
        """A token of ours alone, for what Uber gave to our application."""
        if set(form) != {"grant_type", "client_id", "client_secret", "scope"} or request.args:
            return self.refusal("invalid_request", "client_id, client_secret and scope are needed, in the body", 400)
        if not usual.client_in_form(self.client, form) or "Authorization" in request.headers:
            return self.refusal("invalid_client", "The client credentials are wrong", 401)
        if not _APP_SCOPES.issuperset(form["scope"].split(" ")):
            return self.refusal("invalid_scope", "A scope is unknown to this grant", 400)
        value = secrets.token_urlsafe(40)
        token = IssuedToken(
            access_token=value.ljust(BIG, "x") if g.get("how") is Misbehaviour.BIG_TOKEN else value,
            refresh_token="",
            account_id="",
            scope=form["scope"],
            app=self.id,
            client_id=form["client_id"],
            grant=self.state.new_grant(),
            expires_at=self.state.now() + _LIFE,
        )
        with self.state.lock:
            self.state.tokens.append(token)
        known = usual.tokens(token, _LIFE)
        del known["refresh_token"]
        return answer(known)

    def list_stores(self, _: Call) -> Response:
        """The merchant's own with a merchant's token; with the app's, those that were enabled."""
        token = bearer(self.state, self.id)
        if token is None:
            return _error(401, "unauthorized", "Invalid OAuth 2.0 credentials provided.")
        if unknown_in_query({"limit", "start_key"}):
            return _error(400, "invalid_request", "limit and start_key are all there is to ask.")
        if token.account is None and usual.allows(token, "eats.store"):
            found = [store for store in self._all() if self.state.marked(self.id, store.id)]
        elif token.account is not None and usual.allows(token, _PROVISIONING):
            found = list(self.stores[token.account_id])
        else:
            return _error(403, "forbidden", f"{_PROVISIONING} or eats.store is needed.")
        return answer({"stores": [_shown(store) for store in found]})

    def store(self, call: Call) -> Response:
        token, wanted = bearer(self.state, self.id), call.found["store"]
        if token is None:
            return _error(401, "unauthorized", "Invalid OAuth 2.0 credentials provided.")
        if not usual.allows(token, "eats.store"):
            return _error(403, "forbidden", "eats.store is needed.")
        store = next((one for one in self._all() if one.id == wanted), None)
        if store is None:
            return _error(404, "not_found", "There is no such store.")
        if not self.state.marked(self.id, wanted):
            return _error(403, "forbidden", "This application is not authorized for the store.")
        return answer(_shown(store))

    def _all(self) -> Iterable[Account]:
        return (store for stores in self.stores.values() for store in stores)


def _shown(store: Account) -> dict[str, Any]:
    location = {"address": "636 W 28th Street", "city": "San Francisco", "country": "US", "state": "CA"}
    return {"store_id": store.id, "name": shown_name(store), "location": location, "status": "active"}


def _error(status: int, code: str, message: str) -> Response:
    return answer({"code": code, "message": message}, status)
