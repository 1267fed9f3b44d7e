"""Mindbody: OpenID Connect's hybrid flow, posted to the callback, and an API that wants our key and the site's number."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Response, request

from local.simulators import page, signing
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import Query, in_body, same
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp

_SIGN_IN = literal("signin.mindbodyonline.com")
_API = literal("api.mindbodyonline.com")
ISSUER = "https://signin.mindbodyonline.com"
_SCOPE = "Mindbody.Api.Public.v6"


class Mindbody(OAuthApp):
    id = "mindbody"
    name = "Mindbody"
    rules = Rules(
        scopes=frozenset({"email", "profile", "openid", "offline_access", _SCOPE}),
        response_type="code id_token",
        required=(("response_mode", "form_post"),),
        filled=("nonce", "subscriberId"),
    )
    accounts = (
        Account("-99", "Sandbox Studio"),
        Account("5736101", "Riverbend Yoga"),
        Account("5736102", "Riverbend Pilates"),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _SIGN_IN, "/connect/authorize", self.consent_page)
        yield Route("consent", "POST", _SIGN_IN, "/connect/authorize", self.decide)
        yield Route("token", "POST", _SIGN_IN, "/connect/token", self.token)
        yield Route("keys", "GET", _SIGN_IN, r"/\.well-known/openid-configuration/jwks", self.keys)
        yield Route("identity", "GET", _API, "/public/v6/site/sites", self.sites, shows_name=True)

    def accounts_at(self, call: Call) -> Sequence[Account]:  # noqa: ARG002 - the site is in the query
        """The site that was named: nobody can choose another one's."""
        return [account for account in self.accounts if account.id == request.args.get("subscriberId")]

    def authorize_problem(self, query: Any) -> str:
        if "openid" not in query["scope"].split():
            return "scope openid is needed for an id_token"
        known = any(account.id == query["subscriberId"] for account in self.accounts)
        return "" if known else "subscriberId is no site"

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        code: Code = self.state.codes[-1]
        half = hashlib.sha256(code.value.encode()).digest()[:16]
        self.state.nonces[code.grant] = request.args["nonce"]
        claims = {"nonce": request.args["nonce"], "c_hash": base64.urlsafe_b64encode(half).decode().rstrip("=")}
        return [("id_token", self._id_token(seen.client.client_id, seen.user, claims)), ("scope", seen.scope)]

    def go_back(self, location: str) -> Response:
        callback = self.client.redirect_uri if self.client else ""
        own = len(parse_qsl(urlsplit(callback).query, keep_blank_values=True))
        return page.post_back(self.name, callback, dict(parse_qsl(urlsplit(location).query)[own:]))

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:
        """The nonce of the sign-in comes once more (OpenID Connect Core §3.1.3.6). Without offline_access there is no refresh token."""
        assert token.account is not None  # noqa: S101 - the consent page has no other kind
        found = {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": self.access_life,
            "scope": token.scope,
            "id_token": self._id_token(
                token.client_id, token.account, {} if refreshed else {"nonce": self.state.nonces[token.grant]}
            ),
        }
        offline = "offline_access" in token.scope.split()
        return found | ({"refresh_token": token.refresh_token} if offline else {})

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return "offline_access" in token.scope.split()

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return secrets.token_hex(32).upper()

    def keys(self, _: Call) -> Response:
        return answer({"keys": [signing.public_jwk()]})

    def sites(self, _: Call) -> Response:
        key = (self.client.api_key or self.client.client_id) if self.client else ""
        if not key or not same(request.headers.get("API-Key"), key):
            return _error(401, "DeniedAccess", "The API-Key is missing or wrong.")
        token, site = bearer(self.state, self.id), request.headers.get("SiteId", "")
        if token is None or token.account is None or _SCOPE not in token.scope.split():
            return _error(401, "DeniedAccess", "The user token is missing, expired or too narrow.")
        if site != token.account_id:
            return _error(403, "DeniedAccess", "The user token is for another site.")
        found = {"Id": int(site), "Name": shown_name(token.account), "CurrencyIsoCode": "USD", "ContactEmail": ""}
        return answer({"PaginationResponse": {"TotalResults": 1}, "Sites": [found]})

    def _id_token(self, audience: str, account: Account, claims: dict[str, str]) -> str:
        """The time is the wall's: whoever reads the token knows no other."""
        now = int(time.time())
        told = {"iss": ISSUER, "aud": audience, "sub": f"sim-user-{account.id}", "iat": now, "exp": now + 300}
        return signing.signed({**told, **claims, "email": "owner@mindbody-studio.example"})


def _error(status: int, code: str, message: str) -> Response:
    return answer({"Error": {"Message": message, "Code": code}}, status)
