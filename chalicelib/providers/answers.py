"""Token answers (RFC 6749 §5.1), and errors as 200. Apps err in every way: believe only a non-empty bearer token."""

import math
from datetime import UTC, datetime, timedelta

from chalicelib.domain import Grant
from chalicelib.errors import AppDown, AppRefused
from chalicelib.providers.base import Call, Json

LONGEST = timedelta(days=3650)
"""A lifetime that an app states is believed up to here."""
EPOCH_FROM = 1_000_000_000
"""A number this big is a point in time (2001 and later), not a count of seconds."""
_FAR = 1_000_000_000_000
"""No point in time that anybody means; a number may be too long for a float."""
_ERRORS = ("error", "errors", "errorCode")
_NOT_BEARER = frozenset({"mac", "dpop", "n_a"})
_REFRESH_LIFE = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")
"""Shopify's and eBay's, Keycloak's, Intuit's."""


def grant(call: Call, answer: Json, now: datetime) -> Grant:
    """What a token answer gives.

    :raises AppRefused: if it is an error in disguise.
    :raises AppDown: if it holds no bearer token.
    """
    if "error" in answer:
        raise AppRefused("200", str(answer["error"])[:80])
    token, kind = answer.get("access_token"), str(answer.get("token_type") or "bearer")
    if not isinstance(token, str) or not token or kind.lower() in _NOT_BEARER:
        raise AppDown("no access token")
    secrets = {"access_token": token}
    row = call.provider
    if isinstance(refresh := answer.get("refresh_token"), str) and refresh:
        secrets["refresh_token"] = refresh
    tenant = {"tenant": call.tenant} if call.tenant else {}
    extra = row.grant_extra(call, answer) if row.grant_extra else {}
    return Grant(
        secrets=secrets,
        scopes=_scopes(call, answer),
        expires_at=expiry(answer, now, row.default_lifetime),
        refresh_expires_at=_refresh_expiry(call, answer, now) if "refresh_token" in secrets else None,
        extra={**tenant, **extra},
    )


def sound(answer: Json) -> Json:
    """Any other answer, if it is none of the errors that come with status 200.

    :raises AppRefused: if it is one.
    """
    told = (isinstance(answer.get(name), str) for name in ("code", "message"))
    if any(answer.get(name) for name in _ERRORS) or all(told):
        raise AppRefused("200")
    return answer


def _scopes(call: Call, answer: Json) -> tuple[str, ...]:
    """What was granted; an answer that does not say granted what was asked (RFC 6749 §5.1)."""
    said = answer.get("scope")
    if isinstance(said, list):
        return tuple(str(scope) for scope in said)
    if isinstance(said, str) and said:
        return tuple(said.replace(",", " ").split())
    return call.provider.scopes


def expiry(answer: Json, now: datetime, default: timedelta | None) -> datetime | None:
    """``expires_at`` as a date-time or epoch, or ``expires_in`` in seconds; nonsense counts as unsaid."""
    unsaid = now + default if default else None
    at = answer.get("expires_at")
    if isinstance(at, int | float) and not isinstance(at, bool) and at >= EPOCH_FROM:
        return _within(now, min(at, _FAR) - now.timestamp())
    if isinstance(at, str):
        try:
            return min(max(datetime.fromisoformat(at), now), now + LONGEST)
        except (ValueError, TypeError):
            return unsaid
    return _after(answer.get("expires_in"), now) or unsaid


def _refresh_expiry(call: Call, answer: Json, now: datetime) -> datetime | None:
    """The refresh token's own end, if it has one."""
    told = expiry({"expires_at": answer.get("refresh_expires_at")}, now, None)
    told = told or next((end for name in _REFRESH_LIFE if (end := _after(answer.get(name), now))), None)
    lifetime = call.provider.renewal.lifetime if call.provider.renewal else None
    return told or (now + lifetime if lifetime else None)


def _after(seconds: object, now: datetime) -> datetime | None:
    """A number of seconds from now; some apps write a point in time there."""
    try:
        count = float(str(seconds))
    except ValueError:
        return None
    if not math.isfinite(count) or count <= 0:
        return None
    return _within(now, count)


def _within(now: datetime, seconds: float) -> datetime:
    """So many seconds from now: never before it, and within reason."""
    return (now + timedelta(seconds=min(max(seconds, 0), LONGEST.total_seconds()))).astimezone(UTC)
