"""What AWS does by itself and here needs a thread: the stream's trigger, the queue's, and the schedules."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.pump import Context, Pump, Record, SourceMapping
from local.queue import QueuePump

EVERY_SECONDS = {"sweep": 5.0, "keep_alive": 30.0, "erase": 5.0}
"""The schedules, more often than deployed: somebody watches."""

# As the mapping in the deployment's template has it: only what is new, small batches, a failure costs one record.
MAPPING = SourceMapping(
    batch_size=25,
    maximum_retry_attempts=5,
    bisect_batch_on_function_error=True,
    filter_criteria=lambda record: record["eventName"] == "INSERT",
)

type Say = Callable[[str], None]


class Background:
    """A thread for each pump and one for each schedule, from `start` until `stop`."""

    def __init__(
        self,
        pumps: Mapping[str, Pump | QueuePump],
        handlers: Mapping[str, Callable[[dict[str, Any], object], Any]],
        say: Say,
    ) -> None:
        """``handlers`` by name, as Chalice has them."""
        self._stop = threading.Event()
        self._say = say
        self._threads = [
            threading.Thread(target=pump.run, args=(self._stop,), name=name, daemon=True)
            for name, pump in pumps.items()
        ]
        for name, seconds in EVERY_SECONDS.items():
            schedule = (name, handlers[name], seconds)
            self._threads.append(threading.Thread(target=self._go_on, args=schedule, name=name, daemon=True))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after what is being done now."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _go_on(self, name: str, handler: Callable[[dict[str, Any], object], Any], seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                handler(scheduled_event(), Context(function_name=name))
            except Exception as error:
                self._say(f"{name}: {type(error).__name__}; going on")


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
