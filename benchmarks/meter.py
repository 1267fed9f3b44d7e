"""Counts the calls that the product makes, where they leave the process: nothing of the product is patched.

AWS: handlers among botocore's own defaults, which every session takes over, PynamoDB's too. Each try is a call.
Apps: the audit event that http.client raises for whatever it sends (botocore's calls end in moto before that).
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST

from benchmarks.tables import Tables
from chalicelib.outbound import aws
from tests.support.world import forget

_MINE = "client_connect_benchmark"


@dataclass(slots=True)
class Bill:
    """What one operation called and consumed."""

    calls: list[str] = field(default_factory=list)
    """``service.Operation``, in order."""
    apps: int = 0
    read: float = 0
    written: int = 0

    def count(self, service: str) -> int:
        """The calls of a service."""
        return sum(call.startswith(f"{service}.") for call in self.calls)

    @property
    def operations(self) -> str:
        """DynamoDB's, in order."""
        return ", ".join(call.partition(".")[2] for call in self.calls if call.startswith("dynamodb."))


class Meter:
    """Keeps the bill that is open, if one is."""

    def __init__(self) -> None:
        self._bill: Bill | None = None
        self._tables = Tables()

    @contextmanager
    def bill(self) -> Iterator[Bill]:
        """Whatever is called inside the ``with`` is on this bill."""
        with self._on(Bill()) as bill:
            yield bill

    @contextmanager
    def _on(self, bill: Any) -> Iterator[Any]:
        before, self._bill = self._bill, bill
        try:
            yield bill
        finally:
            self._bill = before

    def sent(self, event_name: str, **_: object) -> None:
        """before-send: a call leaves."""
        if self._bill is not None:
            self._bill.calls.append(event_name.removeprefix("before-send."))

    def before(self, model: Any, params: Any, context: dict[str, Any], **_: object) -> None:
        """before-call: what is stored, before a write changes it."""
        bill = self._bill
        if bill is None:
            return
        request = json.loads(params["body"])
        with self._on(None):
            context[_MINE] = bill, request, self._tables.images(model.name, request)

    def after(self, model: Any, parsed: Any, context: dict[str, Any], **_: object) -> None:
        """after-call: what it consumed."""
        if _MINE not in context:
            return
        bill, request, before = context.pop(_MINE)
        with self._on(None):
            bill.written += self._tables.written(model.name, request, before)
        bill.read += self._tables.read(model.name, request, parsed)

    def posted(self, event: str, arguments: tuple[Any, ...]) -> None:
        """http.client sends: an app is asked something."""
        if self._bill is not None and event == "http.client.send" and _is_head(arguments[1]):
            self._bill.apps += 1


def _is_head(data: object) -> bool:
    """A request's head, and not its body."""
    return isinstance(data, bytes) and data.partition(b"\r\n")[0].endswith(b"HTTP/1.1")


_meters: list[Meter] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    for meter in _meters:
        meter.posted(event, arguments)


@contextmanager
def metered() -> Iterator[Meter]:
    """A meter on all AWS clients that are made inside the ``with``, and on everything that is sent by http.client."""
    meter = Meter()
    hooks: list[tuple[str, Callable[..., None], object]] = [
        ("before-send", meter.sent, REGISTER_FIRST),
        ("before-call.dynamodb", meter.before, REGISTER_FIRST),
        ("after-call.dynamodb", meter.after, REGISTER_FIRST),
    ]
    BUILTIN_HANDLERS.extend(hooks)
    _meters.append(meter)
    _forget_clients()
    try:
        yield meter
    finally:
        for hook in hooks:
            BUILTIN_HANDLERS.remove(hook)
        _meters.remove(meter)
        _forget_clients()


def _forget_clients() -> None:
    """Clients keep the handlers that they were made with."""
    forget()
    for made in vars(aws).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


# For good: Python has no way to take one out.
sys.addaudithook(_audit)
