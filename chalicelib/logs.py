"""What happened, as one JSON line each; what is counted carries its metric for CloudWatch inside the same line.

CloudWatch reads a metric only from the top level of a line that is one JSON object (its *embedded metric format*).
Lambda's own log handler writes a prefix before each line, or wraps it into JSON of its own; what a function writes to
stdout passes as it is (awslambdaric 4.2.2, ``bootstrap._setup_logging``). So on Lambda our logger writes to stdout by
itself and hands nothing on. Elsewhere it is an ordinary logger.

Only names, ids and numbers that our own code chose are written. Nothing here knows which texts hold a secret, so a
value of another shape is replaced by ``?``, and so is any that is long enough for one of our secrets.
"""

import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from itertools import count
from types import MappingProxyType

from chalicelib import keys
from chalicelib.domain import LetterState

NAMESPACE = "ClientConnect"
METRICS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "connected": ("Count", ("app",)),
    "connection_failed": ("Count", ("app", "cause")),
    "disconnected": ("Count", ("app",)),
    "revocations_given_up": ("Count", ("app",)),
    "provider_latency": ("Milliseconds", ("app",)),
    **{f"letters_{state}": ("Count", ("kind",)) for state in LetterState},
    "outbox_age": ("Seconds", ()),
    "events_unpublished": ("Count", ()),
    "webhooks_taken": ("Count", ("receiver",)),
    "webhooks_not_taken": ("Count", ("receiver",)),
    "parked": ("Count", ()),
    "refreshed": ("Count", ("app",)),
    "refresh_failed": ("Count", ("app", "cause")),
    "refresh_lost": ("Count", ("app",)),
    "client_rejected": ("Count", ("app",)),
    "breaker_opened": ("Count", ("app",)),
    "needs_attention": ("Count", ("app",)),
    "grants_late": ("Seconds", ()),
    "erasure_age": ("Seconds", ()),
    "crashes": ("Count", ()),
    "server_errors": ("Count", ()),
}
"""A field of this name is a metric: its unit, and by what it is told apart beside the stage. Each combination costs."""

# An id of API Gateway's has 36 characters, every secret of ours at least 43. DynamoDB's sequence numbers are all digits.
_WORDS = re.compile(r"(?:[A-Za-z0-9_-]{1,36}+(?![A-Za-z0-9_-])|[0-9]{1,48}+(?![A-Za-z_-])|[.:/{}<> ]++)*+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAMES = frozenset({"entity_id", "function"})
"""Verified before they are bound, and as long as their makers like."""
LONGEST = 200
_LEVELS = {logging.WARNING: "WARN", logging.CRITICAL: "FATAL"}
"""Where Lambda's names for levels are not Python's."""

_logger = logging.getLogger("client_connect")
_bound: ContextVar[Mapping[str, str | float]] = ContextVar("bound", default=MappingProxyType({}))
_invocations = count()
_one_line = json.JSONEncoder(separators=(",", ":")).encode


def begin(function: str, request_id: str) -> None:
    """An invocation begins: every line has these from here on, and nothing of the invocation before."""
    cold = next(_invocations) == 0
    _bound.set({"function": function, "request_id": request_id} | ({"cold": True} if cold else {}))


def bind(**names: str) -> None:
    """Let the invocation's lines have these too: only what was verified, never a word of the path. Empty: no longer."""
    _bound.set({**_bound.get(), **names})


def event(name: str, /, *, level: int = logging.INFO, **fields: str | float) -> None:
    """One line. A field that is named in ``METRICS`` is counted, if the line has what it is told apart by."""
    if not _logger.isEnabledFor(level):
        return
    now = keys.now()
    said = {"event": name, "stage": os.environ.get("STAGE") or "local", **_bound.get(), **fields}
    line: dict[str, object] = {
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": _LEVELS.get(level, logging.getLevelName(level)),
        **{field: _safe(field, value) for field, value in said.items() if value != ""},
    }
    if metrics := [_metric(field) for field in fields if field in METRICS and {*METRICS[field][1]} <= line.keys()]:
        line["_aws"] = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": metrics}
    _logger.log(level, _one_line(line))


def milliseconds_since(began: float) -> float:
    """``began`` is what ``time.perf_counter`` said."""
    return round((time.perf_counter() - began) * 1000, 1)


def _safe(field: str, value: str | float) -> str | float:
    if not isinstance(value, str):
        return value
    pattern = _NAME if field in _NAMES else _WORDS
    return str(value) if len(value) <= LONGEST and pattern.fullmatch(value) else "?"


def _metric(field: str) -> Mapping[str, object]:
    """For the whole stage, which alarms look at, and told apart."""
    unit, by = METRICS[field]
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [["stage"], ["stage", *by]] if by else [["stage"]],
        "Metrics": [{"Name": field, "Unit": unit}],
    }


def crash(error: BaseException) -> None:
    """What broke and where, never with what: messages and arguments may hold secrets."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name[:36]}:{frame.lineno}" for frame in reversed(frames[-4:]))
    cause = type(error.__cause__).__name__ if error.__cause__ else "-"
    event("crash", level=logging.ERROR, error=type(error).__name__, cause=cause, where=where, crashes=1)


class _Others(logging.Handler):
    """Takes what libraries have to say: who, how loud and where. Their words may quote an address or an answer."""

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.module[:36]}:{record.lineno}"
        event("library", level=record.levelno, logger=record.name, where=place)


def _set_up() -> None:
    """At import: Lambda hands a trigger to its own module, and app.py is never imported there."""
    _logger.setLevel(logging.INFO)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        _logger.handlers = [logging.StreamHandler(sys.stdout)]
        _logger.propagate = False
        logging.getLogger().handlers = [_Others()]


_set_up()
