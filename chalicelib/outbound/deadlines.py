"""A total deadline for an HTTP call.

A timeout bounds each read, so a server that sends a byte a second outlives it for as long as it likes. Here every
connection's socket is told, before each read and write, how much of the call's time is left.
"""

import io
import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class Deadline:
    """Inside the ``with``, reads and writes on connections of ``adapter()`` end in ``TimeoutError`` when time is up.

    One inside another never prolongs it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._token: Token[float | None] | None = None

    def __enter__(self) -> Self:
        ends = time.monotonic() + self._seconds
        self._token = _ends.set(min(ends, _ends.get() or ends))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _ends.reset(self._token)


def left() -> float | None:
    """Seconds until the innermost deadline; ``None`` outside of any.

    :raises TimeoutError: if it has passed.
    """
    ends = _ends.get()
    if ends is None:
        return None
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline")
    return seconds


class _Reads(io.RawIOBase):
    """What ``http.client`` reads an answer from.

    It reads through the socket's own file, which keeps the socket open: ``http.client`` closes a connection that is
    not kept alive as soon as it has the headers, and reads the body after that.
    """

    def __init__(self, sock: Any) -> None:
        super().__init__()
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(left())
        return int(self._file.readinto(buffer))

    def close(self) -> None:
        self._file.close()
        super().close()


class MindfulSocket:
    """A socket, TLS or not, that minds the deadline. Everything else is the socket's own."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, *_args: object, **_options: object) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(left())
        self._sock.sendall(data)
