"""What many OAuth apps do the usual way: the token answer, and the client and the token at their other addresses."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from .base import oauth_error
from .client_auth import basic_pair, same
from .model import Client, IssuedToken
from .requests_seen import form_body
from .state import State


def tokens(token: IssuedToken, life: int) -> dict[str, Any]:
    """RFC 6749 §5.1, everything in it."""
    return {
        "access_token": token.access_token,
        "token_type": "Bearer",
        "expires_in": life,
        "refresh_token": token.refresh_token,
        "scope": token.scope,
    }


def allows(token: IssuedToken, scope: str) -> bool:
    return scope in token.scope.split()


def client_by_basic(client: Client | None) -> bool:
    """Whether the request proves by HTTP Basic that it is ours."""
    name, password = basic_pair(request.headers)
    return client is not None and same(name, client.client_id) and same(password, client.client_secret)


def client_in_form(client: Client | None, form: Mapping[str, str]) -> bool:
    given = form.get("client_id"), form.get("client_secret")
    return client is not None and same(given[0], client.client_id) and same(given[1], client.client_secret)


def end(state: State, token: IssuedToken | None) -> bool:
    """Stop everything of the consent that a token came from, and say whether there was something to stop."""
    if token is None or not token.active:
        return False
    state.end_grant(token.grant)
    return True


def to_revoke(client: Client | None, *, hint_needed: bool = False) -> str | Response:
    """RFC 7009's token, or a refusal: a form of token and token_type_hint, with HTTP Basic."""
    if not client_by_basic(client):
        return oauth_error("invalid_client", "Client authentication failed", 401)
    form = form_body(request)
    if form is None or not form.get("token") or set(form) - {"token", "token_type_hint"} or request.args:
        return oauth_error("invalid_request", "A form with token is needed")
    if hint_needed and "token_type_hint" not in form:
        return oauth_error("invalid_request", "token_type_hint is needed")
    if form.get("token_type_hint", "refresh_token") not in {"refresh_token", "access_token"}:
        return oauth_error("unsupported_token_type", "token_type_hint is unknown")
    return form["token"]
