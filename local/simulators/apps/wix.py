"""Wix: our app is installed on a site, and its secret with the instance's id is enough for a token."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import header
from local.simulators.client_auth import same
from local.simulators.model import Account, IssuedToken
from local.simulators.pasted import PastedApp, unknown_in_query
from local.simulators.requests_seen import json_body

_API = literal("www.wixapis.com")
_LIFE = 14400
_TOKEN_REQUEST = frozenset({"grant_type", "client_id", "client_secret", "instance_id"})
REMOVED = "9c1d2e3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f"
"""An instance whose site's owner has removed the app."""


class Wix(PastedApp):
    id = "wix"
    name = "Wix"
    demo: ClassVar[Mapping[str, str]] = {"instance_id": "5ef50f11-aebf-46d0-ab6e-59a516d914d3"}
    accounts = (
        Account(demo["instance_id"], "Harbour Books", {"site": "0f9e8d7c-6b5a-4c3d-9e2f-1a0b9c8d7e6f"}),
        Account(
            "b7a6c5d4-e3f2-4a1b-8c9d-0e1f2a3b4c5d", "The Green Grocer", {"site": "1e2d3c4b-5a69-4788-9c7b-6a5d4e3f2c1b"}
        ),
        Account(REMOVED, "Closed Long Ago", {"site": "2f3e4d5c-6b7a-4899-8d0c-1b2a3f4e5d6c"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("token", "POST", _API, "/oauth2/token", self.token)
        yield Route("introspect", "POST", _API, "/oauth2/token-info", self.token_info)
        yield Route("identity", "GET", _API, "/apps/v1/instance", self.instance, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:
        application = {"code": error.upper(), "description": description}
        return answer({"message": description, "details": {"applicationError": application}}, status)

    def token(self, _: Call) -> Response:
        body, client = json_body(request), self.client
        if body is None or set(body) != _TOKEN_REQUEST or request.args:
            return self.refusal(
                "invalid_request", f"A JSON object of {', '.join(sorted(_TOKEN_REQUEST))} is needed", 400
            )
        if body["grant_type"] != "client_credentials":
            return self.refusal("unsupported_grant_type", "grant_type must be client_credentials", 400)
        ours = client is not None and same(body["client_id"], client.client_id)
        if client is None or not ours or not same(body["client_secret"], client.client_secret):
            return self.refusal("invalid_client", "The app's id or secret is wrong", 401)
        site = self._installed(body["instance_id"])
        if site is None:
            return self.refusal("app_instance_not_found", "The app is not installed there", 404)
        token = self.mint(site, _LIFE)
        return answer({"access_token": token.access_token, "token_type": "Bearer", "expires_in": _LIFE})

    def token_info(self, _: Call) -> Response:
        """What a token, or a signed instance, stands for: Wix's own way of checking one."""
        body = json_body(request)
        if body is None or set(body) != {"token"}:
            return self.refusal("invalid_request", "A JSON object of token is needed", 400)
        token = self.state.by_access(self.id, body["token"])
        instance = token.account_id if token else self._signed_for(body["token"])
        site = self._installed(instance)
        if site is None or self.client is None:
            return answer({"active": False})
        known = {"active": True, "subjectType": "APP", "subjectId": self.client.client_id}
        return answer({**known, "clientId": self.client.client_id, "siteId": site.extra["site"], "instanceId": site.id})

    def instance(self, _: Call) -> Response:
        token: IssuedToken | None = header(self.state, self.id, "Authorization")
        site = self._installed(token.account_id if token else "")
        if site is None:
            return self.refusal(
                "unauthenticated", "The token in Authorization, without a word before it, is wrong", 401
            )
        if unknown_in_query():
            return self.refusal("invalid_argument", "This address takes no parameters", 400)
        installed = {"appName": "Client Connect", "appVersion": "1.0.0", "isFree": True, "instanceId": site.id}
        address = {"url": f"https://{site.id[:8]}.wixsite.example", "siteId": site.extra["site"]}
        shown = {"siteDisplayName": shown_name(site), "locale": "en", "paymentCurrency": "USD", **address}
        return answer({"instance": {**installed, "permissions": [], "copiedFromTemplate": False}, "site": shown})

    def _installed(self, instance_id: str) -> Account | None:
        return next((site for site in self.accounts if site.id == instance_id and site.id != REMOVED), None)

    def _signed_for(self, value: str) -> str:
        """The instance id in a signed instance of ours, or nothing."""
        signed, _, payload = value.partition(".")
        if self.client is None or not same(signed, _signature(payload, self.client.client_secret)):
            return ""
        return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["instanceId"])


def signed_instance(instance_id: str, secret: str, *, signed_at: datetime | None = None, app_id: str = "") -> str:
    """What Wix puts into the query, as ``instance``, of our page in the dashboard of a site's owner."""
    when = (signed_at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ids = {"instanceId": instance_id, "appDefId": app_id, "uid": "6c5b4a39-2817-4605-9f4e-3d2c1b0a9f8e"}
    known = {**ids, "signDate": when, "permissions": "OWNER", "demoMode": False}
    payload = _unpadded(json.dumps(known).encode())
    return f"{_signature(payload, secret)}.{payload}"


def _signature(payload: str, secret: str) -> str:
    """Over the payload as it is sent, encoded."""
    return _unpadded(hmac.new(secret.encode(), payload.encode(errors="surrogatepass"), hashlib.sha256).digest())


def _unpadded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
