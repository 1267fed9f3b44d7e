"""A simulated app's OAuth 2.0 server: Authlib's, with places for what the app does its own way."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from authlib.oauth2.base import OAuth2Error
from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from . import authorize, page, token_request
from .base import App, Call
from .client_auth import Query, basic
from .grants import CODE_LIFE_S
from .issuing import Server
from .model import Account, Client, Code, IssuedToken
from .requests_seen import form_body
from .state import State
from .token_request import TokenRules


class OAuthApp(App):
    """A simulated app that sellers connect by OAuth 2.0. Subclasses say where it differs from the standard."""

    rules: ClassVar[authorize.Rules]
    token_rules: ClassVar[TokenRules] = TokenRules()
    accounts: ClassVar[Sequence[Account]] = ()
    body_kind = "application/x-www-form-urlencoded"
    access_life: int | None = 3600
    refresh_life: int | None = None
    # Whether there are refresh tokens at all.
    refreshes = True
    rotates = False
    # Whether a refresh token lives on for its whole life after each use.
    refresh_slides = False
    code_life = CODE_LIFE_S
    one_token_per_account = False
    # Whether the token request must repeat the redirect URI, or only may.
    token_redirect_uri = True
    # The callback's parameters that this app calls otherwise.
    callback_names: ClassVar[Mapping[str, str]] = {}

    def __init__(self, state: State, client: Client | None) -> None:
        super().__init__(state, client)
        self.server = Server(self)

    # What the app does its own way.

    def client_auth(self, query: Query, seen: Any) -> Any:
        return basic(query, seen)

    def refresh_client_auth(self, query: Query, seen: Any) -> Any:
        """How a client proves itself at the address of its own that refresh tokens have with some apps."""
        return self.client_auth(query, seen)

    def read_body(self) -> MultiDict[str, str] | None:
        return form_body(request)

    def accounts_at(self, call: Call) -> Sequence[Account]:  # noqa: ARG002 - Shopify's depend on the host
        return self.accounts

    def new_code(self) -> str:
        return secrets.token_urlsafe(32)

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - Etsy's begin with the user's id
        return secrets.token_urlsafe(40)

    def new_refresh_token(self) -> str:
        return secrets.token_urlsafe(40)

    def accepts_code(self, code: Code) -> bool:  # noqa: ARG002 - Shopify's belong to one shop's host
        return True

    def accepts_refresh(self, token: IssuedToken) -> bool:  # noqa: ARG002 - as above
        return True

    def keeps_refresh(self, token: IssuedToken) -> bool:  # noqa: ARG002 - QuickBooks' change with time
        """Whether this refresh token is still good once it has been used."""
        return not self.rotates

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - for some apps
        return []

    def denial(self, call: Call) -> list[tuple[str, str]]:  # noqa: ARG002 - for some apps
        name = self.rules.called("state")
        return [("error", "access_denied"), *((name, value) for value in request.args.getlist(name))]

    def authorize_problem(self, query: MultiDict[str, str]) -> str:  # noqa: ARG002 - for some apps
        """What else is wrong with an authorize request that keeps the rules."""
        return ""

    def go_back(self, location: str) -> Response:
        """How the browser leaves for the callback: by a redirect, or by a form that it posts."""
        return Response(status=302, headers={"Location": location})

    def token_problem(self, values: MultiDict[str, str]) -> str:  # noqa: ARG002 - for some apps
        return ""

    def wants_redirect_uri(self, code: Code, given: str | None) -> bool:  # noqa: ARG002 - Ecwid's depends on the code
        return self.token_redirect_uri or given is not None

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:
        raise NotImplementedError

    # Handlers.

    def consent_page(self, call: Call) -> Response:
        problem = self._authorize_problem(call)
        if problem:
            return page.wrong(self.name, problem)
        scopes = self.rules.asked(request.args) if self.rules.scopes else []
        # The browser's own path: the real host is its first part.
        action = f"{request.path}?{request.query_string.decode()}"
        return page.consent(self.name, self.rules.known_as(self.client), scopes, self.accounts_at(call), action)

    def decide(self, call: Call) -> Response:
        problem = self._authorize_problem(call)
        decision, chosen = request.form.get("decision"), request.form.get("account")
        account = next((account for account in self.accounts_at(call) if account.id == chosen), None)
        if not problem and decision not in {"allow", "cancel"}:
            problem = "The form was sent without Allow or Cancel"
        if not problem and decision == "allow" and account is None:
            problem = "The form was sent without an account"
        if problem:
            return page.wrong(self.name, problem)
        if decision == "cancel":
            return self._deny(call)
        with self.state.lock:
            grant = self.server.get_consent_grant(end_user=account)
            gone = self._plain(self.server.create_authorization_response(grant_user=account, grant=grant))
            return self.go_back(gone.headers["Location"])

    def token(self, call: Call) -> Response:
        """Code or refresh token against tokens. One at a time, so a code or token can't be used twice at once."""
        return self._tokens(call, at_refresh=False)

    def refresh(self, call: Call) -> Response:
        """The address of refresh tokens, where they have one of their own."""
        return self._tokens(call, at_refresh=True)

    def _tokens(self, call: Call, *, at_refresh: bool) -> Response:
        g.call, g.at_refresh = call, at_refresh
        values, problem = token_request.in_place(request, self.token_rules, self.read_body())
        if values is None:
            return self.refusal("invalid_request", problem or f"The body must be {self.body_kind}", 400)
        g.values = token_request.standard(values, self.token_rules, at_refresh=at_refresh)
        refreshing = g.values.get("grant_type") == token_request.REFRESH
        problem = token_request.problem(values, request.headers, self.token_rules, refreshing=refreshing)
        if problem or (problem := self.token_problem(g.values)):
            return self.refusal("invalid_request", problem, 400)
        if token_request.wrong_place(g.values.get("grant_type"), self.token_rules, at_refresh=at_refresh):
            return self.refusal("unsupported_grant_type", "This grant has an address of its own", 400)
        with self.state.lock:
            return self._own_words(self._plain(self.server.create_token_response()))

    def any_client_auth(self, query: Query, seen: Any) -> Any:
        return self.refresh_client_auth(query, seen) if g.at_refresh else self.client_auth(query, seen)

    def _own_words(self, response: Response) -> Response:
        """Authlib's refusals in this app's shape."""
        if response.status_code < 400:
            return response
        said = response.get_json()
        own = self.refusal(said["error"], said.get("error_description", ""), response.status_code)
        if "WWW-Authenticate" in response.headers:
            own.headers["WWW-Authenticate"] = response.headers["WWW-Authenticate"]
        return own

    def _authorize_problem(self, call: Call) -> str:
        asked = request.args.copy()
        if self.rules.client_in_path:
            asked.add("client_id", call.found["client_id"])
        problem = authorize.problem(asked, self.rules, self.client) or self.authorize_problem(asked)
        if problem or self.client is None:
            return problem
        g.values = authorize.standard(asked, self.rules, self.client)
        try:
            self.server.get_consent_grant()
        except OAuth2Error as error:
            return error.description or str(error.error)
        return ""

    def _deny(self, call: Call) -> Response:
        where = self.client.redirect_uri if self.client else ""
        glue = "&" if "?" in where else "?"
        return self.go_back(f"{where}{glue}{urlencode(self.denial(call))}")

    @staticmethod
    def _plain(response: Any) -> Response:
        assert isinstance(response, Response)  # noqa: S101 - Authlib is untyped
        return response
