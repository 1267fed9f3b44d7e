"""What AWS does by itself and here needs a thread: the stream's trigger and the schedule."""

import threading
import time
from collections.abc import Callable
from typing import Any

from local.pump import Context, Pump, Record, SourceMapping

SWEEP_SECONDS = 5.0

# As the mapping in the deployment's template has it: only what is new, small batches, a failure costs one record.
MAPPING = SourceMapping(
    batch_size=25,
    maximum_retry_attempts=5,
    bisect_batch_on_function_error=True,
    filter_criteria=lambda record: record["eventName"] == "INSERT",
)

type Say = Callable[[str], None]


class Background:
    """Two threads, from `start` until `stop`."""

    def __init__(self, pump: Pump, sweep: Callable[[dict[str, Any], object], Any], say: Say) -> None:
        self._stop = threading.Event()
        self._sweep = sweep
        self._say = say
        self._threads = [
            threading.Thread(target=pump.run, args=(self._stop,), name="stream", daemon=True),
            threading.Thread(target=self._sweeping, name="schedule", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after what is being done now."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _sweeping(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            try:
                self._sweep(scheduled_event(), Context(function_name="sweep"))
            except Exception as error:
                self._say(f"schedule: {type(error).__name__}; going on")


def scheduled_event() -> Record:
    """What EventBridge sends a scheduled function."""
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/sweep"],
        "detail": {},
    }
