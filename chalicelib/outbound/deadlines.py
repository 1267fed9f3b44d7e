"""A total deadline for an HTTP call.

A timeout bounds each read, so a server that sends a byte a second outlives it for as long as it likes. Here every
connection's socket is told, before each read and write, how much of the call's time is left.
"""

import io
import socket
import time
from collections.abc import Collection
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from chalicelib.outbound.addresses import NotPublic, public

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

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


class _Socket:
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


def adapter(trusted: Collection[str] = ()) -> "HTTPAdapter":
    """A requests adapter whose connections mind the deadline, lead to public addresses and never try twice.

    ``trusted`` are hosts with ports that an operator named, wherever they lead.
    """
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError

    class Guarded:
        """What both kinds of connection do alike."""

        _dns_host: str
        port: Any
        timeout: Any
        sock: Any

        def _new_conn(self) -> socket.socket:
            name = self._dns_host
            if f"{name}:{self.port}" in trusted:
                return super()._new_conn()  # type: ignore[misc,no-any-return]
            try:
                return self._first(public(name, self.port or 443))
            finally:
                self._dns_host = name  # TLS and the Host header go by the name

        def _first(self, addresses: list[str]) -> socket.socket:
            """A connection to the first address that answers in what is left of the time."""
            for place, address in enumerate(addresses, start=1):
                self._dns_host, self.timeout = address, left()
                try:
                    return super()._new_conn()  # type: ignore[misc,no-any-return]
                except (OSError, HTTPError):
                    if place == len(addresses):
                        raise
            raise NotPublic("no address")

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]
            self.sock = _Socket(self.sock)

    class Plain(Guarded, HTTPConnection):
        pass

    class Secure(Guarded, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    made = HTTPAdapter(max_retries=0)
    made.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return made
