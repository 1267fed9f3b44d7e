"""What the apps' own servers send us, signed as they sign it."""

import base64
import hashlib
import hmac
import json
import os
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib import keys
from tests.support.visitor import Answer
from tests.support.world import World, settings_with

SHOP, STORE, SITE, TIKTOK = (
    "acme.myshopify.com",
    "abc123",
    "5ef50f11-aebf-46d0-ab6e-59a516d914d3",
    "7495514739648989419",
)
ACCOUNTS = {"shopify": SHOP, "bigcommerce": STORE, "wix": SITE, "tiktok_shop": TIKTOK}
CLIENT_ID, SECRET = "our-id-there", "sentinel-client-secret-of-notices"


@cache
def key(name: str = "wix") -> rsa.RSAPrivateKey:
    """A private key by a name: Wix's, or a stranger's."""
    assert name
    return rsa.generate_private_key(65537, 2048)


def public(name: str = "wix") -> str:
    """Its public half, as PEM."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(name).public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def configured() -> None:
    """We are registered with all four."""
    found = json.loads(os.environ["APP_CREDENTIALS"])
    ours = {slug: {"client_id": CLIENT_ID, "client_secret": SECRET} for slug in ACCOUNTS}
    ours["wix"]["public_key"] = public()
    settings_with(APP_CREDENTIALS=json.dumps(found | ours))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that an app's server makes."""

    app: str
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def to(self, world: World, app: str = "") -> Answer:
        """Send it, perhaps to another app's address."""
        path = f"/webhooks/{app or self.app}{self.query}"
        return world.visitor().request(self.method, path, headers=self.headers, body=self.body)


def shopify(
    topic: str = "app/uninstalled",
    *,
    shop: str = SHOP,
    secret: str = SECRET,
    age: float = 0,
    delivery: str = "",
    raw: bytes | None = None,
    **more: Any,
) -> Sent:
    """HMAC over the body; topic, time and id beside it."""
    name = "myshopify_domain" if topic == "app/uninstalled" else "shop_domain"
    body = (
        raw
        if raw is not None
        else json.dumps({name: shop, "name": "Kaffee Öl ☕", **more}, ensure_ascii=False).encode()
    )
    triggered = keys.now().timestamp() - age
    return Sent(
        app="shopify",
        body=body,
        headers={
            "content-type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode(),
            "X-Shopify-Webhook-Id": delivery or str(uuid.uuid4()),
            "X-Shopify-Triggered-At": _stamp(triggered),
            "X-Shopify-Shop-Domain": shop,
        },
    )


def bigcommerce(
    *, store: str = STORE, secret: str = SECRET, age: float = 0, delivery: str = "", **changed: Any
) -> Sent:
    """A JWT in the address."""
    at = int(keys.now().timestamp() - age)
    said = {"aud": CLIENT_ID, "iss": "bc", "iat": at, "nbf": at, "exp": at + 86_400 * 9, "sub": f"stores/{store}"}
    said |= {"jti": delivery or str(uuid.uuid4()), "user": {"id": 1}, "owner": {"id": 1}, "url": "/", **changed}
    token = jwt.encode({name: value for name, value in said.items() if value is not None}, secret, "HS256")
    return Sent(app="bigcommerce", method="GET", query=f"?signed_payload_jwt={token}")


def wix(*, site: str = SITE, by: str = "wix", age: float = 0, delivery: str = "", kind: str = "AppRemoved") -> Sent:
    """The whole body is a JWT."""
    at = int(keys.now().timestamp() - age)
    data = json.dumps({"data": json.dumps({"appId": delivery}), "instanceId": site, "eventType": kind})
    token = jwt.encode({"data": data, "iat": at, "exp": at + 86_400 * 9}, key(by), "RS256")
    return Sent(app="wix", headers={"content-type": "text/plain"}, body=token.encode())


def tiktok_shop(
    *,
    shop: str = TIKTOK,
    secret: str = SECRET,
    age: float = 0,
    delivery: str = "",
    kind: int = 6,
    app_key: str = CLIENT_ID,
) -> Sent:
    """HMAC over our key and the body."""
    said = {"type": kind, "tts_notification_id": delivery or str(uuid.uuid4()), "shop_id": shop}
    said |= {"timestamp": int(keys.now().timestamp() - age), "data": {"message": "Müde"}}
    body = json.dumps(said, ensure_ascii=False).encode()
    signature = hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
    return Sent(app="tiktok_shop", headers={"content-type": "application/json", "Authorization": signature}, body=body)


MAKERS = {"shopify": shopify, "bigcommerce": bigcommerce, "wix": wix, "tiktok_shop": tiktok_shop}


def _stamp(at: float) -> str:
    """With nine digits after the point, as Shopify writes it."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}789Z"
