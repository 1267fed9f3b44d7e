"""Ways a client proves itself at a token endpoint. Each is strict: the secret in any other place is refused."""

from collections.abc import Callable
from hmac import compare_digest
from typing import Any, NoReturn

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.util import extract_basic_authorization

Query = Callable[[str], Any]


def same(given: str | None, wanted: str) -> bool:
    # JSON may hold half a surrogate pair, which is no UTF-8: it is merely wrong, not a crash.
    return compare_digest((given or "").encode(errors="surrogatepass"), wanted.encode())


def refuse(why: str) -> NoReturn:
    raise InvalidClientError(why, status_code=401)


def _known(query: Query, client_id: str | None, secret: str | None) -> Any:
    client = query(client_id or "")
    if client is None:
        refuse("Unknown client_id")
    if not same(secret, client.secret):
        refuse("Wrong client secret")
    return client


def basic_pair(headers: Any) -> tuple[str | None, str | None]:
    """HTTP Basic's name and password. Authlib's own reading stumbles over bytes that are no text."""
    try:
        name, password = extract_basic_authorization(headers)
    except ValueError:
        return None, None
    return name, password


def basic(query: Query, request: Any) -> Any:
    """HTTP Basic, and no secret in the body."""
    if "client_secret" in request.form:
        refuse("The client secret belongs in HTTP Basic, not in the body")
    client_id, secret = basic_pair(request.headers)
    if not client_id:
        refuse("HTTP Basic with client_id and client_secret is required")
    return _known(query, client_id, secret)


def in_body(query: Query, request: Any) -> Any:
    """The client_id and client_secret in the body, and no Authorization header."""
    if "Authorization" in request.headers:
        refuse("The client secret belongs in the body, not in the Authorization header")
    return _known(query, request.form.get("client_id"), request.form.get("client_secret"))


def public(query: Query, request: Any) -> Any:
    """The client_id alone: a secret has no place in this app's token requests."""
    if "client_secret" in request.form or "Authorization" in request.headers:
        raise InvalidRequestError("This token endpoint takes client_id and code_verifier, never the secret")
    client = query(request.form.get("client_id", ""))
    return client if client is not None else refuse("Unknown client_id")
