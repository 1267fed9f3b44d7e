"""What an app's own server tells us, unasked: verified over the very bytes that came, before anything in it is read."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from chalicelib import keys
from chalicelib.errors import Forged
from chalicelib.providers.base import Json

_LONGEST = 8192
_SKEW = timedelta(minutes=1)


def object_in(raw: bytes | str) -> Json:
    """A JSON object.

    :raises Forged: if it is none, whoever signed it.
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Forged from None
    if not isinstance(found, dict):
        raise Forged
    return found


def claims_of(token: str, key: str, algorithm: str, *, audience: str = "") -> Json:
    """What a JWT says that is signed with this key (RFC 7519), and has not ended.

    :raises Forged: otherwise, and without a key.
    """
    import jwt

    if not key or len(token) > _LONGEST:
        raise Forged
    required = ["iat", "exp", *(["aud"] if audience else [])]
    try:
        claims: Mapping[str, object] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience or None,
            # The time is ours to look at, by our own clock.
            options={
                "require": required,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": bool(audience),
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Forged from None
    if moment(claims["exp"]) <= keys.now() - _SKEW:
        raise Forged
    return claims


def moment(said: object) -> datetime:
    """A point in time: epoch seconds, or RFC 3339.

    :raises Forged: if it is neither.
    """
    try:
        if isinstance(said, int) and not isinstance(said, bool):
            return datetime.fromtimestamp(said, UTC)
        at = datetime.fromisoformat(str(said))
    except (ValueError, OverflowError, OSError):
        raise Forged from None
    if at.tzinfo is None:
        raise Forged
    return at


def word(said: object, pattern: str) -> str:
    """A member that is whole of the pattern.

    :raises Forged: otherwise.
    """
    if not isinstance(said, str) or not re.fullmatch(pattern, said):
        raise Forged
    return said


def same(sent: str, ours: str) -> None:
    """:raises Forged: unless the two are one."""
    if not keys.same(sent, ours):
        raise Forged
