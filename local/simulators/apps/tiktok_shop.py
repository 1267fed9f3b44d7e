"""TikTok Shop: a service id at authorize, token requests by GET, answers in an envelope, and signed API calls."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Response, request

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body, same
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.token_request import TokenRules

_AUTH = literal("auth.tiktok-shops.com")
_API = literal("open-api.tiktokglobalshop.com")
_WINDOW_S = 300
# A seller → the shops behind one grant: id, name, region.
_SHOPS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "SimOpenId-harbour-01": (("7490000000000000101", "Harbour Candles", "US"),),
    "SimOpenId-lotus-02": (
        ("7490000000000000201", "Lotus Skincare UK", "GB"),
        ("7490000000000000202", "Lotus Skincare SG", "SG"),
    ),
}


class TiktokShop(OAuthApp):
    id = "tiktok_shop"
    name = "TikTok Shop"
    rules = Rules(names={"client_id": "service_id"}, by_application_id=True, response_type="", redirect_uri=Sent.NEVER)
    token_rules = TokenRules(
        names={"client_id": "app_key", "client_secret": "app_secret", "code": "auth_code"},
        grants={"authorization_code": "authorized_code"},
        never=frozenset({"redirect_uri", "code_verifier"}),
        in_query=True,
        separate_refresh=True,
    )
    token_path = ("data", "access_token")
    token_redirect_uri = False
    accounts = (
        Account("SimOpenId-harbour-01", "Harbour Candles LLC", {"region": "US"}),
        Account("SimOpenId-lotus-02", "Lotus Skincare Ltd", {"region": "GB"}),
    )
    access_life = 7 * 24 * 3600
    refresh_life = 365 * 24 * 3600
    rotates = True
    code_life = 600

    def routes(self) -> Iterable[Route]:
        site = r"services\.(?P<us>us\.)?tiktokshop\.com"
        yield Route("authorize", "GET", site, "/open/authorize", self.consent_page)
        yield Route("consent", "POST", site, "/open/authorize", self.decide)
        yield Route("token", "GET", _AUTH, "/api/v2/token/get", self.token, shows_name=True)
        yield Route("refresh", "GET", _AUTH, "/api/v2/token/refresh", self.refresh, shows_name=True)
        yield Route("identity", "GET", _API, "/authorization/202309/shops", self.shops, shows_name=True)

    def accounts_at(self, call: Call) -> Sequence[Account]:
        """Sellers of the United States have a host of their own."""
        at_home = call.found["us"] is not None
        return [account for account in self.accounts if (account.extra["region"] == "US") is at_home]

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_code(self) -> str:
        return f"ROW_{secrets.token_urlsafe(36)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("app_key", seen.client.client_id), ("locale", "en")]

    def refusal(self, error: str, description: str, status: int) -> Response:  # noqa: ARG002 - the status is always 200
        return _envelope(36004005 if error == "invalid_grant" else 36004004, f"{error}: {description}", {})

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        """The moments are moments, whatever their names say."""
        assert token.account is not None  # noqa: S101 - the consent page has no other kind
        data = {
            "access_token": token.access_token,
            "access_token_expire_in": int(token.expires_at or 0),
            "refresh_token": token.refresh_token,
            "refresh_token_expire_in": int(token.refresh_expires_at or 0),
            "open_id": token.account_id,
            "seller_name": shown_name(token.account),
            "seller_base_region": token.account.extra["region"],
            "user_type": 0,
            "granted_scopes": ["seller.order.info", "seller.authorization.info", "seller.finance.info"],
        }
        return {"code": 0, "message": "success", "data": data, "request_id": secrets.token_hex(16)}

    def shops(self, call: Call) -> Response:
        wrong = self._unsigned(call.path)
        if wrong:
            return _envelope(*wrong, {}, 401)
        token = header(self.state, self.id, "x-tts-access-token")
        if token is None or token.account is None:
            return _envelope(105001, "access token is invalid", {}, 401)
        names = {shop: shown_name(Account(shop, name)) for shop, name, _ in _SHOPS[token.account_id]}
        found = [
            {
                "id": shop,
                "name": names[shop],
                "region": region,
                "seller_type": "LOCAL",
                "code": f"SIM{shop[-4:]}",
                "cipher": f"ROW_{hashlib.sha256(shop.encode()).hexdigest()[:22]}",
            }
            for shop, _, region in _SHOPS[token.account_id]
        ]
        return _envelope(0, "Success", {"shops": found})

    def _unsigned(self, path: str) -> tuple[int, str] | None:
        """What is wrong with a call's key, time or signature."""
        query, client = request.args, self.client
        if client is None or not same(query.get("app_key"), client.client_id):
            return 106001, "app_key is invalid"
        moment = query.get("timestamp", "")
        if not moment.isascii() or not moment.isdigit() or abs(int(moment) - self.state.now()) > _WINDOW_S:
            return 106011, "timestamp is invalid: it is older than five minutes"
        if not same(query.get("sign"), signature(path, query, client.client_secret)):
            return 106001, "sign is invalid"
        return None


def signature(path: str, query: Mapping[str, str], secret: str) -> str:
    """HMAC-SHA256 of the path and the sorted parameters, between the secret and the secret."""
    pairs = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in {"sign", "access_token"})
    return hmac.new(secret.encode(), f"{secret}{path}{pairs}{secret}".encode(), hashlib.sha256).hexdigest()


def _envelope(code: int, message: str, data: Mapping[str, Any], status: int = 200) -> Response:
    return answer({"code": code, "message": message, "data": data, "request_id": secrets.token_hex(16)}, status)
