"""Opened data keys, in memory, for a few minutes: who reads a connection often need not ask KMS each time.

A key stands under the connection that it was opened for and its own wrapped form, so it is never another connection's,
and a grant that is written anew has another. Bounded, so that a process that sees many connections does not hoard them.
"""

import time
from collections import OrderedDict
from threading import Lock

MINUTES = 5
MOST = 500


class DataKeys:
    """The least recently used goes first."""

    def __init__(self, *, most: int = MOST, seconds: float = MINUTES * 60) -> None:
        self._most = most
        self._seconds = seconds
        self._keys: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: bytes) -> bytes | None:
        """The key, if it was kept and its time is not over."""
        with self._lock:
            until, key = self._keys.pop(name, (0.0, b""))
            if until <= time.monotonic():
                return None
            self._keys[name] = until, key
            return key

    def keep(self, name: bytes, key: bytes) -> None:
        """From now on, for its time."""
        with self._lock:
            self._keys[name] = time.monotonic() + self._seconds, key
            self._keys.move_to_end(name)
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
