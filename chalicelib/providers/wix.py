"""Wix's own ways: it begins at the site, which installs our app; tokens are ours to make (dev.wix.com; read 2026-11)."""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib import keys
from chalicelib.domain import Account, Grant, Notice, NoticeKind
from chalicelib.errors import AppRefused, Forged, MixedUp
from chalicelib.providers import noticing
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or

_INSTANCE = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OLDEST = timedelta(hours=1)
_AHEAD = timedelta(minutes=5)


def arrive(call: Call, params: Mapping[str, str]) -> Mapping[str, str]:
    """The site's instance of our app, from the signed ``instance`` that Wix gives to pages of its dashboard.

    Visitors of a site may get one too, of the same instance: only an owner's or contributor's says ``OWNER``.

    :raises MixedUp: if it is not Wix's, is older than an hour, or an ordinary visitor's.
    """
    said = _verified(params.get("instance", ""), call.client.client_secret)
    instance = said.get("instanceId")
    if not (isinstance(instance, str) and re.fullmatch(_INSTANCE, instance.lower()) and _recent(said.get("signDate"))):
        raise MixedUp(call.provider.slug)
    if said.get("permissions") != "OWNER":
        raise MixedUp(call.provider.slug)
    return {"instance_id": instance.lower()}


def _verified(sent: str, secret: str) -> Json:
    """``signature.payload``, both base64url; HMAC-SHA256 under the app's secret, over the payload as it is written."""
    signature, _, payload = sent.partition(".")
    ours = keys.base64url(hmac.digest(secret.encode(), payload.encode(), "sha256"))
    if not secret or not keys.same(signature.rstrip("="), ours):
        return {}
    try:
        found = json.loads(keys.from_base64url(payload.rstrip("=")))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _recent(sign_date: object) -> bool:
    """A date-time with its zone, of the last hour; clocks may differ a little."""
    try:
        age = keys.now() - datetime.fromisoformat(str(sign_date))
    except (TypeError, ValueError):
        return False
    return -_AHEAD <= age <= OLDEST


def mint(call: Call, grant: Grant) -> Json:
    """Four hours of access (OAuth 2.0 client credentials, with the instance; there is no refresh token)."""
    body = {
        "grant_type": "client_credentials",
        "client_id": call.client.client_id,
        "client_secret": call.client.client_secret,
        "instance_id": grant.extra["instance_id"],
    }
    return call.web.json("POST", call.url("token_url"), body=body)


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The instance behind the token, which must be the one that arrived. Wix wants the token bare, without Bearer."""
    headers = {"Authorization": grant.secrets["access_token"]}
    answer = call.web.json("GET", call.url("identity_url"), headers=headers)
    instance = at(answer, "instance.instanceId").lower()
    if instance != grant.extra["instance_id"]:
        raise AppRefused("another instance")
    name = at_or(answer, "site.siteDisplayName", at_or(answer, "site.url", instance))
    return account(instance, name, instance_id=instance)


def notice(call: Call, _headers: Mapping[str, str], raw: bytes) -> Notice | None:
    """A webhook: the whole body is a JWT of Wix's, for which our app has a public key (dev.wix.com, About Webhooks).

    Its data is JSON inside JSON. It has no id of its own where an app is removed: what is signed stands for it.
    """
    try:
        token = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise Forged from None
    said = noticing.claims_of(token, call.client.public_key, "RS256")
    data = said.get("data")
    event = noticing.object_in(data) if isinstance(data, str) else {}
    if event.get("eventType") != "AppRemoved":
        return None
    return Notice(
        kind=NoticeKind.UNINSTALLED,
        account_id=noticing.word(str(event.get("instanceId")).lower(), _INSTANCE),
        delivery_id=keys.digest(token),
        at=noticing.moment(said.get("iat")),
    )
