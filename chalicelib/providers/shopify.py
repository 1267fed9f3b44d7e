"""Shopify's own ways: a host per shop, a signed callback, a header of its own (shopify.dev, OAuth; read 2026-10)."""

import base64
import hmac
import re
from collections.abc import Mapping

from chalicelib import keys
from chalicelib.domain import Account, Grant, Notice, NoticeKind
from chalicelib.errors import InvalidField, MixedUp
from chalicelib.i18n import N_
from chalicelib.providers import noticing
from chalicelib.providers.base import Call, Json
from chalicelib.providers.parts import Field
from chalicelib.providers.reading import account, at

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_SHOP = rf"{_LABEL}\.myshopify\.com"
_DASHBOARD = rf"admin\.shopify\.com/store/({_LABEL})(?:/.*)?"
_EPOCH = r"[0-9]{1,12}"
_OLDEST_SIGNATURE = 86_400
_QUERY = "{ shop { name myshopifyDomain } }"


def shop_host(typed: str) -> str:
    """The shop's permanent host. A stranger types this, and we post our client secret to it."""
    text = typed.strip(" ").lower().removeprefix("https://")
    if dashboard := re.fullmatch(_DASHBOARD, text):
        text = dashboard[1]
    host = text.removesuffix("/").removesuffix("/admin")
    host = f"{host}.myshopify.com" if re.fullmatch(_LABEL, host) else host
    if not re.fullmatch(_SHOP, host):
        raise InvalidField("tenant", N_("Enter the store's address, for example acme-store.myshopify.com."))
    return host


STORE = Field(
    name="tenant",
    label=N_("Store address"),
    help=N_("The address that ends in myshopify.com. In Shopify: Settings, then Domains."),
    example="acme-store.myshopify.com",
    read=shop_host,
)


def check_callback(call: Call, params: Mapping[str, str]) -> None:
    """The callback is signed with our client secret, is of today, and comes from the shop that was asked."""
    if not (_signed(call, params) and params.get("shop") == call.tenant):
        raise MixedUp(call.provider.slug)


def arrive(call: Call, params: Mapping[str, str]) -> Mapping[str, str]:
    """A visit to the App URL, from the App Store or the shop's admin: signed the same way, it names the shop."""
    shop = params.get("shop", "")
    if not (_signed(call, params) and re.fullmatch(_SHOP, shop)):
        raise MixedUp(call.provider.slug)
    return {"tenant": shop}


def _signed(call: Call, params: Mapping[str, str]) -> bool:
    """With our secret, of which there must be one, and within the last day."""
    secret = call.client.client_secret
    signed = "&".join(sorted(_signed_pair(*pair) for pair in params.items() if pair[0] != "hmac"))
    ours = hmac.digest(secret.encode(), signed.encode(), "sha256").hex()
    return secret != "" and keys.same(params.get("hmac", ""), ours) and _recent(params.get("timestamp", ""))


def _recent(timestamp: str) -> bool:
    """Epoch seconds, of the last day."""
    return bool(re.fullmatch(_EPOCH, timestamp)) and keys.now().timestamp() - int(timestamp) < _OLDEST_SIGNATURE


def _signed_pair(name: str, value: str) -> str:
    """Decoded, with only these three escaped, as Shopify's own libraries do."""
    name = name.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    return f"{name}={value.replace('%', '%25').replace('&', '%26')}"


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The shop behind the token."""
    headers = {"X-Shopify-Access-Token": grant.secrets["access_token"]}
    answer = call.web.json("POST", call.url("identity_url"), headers=headers, body={"query": _QUERY})
    return account(at(answer, "data.shop.myshopifyDomain"), at(answer, "data.shop.name"))


def revoke(call: Call, grant: Grant, _account: Account | None) -> None:
    """Uninstalls our app from the shop."""
    headers = {"X-Shopify-Access-Token": grant.secrets["access_token"]}
    call.web.send("DELETE", call.url("revoke_url"), headers=headers)


def grant_extra(call: Call, _answer: Json) -> Mapping[str, str]:
    """Every later call goes to the shop's host."""
    return {"shop": call.tenant}


_PRIVACY = ("customers/data_request", "customers/redact", "shop/redact")
"""Mandatory for every app in Shopify's store; of customers we keep nothing."""


def notice(call: Call, headers: Mapping[str, str], raw: bytes) -> Notice | None:
    """A webhook (shopify.dev, Webhooks; read 2026-11): its HMAC covers the body, so the shop is read from that only.

    Topic, time and id come in headers that nobody signs; a topic that does not go with the body is refused.
    """
    secret = call.client.client_secret
    ours = base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()
    noticing.same(headers.get("x-shopify-hmac-sha256", ""), ours if secret else "-")
    topic = headers.get("x-shopify-topic", "")
    if topic != "app/uninstalled" and topic not in _PRIVACY:
        return None
    body, uninstalled = noticing.object_in(raw), topic == "app/uninstalled"
    return Notice(
        kind=NoticeKind.UNINSTALLED if uninstalled else NoticeKind.PRIVACY,
        account_id=noticing.word(body.get("myshopify_domain" if uninstalled else "shop_domain"), _SHOP),
        delivery_id=noticing.word(headers.get("x-shopify-webhook-id"), r"[!-~]{8,80}"),
        at=noticing.moment(headers.get("x-shopify-triggered-at")),
        topic=topic,
    )
