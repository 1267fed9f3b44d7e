"""What no log may hold, whoever wrote it: listened for in everything that any test of the run logs."""

import json
import logging
import re
import traceback
from typing import Any

import pytest

LEAK = re.compile(
    r"sentinel"  # what tests plant
    r"|[A-Za-z0-9_-]{1,64}~[A-Za-z0-9_-]{44}(?![A-Za-z0-9_-])"  # a connect link
    r"|[\w.+-]@[\w-]",  # somebody's address
    re.IGNORECASE,
)
OF_THE_TESTS = frozenset({"responses", "werkzeug"})
"""Loggers of the simulated apps and of moto, which is no part of the product."""


def leaks(text: str) -> list[str]:
    """The places of a text that no log may hold, with a little of what stands around them."""
    return [text[max(0, match.start() - 80) : match.end() + 80] for match in LEAK.finditer(text)]


class Listener(logging.Handler):
    """Hears every record that reaches the root of the loggers, and keeps what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in OF_THE_TESTS:
            self.found += [f"{record.name}: {leak}" for leak in leaks(_whole(record))]

    def check(self) -> None:
        """Nothing was found since the last time."""
        found, self.found = self.found, []
        assert found == [], "a log held what no log may hold"


def _whole(record: logging.LogRecord) -> str:
    arguments = repr(record.args) if record.args else ""
    error = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
    return f"{record.getMessage()} {arguments} {error}"


def lines(caplog: pytest.LogCaptureFixture, name: str = "") -> list[dict[str, Any]]:
    """What the product logged, or its events of one name; each record must be one line of JSON."""
    said = [record.getMessage() for record in caplog.records if record.name == "client_connect"]
    assert not [line for line in said if "\n" in line or "\r" in line]
    return [line for line in map(json.loads, said) if not name or line["event"] == name]


def requests_of(run: str) -> str:
    """What a local run said after it told where everything is: that names the demo's people and the link."""
    head, mark, said = run.partition("Requests, by route:")
    assert mark, head
    return said
