"""Authlib's grants over the simulators' memory."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import flask
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from .model import Account, Client, Code, IssuedToken
from .state import State

CODE_LIFE_S = 299
CLIENT_AUTH = "simulated"


class Registered(ClientMixin):
    """Our client as Authlib asks about it."""

    def __init__(self, client: Client) -> None:
        self.client_id = client.client_id
        self.secret = client.client_secret
        self.callback = client.redirect_uri
        self.redirect_uri = client.alias or client.redirect_uri

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the redirect URI is always to be sent."""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_endpoint_auth_method(self, method: str, _: str) -> bool:
        return method == CLIENT_AUTH

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {"authorization_code", "refresh_token"}


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = (CLIENT_AUTH,)

    @property
    def state(self) -> State:
        return self.server.app.state  # type: ignore[no-any-return]

    def generate_authorization_code(self) -> str:
        return self.server.app.new_code()  # type: ignore[no-any-return]

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.state.codes.append(
            Code(
                value=code,
                app=self.server.app.id,
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                account=request.user,
                expires_at=self.state.now() + self.server.app.code_life,
                grant=self.state.new_grant(),
                code_challenge=data.get("code_challenge"),
                code_challenge_method=data.get("code_challenge_method"),
                redirect_uri_sent=self.server.app.rules.called("redirect_uri") in flask.request.args,
            )
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found = self.state.find_code(self.server.app.id, code)
        if found is None or found.client_id != client.client_id:
            return None
        if found.used:
            # A code seen twice was stolen, by the first or by the second (RFC 6749, 4.1.2).
            self.state.end_grant(found.grant)
            return None
        if found.expires_at <= self.state.now() or not self.server.app.accepts_code(found):
            return None
        found.redirect_uri_wanted = self.server.app.wants_redirect_uri(found, self.request.form.get("redirect_uri"))
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        authorization_code.used = True

    def authenticate_user(self, authorization_code: Code) -> Account:
        return authorization_code.account

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:  # noqa: ARG002 - an alias at eBay
        """The redirect goes to the real callback, with what else this app puts there."""
        status, body, headers = super().create_authorization_response(self.request.client.callback, grant_user)
        app = self.server.app
        extras = app.callback_extras(self.request)
        renamed = [(name, _renamed(value, self.request.client.callback, app.callback_names)) for name, value in headers]
        return status, body, [(name, add_params_to_uri(value, extras)) for name, value in renamed]


def _renamed(url: str, callback: str, names: Mapping[str, str]) -> str:
    """The callback with this app's names for what was added to it."""
    added = parse_qsl(url[len(callback) + 1 :], keep_blank_values=True)
    return str(add_params_to_uri(callback, [(names.get(name, name), value) for name, value in added]))


class RefreshGrant(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = (CLIENT_AUTH,)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> IssuedToken | None:
        state: State = self.server.app.state
        found = state.by_refresh(self.server.app.id, refresh_token)
        if found is None:
            return None
        if state.refreshable(found) and self.server.app.accepts_refresh(found):
            return found
        if self.server.app.rotates:
            # Used before: whoever has the newer one may be a thief, so it stops too (RFC 9700, 4.14.2).
            state.end_grant(found.grant)
        return None

    def authenticate_user(self, refresh_token: IssuedToken) -> Account | None:
        return refresh_token.account

    def revoke_old_credential(self, refresh_token: IssuedToken) -> None:
        refresh_token.active = refresh_token.active and self.server.app.keeps_refresh(refresh_token)


class OnlyS256(CodeChallenge):
    """PKCE as this app wants it: always there, never plain."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
