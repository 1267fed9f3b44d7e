"""The one HTTP client for the apps and for webhooks: a total deadline, a size cap, no redirects, nothing kept between calls.

The libraries made for OAuth follow a 307 from the token endpoint with code and secret in hand, accept 30 MB
answers and outlive their timeout when an answer drips (measured; see docs/security.md, row 36).
"""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chalicelib import logs
from chalicelib.errors import AppDown, AppRefused, AppRejectedUs
from chalicelib.outbound.deadlines import Deadline, left
from chalicelib.outbound.refusals import error_code, seconds

if TYPE_CHECKING:
    from requests import Response
    from requests.adapters import HTTPAdapter

SECONDS = 6.0
"""For one call, all told."""
CAP = 64 * 1024
USER_AGENT = "Client-Connect/1.0 (+https://www.bookkeep.com)"
_TOO_MANY = 429
_OK = range(200, 300)
_REDIRECT = range(300, 400)
_SERVER_ERROR = 500
_US = frozenset({"invalid_client", "unauthorized_client"})


class Web:
    """Sends JSON or forms, wants JSON back. One per process: connections and root certificates are reused.

    ``trusted`` tells the hosts with ports that an operator named, wherever they lead; all others must be public.
    """

    def __init__(self, trusted: Callable[[], Collection[str]] = frozenset, seconds: float = SECONDS) -> None:
        self.trusted = trusted
        self._seconds = seconds
        self._connections: HTTPAdapter | None = None

    def json(self, method: str, url: str, **options: Any) -> Mapping[str, object]:
        """Send one request, never a second, and return the JSON object that was answered.

        ``options`` are ``headers``, ``form``, ``body`` (an object, as JSON) and ``auth`` (HTTP Basic's pair).

        :raises AppDown: no whole JSON object came back in time, or a 5xx, 429 or redirect did.
        :raises AppRefused: a 4xx.
        :raises AppRejectedUs: one with OAuth's ``invalid_client`` or ``unauthorized_client`` (RFC 6749 §5.2).
        """
        found = self._answered(method, url, **options)
        if not isinstance(found, dict):
            raise AppDown("not a JSON object")
        return found

    def rows(self, method: str, url: str, **options: Any) -> list[object]:
        """The same for an answer that is a JSON list, of objects."""
        found = self._answered(method, url, **options)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise AppDown("not a JSON list")
        return found

    def send(self, method: str, url: str, **options: Any) -> None:
        """The same where only the status counts."""
        self._answered(method, url, **options)

    def _answered(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> object:
        sent = {"Accept": "application/json", "User-Agent": USER_AGENT, **(headers or {})}
        return _json(*self._sent(method, url, headers=sent, data=form, json=body, auth=auth or _no_auth))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, float | None]:
        """Post bytes, once. The status that came back, whatever it is, and in how many seconds to come again.

        Only the head of the answer is read.

        :raises AppDown: if none came in time.
        """
        sent = {"User-Agent": USER_AGENT, **headers}
        with self._once("POST", url, headers=sent, data=body, auth=_no_auth) as response:
            return response.status_code, seconds(response.headers.get("Retry-After", ""))

    def _sent(self, method: str, url: str, **options: Any) -> tuple[int, bytes, str]:
        began, outcome = time.perf_counter(), ""
        try:
            with self._once(method, url, **options) as response:
                raw = _capped(response)
            outcome = str(response.status_code)
        except AppDown as down:
            outcome = down.why
            raise
        finally:
            logs.event("app_answered", outcome=outcome, provider_latency=logs.milliseconds_since(began))
        return response.status_code, raw, response.headers.get("Retry-After", "")

    @contextmanager
    def _once(self, method: str, url: str, **options: Any) -> "Iterator[Response]":
        """One request in the time that there is; whatever goes wrong is ``AppDown``."""
        import requests
        from urllib3.exceptions import HTTPError

        try:
            prepared = requests.Request(method, url, **options).prepare()
            with (
                Deadline(self._seconds),
                self._open().send(prepared, timeout=left(), verify=True, stream=True) as response,
            ):
                yield response
        except (requests.RequestException, HTTPError, OSError) as error:
            raise AppDown(type(error).__name__) from None

    def within(self, seconds: float) -> Deadline:
        """Bounds all calls made inside the ``with``, together."""
        return Deadline(seconds)

    def _open(self) -> "HTTPAdapter":
        """An adapter without a session: its cookies, redirects, proxies and .netrc have no place here."""
        if self._connections is None:
            from chalicelib.outbound.pools import adapter

            self._connections = adapter(self.trusted)
        return self._connections


def _no_auth(request: Any) -> Any:
    """Keeps requests from looking for credentials in the address."""
    return request


def _capped(response: "Response") -> bytes:
    raw = response.raw.read(CAP + 1, decode_content=True)
    if len(raw) > CAP:
        raise OSError("too large")
    return bytes(raw)


def _json(status: int, raw: bytes, retry_after: str) -> object:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if status >= _SERVER_ERROR or status == _TOO_MANY or status in _REDIRECT:
        down = AppDown(str(status))
        down.retry_after = seconds(retry_after)
        raise down
    if status not in _OK:
        code = error_code(found)
        raise (AppRejectedUs if code in _US else AppRefused)(str(status), code)
    return found
