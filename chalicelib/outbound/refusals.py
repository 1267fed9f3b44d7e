"""What may be learnt from a refusal: a short code, and when to come again. Never its words: they may quote what we sent."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from chalicelib import keys

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,48}")
LONGEST_WAIT = 86_400
_PLACES = ("error", "errors", "code", "type")
"""``error`` is RFC 6749's; some apps have objects or lists there, or a code beside a message."""


def error_code(answer: object) -> str:
    """The app's own name for what is wrong; empty where it gives none."""
    found = answer
    for _depth in range(3):
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, dict):
            break
        found = next((found[place] for place in _PLACES if found.get(place)), None)
    said = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    return said if _CODE.fullmatch(said) else ""


def seconds(retry_after: str) -> float | None:
    """``Retry-After`` (RFC 9110 §10.2.3): a number of seconds or a date; ``None`` for anything else."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return min(float(retry_after), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - keys.now()).total_seconds(), 0.0), LONGEST_WAIT)
