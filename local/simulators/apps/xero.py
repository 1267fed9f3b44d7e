"""Xero: one token for every organisation a person ever connected, and a claim that says what this consent added."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from flask import Response, g, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import BIG, Account, IssuedToken, Misbehaviour
from local.simulators.oauth import OAuthApp
from local.simulators.pasted import unknown_in_query
from local.simulators.signing import signed

_LOGIN = literal("login.xero.com")
_IDENTITY = literal("identity.xero.com")
_API = literal("api.xero.com")
_LIFE = 1800
_SCOPES = (
    "offline_access openid profile email accounting.invoices.read accounting.payments.read "
    "accounting.banktransactions.read accounting.contacts.read accounting.settings.read"
)
_HANA, _QUINN = "51b10000-aaaa-4000-8000-000000000001", "51b10000-aaaa-4000-8000-000000000002"
_CAFE = Account("51b1e000-0000-4000-8000-0000000000e1", "Harbour Café Ltd")
_EVENTS = Account("51b1e000-0000-4000-8000-000000000003", "Quay Street Events Ltd")


class Xero(OAuthApp):
    id = "xero"
    name = "Xero"
    rules = Rules(scopes=frozenset(_SCOPES.split()), pkce_welcome=True)
    # An account is an organisation, with the person who may connect it.
    accounts = (
        Account("51b1e000-0000-4000-8000-000000000001", "Harbour Books Ltd", {"user": _HANA}),
        Account("51b1e000-0000-4000-8000-000000000002", "Quay Street Catering Ltd", {"user": _QUINN}),
        Account("51b1e000-0000-4000-8000-000000000004", "Harbour Press Ltd", {"user": _HANA}),
    )
    # What else is ticked together with an organisation, and what a person connected long ago.
    together: ClassVar[Mapping[str, Account]] = {accounts[1].id: _EVENTS}
    earlier: ClassVar[Mapping[str, Account]] = {_HANA: _CAFE}
    access_life = _LIFE
    refresh_life = 60 * 24 * 3600
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _LOGIN, "/identity/connect/authorize", self.consent_page)
        yield Route("consent", "POST", _LOGIN, "/identity/connect/authorize", self.decide)
        yield Route("token", "POST", _IDENTITY, "/connect/token", self.token)
        yield Route("revoke", "POST", _IDENTITY, "/connect/revocation", self.revoke)
        yield Route("identity", "GET", _API, "/connections", self.connections, shows_name=True)
        yield Route("disconnect", "DELETE", _API, "/connections/(?P<connection>[0-9a-f-]{36})", self.disconnect)
        yield Route("details", "GET", _API, r"/api\.xro/2\.0/Organisation", self.organisation, shows_name=True)

    def new_access_token(self, account: Account) -> str:
        code, old = self.state.find_code(self.id, g.values.get("code", "")), g.values.get("refresh_token", "")
        origin = code or self.state.by_refresh(self.id, old)
        now = int(self.state.now())
        issued = {"iss": "https://identity.xero.com", "nbf": now, "exp": now + _LIFE, "jti": uuid.uuid4().hex}
        event = _event(origin.grant if origin else 0)
        claims = {**issued, "xero_userid": account.extra["user"], "authentication_event_id": event}
        return signed(claims, at_least=BIG if g.get("how") is Misbehaviour.BIG_TOKEN else 0)

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("scope", seen.scope), ("session_state", uuid.uuid4().hex)]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        known = usual.tokens(token, _LIFE)
        if not usual.allows(token, "offline_access"):
            token.refresh_token = ""
            del known["refresh_token"]
        if usual.allows(token, "openid"):
            now = int(self.state.now())
            issued = {"iss": "https://identity.xero.com", "aud": token.client_id, "iat": now, "exp": now + 300}
            known["id_token"] = signed({**issued, "sub": _user(token)})
        return known

    def connections(self, _: Call) -> Response:
        """All of this person's, the oldest first; each says which consent it is from."""
        token = bearer(self.state, self.id)
        if token is None:
            return _problem(401, "Unauthorized", "TokenExpired: token expired or unknown")
        if unknown_in_query({"authEventId"}):
            return _problem(400, "BadRequest", "authEventId is all there is to ask")
        wanted = request.args.get("authEventId")
        found = [_shown(*one) for one in self._connected(token) if wanted in {None, one[1]}]
        return answer(found)

    def disconnect(self, call: Call) -> Response:
        token, wanted = bearer(self.state, self.id), call.found["connection"]
        if token is None:
            return _problem(401, "Unauthorized", "TokenExpired: token expired or unknown")
        if wanted not in {_connection(account, event) for account, event in self._connected(token)}:
            return _problem(404, "NotFound", "The resource you're looking for cannot be found")
        self.state.mark(self.id, wanted)
        return Response(status=204)

    def organisation(self, _: Call) -> Response:
        token, wanted = bearer(self.state, self.id), request.headers.get("xero-tenant-id", "")
        if token is None:
            return _problem(401, "Unauthorized", "AuthenticationUnsuccessful")
        account = next((one for one, _event in self._connected(token) if one.id == wanted), None)
        if account is None or not usual.allows(token, "accounting.settings.read"):
            return _problem(403, "Forbidden", "AuthenticationUnsuccessful")
        if "application/json" not in request.headers.get("Accept", ""):
            return Response("<Response><Status>OK</Status></Response>", mimetype="text/xml")
        return answer({"Organisations": [{"OrganisationID": account.id, "Name": shown_name(account)}]})

    def revoke(self, _: Call) -> Response:
        """A working refresh token is the end of all that this person connected; another token ends nothing."""
        value = usual.to_revoke(self.client)
        if isinstance(value, Response):
            return value
        token = self.state.by_refresh(self.id, value)
        if token is not None and token.active:
            self.state.mark(self.id, _user(token))
            for account in self.accounts:
                if account.extra["user"] == _user(token):
                    self.state.end_account(self.id, account.id)
        return Response(status=200)

    def _connected(self, token: IssuedToken) -> Iterator[tuple[Account, str]]:
        """Each organisation with the event that connected it last."""
        user, found = _user(token), dict[str, tuple[Account, str]]()
        if user in self.earlier and not self.state.marked(self.id, user):
            found[self.earlier[user].id] = self.earlier[user], _event(-1)
        for one in self.state.issued(self.id):
            if one.active and one.account is not None and _user(one) == user:
                also = self.together.get(one.account_id)
                for account in (one.account, *([also] if also else [])):
                    found[account.id] = account, _event(one.grant)
        return (one for one in found.values() if not self.state.marked(self.id, _connection(*one)))


def _user(token: IssuedToken) -> str:
    return token.account.extra["user"] if token.account else ""


def _event(grant: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"simulated consent {grant}"))


def _connection(account: Account, event: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.id} {event}"))


def _shown(account: Account, event: str) -> dict[str, str]:
    return {
        "id": _connection(account, event),
        "authEventId": event,
        "tenantId": account.id,
        "tenantType": "ORGANISATION",
        "tenantName": shown_name(account),
        "createdDateUtc": "2026-02-01T09:00:00.0000000",
        "updatedDateUtc": "2026-02-01T09:00:00.0000000",
    }


def _problem(status: int, title: str, detail: str) -> Response:
    return answer({"Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": None}, status)
