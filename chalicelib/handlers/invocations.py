"""The beginning and the end of every invocation, as the log tells them; and what nobody caught."""

import functools
import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalice.app import BaseLambdaEvent

from chalicelib import logs, wiring
from chalicelib.errors import ClientConnectError
from chalicelib.settings import SettingsRefused

_ERROR = 400
_SERVER_ERROR = 500


class Crashed(Exception):
    """What Lambda is told of an exception whose words are not ours: it logs what it is told, messages and all."""


@contextmanager
def _nothing_told() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        logs.crash(error)
        if isinstance(error, ClientConnectError | SettingsRefused):
            raise
        raise Crashed(type(error).__name__) from None


@contextmanager
def _loading() -> Iterator[None]:
    """What the first invocation has loaded stays: the collector, which was off till then, need never look at it."""
    try:
        yield
    finally:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()


@contextmanager
def requested(event: Mapping[str, Any], context: Any) -> Iterator[Callable[[int], None]]:
    """A request: its line says the route, never the path, for links, states and codes stand in that.

    Yields what is to be told the answer's status.
    """
    began, asked = time.perf_counter(), event.get("requestContext", {})
    logs.begin(_function(context), asked.get("requestId") or _request_id(context))

    def answered(status: int) -> None:
        level = logging.ERROR if status >= _SERVER_ERROR else logging.WARNING if status >= _ERROR else logging.INFO
        counted = {"server_errors": 1} if status >= _SERVER_ERROR else {}
        logs.event(
            "request", level=level, route=str(asked.get("resourcePath", "")), method=str(asked.get("httpMethod", "")),
            status=status, milliseconds=logs.milliseconds_since(began), **counted,
        )  # fmt: skip

    with _loading(), _nothing_told():
        yield answered


def trigger[Event: BaseLambdaEvent, Answer](handler: Callable[[Event], Answer]) -> Callable[[Event], Answer]:
    """Around every trigger's handler. Without settings it fails, and comes again.

    No middleware: Lambda calls the handler in its own module, without app.py, which would register one.
    """

    @functools.wraps(handler)
    def invoked(event: Event) -> Answer:
        logs.begin(_function(event.context), _request_id(event.context))
        with _loading(), _nothing_told():
            wiring.renew_settings()
            return handler(event)

    return invoked


def _function(context: Any) -> str:
    return str(getattr(context, "function_name", ""))


def _request_id(context: Any) -> str:
    return str(getattr(context, "aws_request_id", ""))


def of_chalice(_record: logging.LogRecord) -> bool:
    """A filter of Chalice's log: of what escaped every guard of ours, it would write the whole traceback."""
    if error := sys.exception():
        logs.crash(error)
    return False
