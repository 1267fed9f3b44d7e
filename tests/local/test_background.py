"""What AWS does by itself goes on here, whatever a handler does."""

import threading
from typing import Any

import pytest

from local import background
from local.background import MAPPING, Background, scheduled_event
from local.pump import Context, Pump


@pytest.mark.parametrize("name", background.EVERY_SECONDS)
def test_a_schedule_survives_a_failing_handler_and_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(background, "EVERY_SECONDS", {name: 0.001})
    twice = threading.Event()
    events: list[dict[str, Any]] = []
    said: list[str] = []

    def fails(event: dict[str, Any], _context: object) -> None:
        events.append(event)
        if len(events) == 2:
            twice.set()
        raise RuntimeError("sentinel")

    running = Background({"stream": Pump(lambda _event, _context: None)}, {name: fails}, said.append)
    running.start()
    assert twice.wait(10)
    running.stop()
    assert said[:1] == [f"{name}: RuntimeError; going on"]
    assert events[0]["detail-type"] == "Scheduled Event"


def test_only_new_items_reach_the_handler() -> None:
    assert [MAPPING.filter_criteria({"eventName": name}) for name in ("INSERT", "MODIFY", "REMOVE")] == [
        True,
        False,
        False,
    ]


def test_chalice_can_read_the_scheduled_event() -> None:
    from chalice.app import Chalice

    app = Chalice("small")
    seen: list[str] = []

    @app.schedule("rate(1 minute)")
    def sweep(event: Any) -> None:
        seen.append(event.time)

    app.handler_map["sweep"](scheduled_event(), Context())
    assert len(seen) == 1
