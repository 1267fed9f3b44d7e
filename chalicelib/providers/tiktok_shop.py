"""TikTok Shop's own ways: answers in envelopes, and API calls that are signed (Partner Center, Authorization 202309)."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib import keys
from chalicelib.domain import Account, Grant, Notice, NoticeKind
from chalicelib.errors import AppDown, AppRefused
from chalicelib.i18n import N_
from chalicelib.providers import noticing
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, listed

SHOPS = "/authorization/202309/shops"
"""Part of what is signed, so it stays the API's own wherever an operator points us."""

ENDED = frozenset({"36004001", "36004005"})
"""The refresh token has expired; there is no authorization (met by others with the token API, 2023)."""

OPTIONS = {"us": N_("United States"), "world": N_("Everywhere else")}
HOSTS = {"us": {"services": "services.us.tiktokshop.com"}, "world": {"services": "services.tiktokshop.com"}}


def opened(_call: Call, answer: Json) -> Json:
    """A token answer without its envelope. Both ends are points in time, whatever their names say.

    :raises AppRefused: if it says no; the status is 200 then too.
    """
    data = _data(answer)
    end, refresh_end = data.get("access_token_expire_in"), data.get("refresh_token_expire_in")
    return {
        "access_token": data.get("access_token"),
        "refresh_token": data.get("refresh_token"),
        "scope": data.get("granted_scopes"),
        "expires_at": end,
        "expires_in": end,
        "refresh_expires_at": refresh_end,
        "refresh_expires_in": refresh_end,
    }


def _data(answer: Json) -> Json:
    code, data = answer.get("code"), answer.get("data")
    if isinstance(code, int) and code != 0:
        raise AppRefused("code", str(code)[:20])
    if code != 0 or isinstance(code, bool) or not isinstance(data, dict):
        raise AppDown("no data")
    return data


def identify(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """The shops behind the grant. Every later call names one of them by its cipher."""
    headers = {"x-tts-access-token": grant.secrets["access_token"], "content-type": "application/json"}
    answer = call.web.json("GET", _signed(call, call.url("identity_url")), headers=headers)
    return tuple(
        account(
            at(shop, "id"), at_or(shop, "name", ""), shop_cipher=at(shop, "cipher"), region=at_or(shop, "region", "")
        )
        for shop in listed(_data(answer), "shops")
    )


def _signed(call: Call, url: str) -> str:
    """Path and sorted parameters between two copies of our secret, under it: HMAC-SHA-256, hex."""
    query = {"app_key": call.client.client_id, "timestamp": str(int(keys.now().timestamp()))}
    secret = call.client.client_secret
    text = SHOPS + "".join(f"{name}{query[name]}" for name in sorted(query))
    sign = hmac.digest(secret.encode(), f"{secret}{text}{secret}".encode(), "sha256").hex()
    return f"{url}?{urlencode({**query, 'sign': sign})}"


def grant_extra(call: Call, _answer: Json) -> Mapping[str, str]:
    """Later calls are signed with our secret too, and say whose they are."""
    return {"app_key": call.client.client_id}


_SELLER_DEAUTHORIZATION = 6


def notice(call: Call, headers: Mapping[str, str], raw: bytes) -> Notice | None:
    """A webhook (Partner Center, Webhooks): Authorization is the HMAC of our key and the body, under our secret."""
    client = call.client
    ours = hmac.digest(client.client_secret.encode(), client.client_id.encode() + raw, "sha256").hex()
    noticing.same(headers.get("authorization", ""), ours if client.client_secret else "-")
    body = noticing.object_in(raw)
    if body.get("type") != _SELLER_DEAUTHORIZATION:
        return None
    return Notice(
        kind=NoticeKind.UNINSTALLED,
        account_id=noticing.word(body.get("shop_id"), r"[!-~]{1,80}"),
        delivery_id=noticing.word(body.get("tts_notification_id"), r"[!-~]{8,80}"),
        at=noticing.moment(body.get("timestamp")),
    )
