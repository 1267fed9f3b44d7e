"""Somebody who is held up after the app has answered and before anything is written."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from chalicelib.providers import renewing


class Stalled:
    """``answered`` is set when the first has its answer; it goes on when ``go`` is. ``then``: it had that no instead."""

    def __init__(self) -> None:
        self.answered, self.go = threading.Event(), threading.Event()
        self.then: Exception | None = None
        self._renewed = renewing.renewed
        self._first = threading.Lock()

    def renewed(self, *args: Any) -> Any:
        found = self._renewed(*args)
        if self._first.acquire(blocking=False):
            self.answered.set()
            assert self.go.wait(30)
            if self.then:
                raise self.then
        return found

    @classmethod
    @contextmanager
    def first(cls) -> Iterator["Stalled"]:
        """Whoever asks first inside the ``with`` is held up."""
        found = cls()
        with patch.object(renewing, "renewed", found.renewed):
            yield found
        found.go.set()


def in_background[T](work: Callable[[], T]) -> Future[T]:
    """In a thread of its own; whoever wants its result waits for it."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work)
    finally:
        pool.shutdown(wait=False)
