"""Connections for calls to apps: they mind the deadline, lead to public addresses, and are never tried twice.

Imports requests and urllib3: only whoever makes a call pays for them.
"""

import socket
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from chalicelib.outbound.addresses import NotPublic, public
from chalicelib.outbound.deadlines import MindfulSocket, left


class _Guarded:
    """What both kinds of connection do alike."""

    trusted: ClassVar[Callable[[], Collection[str]]]
    _dns_host: str
    port: Any
    timeout: Any
    sock: Any

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        if f"{name}:{self.port}" in type(self).trusted():
            return super()._new_conn()  # type: ignore[misc,no-any-return]
        try:
            return self._first(public(name, self.port))
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
        self.sock = MindfulSocket(self.sock)


def adapter(trusted_hosts: Callable[[], Collection[str]]) -> HTTPAdapter:
    """A requests adapter. ``trusted_hosts`` tells an operator's own, with ports; they may lead anywhere."""

    class Plain(_Guarded, HTTPConnection):
        trusted = staticmethod(trusted_hosts)

    class Secure(_Guarded, HTTPSConnection):
        trusted = staticmethod(trusted_hosts)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    made = HTTPAdapter(max_retries=0)
    made.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return made
