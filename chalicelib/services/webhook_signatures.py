"""Standard Webhooks 1.0.0 signatures: what a receiver checks with any of that standard's libraries."""

import base64
import binascii
import hmac
import os
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST = 24
"""As the standard has it."""


def new_secret() -> str:
    """A random one."""
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def key(secret: str) -> bytes:
    """What a secret's text stands for.

    :raises ValueError: if it is none.
    """
    if not secret.startswith(PREFIX):
        raise ValueError("prefix")
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("base64") from None
    if len(found) < SHORTEST:
        raise ValueError("length")
    return found


def headers(secrets: Sequence[str], message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """What goes with a body: one signature for each secret, so that a receiver needs only one of them."""
    signed = b".".join((message_id.encode(), str(seconds).encode(), body))
    macs = (hmac.digest(key(secret), signed, "sha256") for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs),
    }
