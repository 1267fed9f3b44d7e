"""Authlib's server for one simulated app: which grants there are, and what is kept of what is issued."""

from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from flask import g, request

from .grants import CLIENT_AUTH, CodeGrant, OnlyS256, RefreshGrant, Registered
from .model import BIG, Account, Code, IssuedToken, Misbehaviour
from .requests_seen import SeenRequest

if TYPE_CHECKING:
    from .oauth import OAuthApp


class Server(AuthorizationServer):
    """Authlib's server, for one simulated app."""

    def __init__(self, app: "OAuthApp") -> None:
        super().__init__()
        self.app = app
        self.register_token_generator("default", self._generate)
        self.register_client_auth_method(CLIENT_AUTH, app.any_client_auth)
        self.register_grant(CodeGrant, [OnlyS256(required=True)])
        if app.refreshes:
            self.register_grant(RefreshGrant)

    def query_client(self, client_id: str) -> Registered | None:
        client = self.app.client
        return Registered(client) if client is not None and client.client_id == client_id else None

    def create_oauth2_request(self, _: object) -> SeenRequest:
        # A token request that this app takes by GET is a POST to Authlib.
        return SeenRequest(request, g.values, "POST" if "at_refresh" in g else request.method)

    def _generate(self, *, user: Account, scope: str, **_: object) -> dict[str, Any]:
        access = self.app.new_access_token(user)
        if g.get("how") is Misbehaviour.BIG_TOKEN:
            access = access.ljust(BIG, "x")
        return {
            "access_token": access,
            "refresh_token": self.app.new_refresh_token() if self.app.refreshes else "",
            "scope": scope,
        }

    def save_token(self, token: dict[str, Any], seen: Any) -> None:
        """Keep the token, and turn what Authlib would answer into what this app answers."""
        app, now, old = self.app, self.app.state.now(), seen.refresh_token
        kept = old is not None and app.keeps_refresh(old)
        saved = IssuedToken(
            access_token=token["access_token"],
            refresh_token=old.refresh_token if kept else token["refresh_token"],
            account_id=seen.user.id,
            scope=token["scope"],
            app=app.id,
            client_id=seen.client.client_id,
            grant=(old or seen.authorization_code).grant,
            account=seen.user,
            expires_at=now + app.access_life if app.access_life else None,
            refresh_expires_at=now + app.refresh_life if app.refresh_life else None,
        )
        if kept and app.refresh_slides:
            old.refresh_expires_at = saved.refresh_expires_at
        elif kept:
            saved.refresh_expires_at = old.refresh_expires_at
        if app.one_token_per_account:
            app.state.end_account(app.id, saved.account_id)
        app.state.tokens.append(saved)
        token.clear()
        token.update(app.token_answer(saved, refreshed=old is not None))


def account_of(app: "OAuthApp", account: str) -> Account:
    """The app's account of this id, or its first.

    :raises ValueError: if there is none.
    """
    found = next((one for one in app.accounts if account in {"", one.id}), None)
    if found is None:
        raise ValueError(f"{app.name} has no account {account}")
    return found


def code_for(app: "OAuthApp", account: Account, scope: str) -> str:
    """A code that nobody asked for by an authorize request: the seller began at the app's side."""
    client, state = app.client, app.state
    if client is None:
        raise ValueError(f"{app.name} knows no client")
    code = Code(
        value=app.new_code(),
        app=app.id,
        client_id=client.client_id,
        redirect_uri=client.redirect_uri,
        scope=scope,
        account=account,
        expires_at=state.now() + app.code_life,
        grant=state.new_grant(),
        redirect_uri_sent=False,
    )
    with state.lock:
        state.codes.append(code)
    return code.value
