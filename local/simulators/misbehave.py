"""How an app goes wrong when it was told to."""

import json
import select
import socket
from collections.abc import Callable, Iterator
from threading import Event

from flask import Response, request

from .base import App, answer
from .model import Misbehaviour

_TOO_BIG_BLOCKS = 30 * 16
_BLOCK = b"a" * 65536
_DRIP_S = 0.02
_DRIPS = 400
_LOOK_S = 0.05


def instead(app: App, how: Misbehaviour, to: str, stopping: Event) -> Response | None:
    """The wrong answer given in place of the app's own, or nothing when its own is to be spoiled."""
    if how in _REFUSALS:
        return app.refusal(*_REFUSALS[how])
    make = _INSTEAD.get(how)
    return make(to, stopping) if make is not None else None


def spoil(app: App, how: Misbehaviour | None, response: Response) -> Response:
    """The app's own answer, with something missing or wrong in it."""
    if how not in {Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.TOKEN_TYPE_MAC} or response.status_code != 200:
        return response
    if how is Misbehaviour.NO_ACCESS_TOKEN:
        return app.without_token(response)
    return answer(json.loads(response.get_data()) | {"token_type": "mac"})


def _too_big() -> Iterator[bytes]:
    yield b'{"padding": "'
    for _ in range(_TOO_BIG_BLOCKS):
        yield _BLOCK
    yield b'"}'


def _drip(stopping: Event) -> Iterator[bytes]:
    """Eight seconds of spaces: far longer than anybody waits, and then an empty object after all."""
    yield b"{"
    for _ in range(_DRIPS):
        if stopping.wait(_DRIP_S):
            return
        yield b" "
    yield b"}"


def _hang(stopping: Event) -> Response:
    connection = request.environ.get("werkzeug.socket")
    while not stopping.wait(_LOOK_S) and not _gone(connection):
        pass
    return Response(status=503)


def _gone(connection: object) -> bool:
    if not isinstance(connection, socket.socket):
        return False
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def _redirect(status: int, to: str) -> Response:
    return Response(status=status, headers={"Location": to or request.url})


def _rate_limited() -> Response:
    response = answer({"error": "rate_limited"}, 429)
    response.headers["Retry-After"] = "1"
    return response


_INSTEAD: dict[Misbehaviour, Callable[[str, Event], Response]] = {
    Misbehaviour.UNAVAILABLE: lambda *_: Response("Service Unavailable", 503, mimetype="text/plain"),
    Misbehaviour.CRASHED: lambda *_: Response("<h1>Internal Server Error</h1>", 500, mimetype="text/html"),
    Misbehaviour.RATE_LIMITED: lambda *_: _rate_limited(),
    Misbehaviour.TOO_BIG: lambda *_: Response(_too_big(), mimetype="application/json"),
    Misbehaviour.HTML: lambda *_: Response("<!doctype html><title>Down for maintenance</title>", mimetype="text/html"),
    Misbehaviour.JSON_LIST: lambda *_: answer(["not", "an", "object"]),
    Misbehaviour.JSON_NUMBER: lambda *_: answer(42),
    Misbehaviour.EMPTY: lambda *_: answer({}),
    Misbehaviour.DRIP: lambda _, stopping: Response(_drip(stopping), mimetype="application/json"),
    Misbehaviour.HANG: lambda _, stopping: _hang(stopping),
    Misbehaviour.REDIRECT_307: lambda to, _: _redirect(307, to),
    Misbehaviour.REDIRECT_302: lambda to, _: _redirect(302, to),
}

# In the app's own words.
_REFUSALS: dict[Misbehaviour, tuple[str, str, int]] = {
    Misbehaviour.ERROR_WITH_200: ("temporarily_unavailable", "Something went wrong", 200),
    Misbehaviour.INVALID_CLIENT: ("invalid_client", "Client authentication failed", 401),
    Misbehaviour.UNAUTHORIZED: ("invalid_token", "The access token is invalid", 401),
    Misbehaviour.FORBIDDEN: ("access_denied", "The access is not allowed", 403),
    Misbehaviour.INVALID_GRANT: ("invalid_grant", "The grant is invalid, expired or revoked", 400),
}
