"""Reading requests strictly: one value for each name, no surprises, at most 64 KB."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from chalice.app import Request

from chalicelib import keys, wiring
from chalicelib.errors import BadRequest, Forbidden, NotFound, TooLarge
from chalicelib.i18n import N_

FORM = ["application/x-www-form-urlencoded"]
JSON = "application/json"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 40
LONGEST_SEGMENT = 160
BROWSER_COOKIE = "__Host-browser"
SESSION_COOKIE = "__Host-session"
ATTEMPT_COOKIE = "__Host-attempt"
INSTALL_COOKIE = "__Host-install"


def query(request: Request) -> dict[str, str]:
    """The query's values.

    :raises BadRequest: if a name comes twice: two readers could take two different values.
    """
    params = request.query_params
    if not params:
        return {}
    return _single((name, value) for name in params for value in params.getlist(name))


def _single(pairs: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:  # type: ignore[attr-defined]
        if name in found:
            raise BadRequest(N_("A value was sent twice."))
        if "\x00" in value or "\x00" in name:
            raise BadRequest(N_("The request holds characters that nothing can be done with."))
        found[name] = value
    return found


def body(request: Request) -> bytes:
    """The raw body (API Gateway hands text over as ``str``).

    :raises TooLarge: over 64 KB.
    """
    raw = request.raw_body
    data = raw.encode() if isinstance(raw, str) else raw
    if len(data) > MOST_BYTES:
        raise TooLarge
    return data


def form(request: Request) -> dict[str, str]:
    """A form's fields.

    :raises BadRequest: if it is not a well-formed form with each name once.
    """
    if query(request):
        raise BadRequest(N_("Form fields do not belong into the address."))
    try:
        pairs = parse_qsl(
            body(request).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise BadRequest(N_("The form could not be read.")) from None
    return _single(pairs)


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    return str(request.headers.get("content-type", "")).partition(";")[0].strip().lower() == JSON


def json_object(request: Request) -> dict[str, object]:
    """The body as a JSON object.

    :raises BadRequest: if it is none, or names a member twice.
    """
    try:
        found = json.loads(body(request), object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise BadRequest("The body must be a JSON object, each name once.") from None
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object.")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def _refused(constant: str) -> object:
    raise ValueError(constant)


def cookie(request: Request, name: str) -> str:
    """A cookie's value, or nothing. Ours are base64url; anything else is not ours.

    Not ``SimpleCookie``: it gives up at the first cookie it dislikes, and a neighbour's JSON would sign people out.
    """
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    value = next((value for found, _, value in pairs if found == name), "")
    return value if value.replace("-", "").replace("_", "").isalnum() else ""


def headers(request: Request) -> dict[str, str]:
    """All of them, by their names in small letters."""
    return {name.lower(): value for name, value in request.headers.items()}


def set_cookie(name: str, value: str, *, seconds: int = 0) -> str:
    """A ``Set-Cookie`` value. Lax, because the browser comes back from the app by a link."""
    lasting = f"; Max-Age={seconds}" if seconds or not value else ""
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{lasting}"


def client_address(request: Request) -> str:
    """Where the request came from, as API Gateway saw it; never a header."""
    return str(request.context.get("identity", {}).get("sourceIp", ""))


def segment(value: str) -> str:
    """A path parameter, decoded once.

    :raises NotFound: if it does not decode, holds what no id of ours holds, or is longer than any.
    """
    try:
        decoded = unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFound from None
    if not decoded.isascii() or not decoded.isprintable() or "/" in decoded or len(decoded) > LONGEST_SEGMENT:
        raise NotFound
    return decoded


def check_same_origin(request: Request) -> None:
    """A form of ours was sent from a page of ours. Browsers say so; who says nothing is refused.

    :raises Forbidden: otherwise.
    """
    headers: Mapping[str, str] = request.headers
    site = headers.get("sec-fetch-site")
    ours = site == "same-origin" if site is not None else headers.get("origin") == wiring.settings().origin
    if not ours:
        raise Forbidden


def csrf_token(session_secret: str) -> str:
    """What a console form must carry: bound to the session, kept nowhere."""
    key = next(iter(wiring.settings().signing_keys.values()))
    return keys.base64url(keys.mac(key, "csrf", session_secret))


def check_csrf(token: str, session_secret: str) -> None:
    """:raises Forbidden: unless one of our keys made the token for this session."""
    made = (keys.mac(key, "csrf", session_secret) for key in wiring.settings().signing_keys.values())
    if not any(keys.same(token.encode(), keys.base64url(mac).encode()) for mac in made):
        raise Forbidden
