"""Stands in for Lambda's event source mapping: reads a DynamoDB stream and calls the handler as Lambda does.

Faithful where it matters to a handler: checkpoints at the lowest reported sequence number and redelivers everything
from there on, retries a failed batch, bisects it, and parks what never succeeds (metadata only, as the on-failure
destination of AWS does). See *Using AWS Lambda with Amazon DynamoDB* in the Lambda Developer Guide.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

type Record = dict[str, Any]
type Handler = Callable[[dict[str, Any], object], Mapping[str, Any] | None]

LONGEST_PAUSE = 5.0


class Stream(Protocol):
    """Where records come from; `local.stream.TableStream` reads a table's."""

    def read(self) -> list[Record]:
        """The records that came since the last call, oldest first; empty when there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMapping:
    """What an event source mapping is set to; the names are Lambda's."""

    batch_size: int = 10
    maximum_retry_attempts: int = 3
    bisect_batch_on_function_error: bool = False
    report_batch_item_failures: bool = True
    filter_criteria: Callable[[Record], bool] = lambda _record: True


@dataclass(frozen=True, slots=True)
class Context:
    """The little that a stream handler may ask of Lambda's context."""

    function_name: str = "on_core_change"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    log_stream_name: str = "local"

    def get_remaining_time_in_millis(self) -> int:
        """Locally nobody stops a slow handler."""
        return 60_000


@dataclass(slots=True)
class _Batch:
    records: Sequence[Record]
    retries: int = 0


class Pump:
    """One mapping. `once` drains what is there; `run` goes on until it is told to stop."""

    def __init__(
        self,
        handler: Handler,
        stream: Stream | None = None,
        mapping: "SourceMapping | None" = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._handler = handler
        self._stream = stream
        self._mapping = mapping or SourceMapping()
        self._say = say
        self._lock = threading.Lock()
        self._stop: threading.Event | None = None
        self.parked: list[dict[str, Any]] = []
        """What the on-failure destination was sent."""

    def once(self) -> int:
        """Deliver everything there is, retries included and without pausing; the number of records seen."""
        with self._lock:
            seen = 0
            while self._stream and (records := self._stream.read()):
                seen += len(records)
                self._deliver_all(records)
            return seen

    def feed(self, records: Iterable[Record]) -> None:
        """Deliver records that come from no stream; they already have Lambda's shape."""
        with self._lock:
            self._deliver_all(list(records))

    def run(self, stop: threading.Event, every: float = 0.2) -> None:
        """Deliver what comes until ``stop`` is set. Whatever goes wrong is said in one line, and it goes on."""
        self._stop = stop
        while not stop.wait(every):
            try:
                self.once()
            except Exception as error:
                self._say(f"stream: {type(error).__name__}; going on")

    def _deliver_all(self, records: list[Record]) -> None:
        wanted = [record for record in records if self._mapping.filter_criteria(record)]
        size = self._mapping.batch_size
        for start in range(0, len(wanted), size):
            self._deliver(wanted[start : start + size])

    def _deliver(self, records: Sequence[Record]) -> None:
        """One batch to its end: delivered or parked. What comes after it in the shard waits, as on AWS."""
        waiting = [_Batch(records)]
        while waiting and not (self._stop and self._stop.is_set()):
            batch = waiting.pop(0)
            failed_at = self._call(batch.records)
            if failed_at is not None:
                waiting[:0] = self._again(batch, failed_at)

    def _again(self, batch: _Batch, failed_at: int) -> list[_Batch]:
        """What is to be delivered next after a failure. Splitting does not count as a retry; everything else does."""
        left = batch.records[failed_at:]
        if self._mapping.bisect_batch_on_function_error and len(batch.records) > 1:
            if failed_at:
                return [_Batch(left, batch.retries)]
            middle = len(left) // 2
            return [_Batch(left[:middle], batch.retries), _Batch(left[middle:], batch.retries)]
        if batch.retries >= self._mapping.maximum_retry_attempts:
            self.parked.append(_on_failure(left, batch.retries + 1))
            return []
        self._pause(batch.retries)
        return [_Batch(left, batch.retries + 1)]

    def _call(self, records: Sequence[Record]) -> int | None:
        """Call the handler; the index from which everything must come again, or ``None`` when all went well."""
        # A copy, through JSON as Lambda's own: a handler that changes its event must not change the redelivery.
        event = json.loads(json.dumps({"Records": list(records)}))
        try:
            answer = self._handler(event, Context())
        except Exception as error:
            self._say(f"stream: the handler raised {type(error).__name__}")
            return 0
        return _lowest(answer, records) if self._mapping.report_batch_item_failures else None

    def _pause(self, retries: int) -> None:
        if self._stop:
            self._stop.wait(min(0.5 * 2**retries, LONGEST_PAUSE))


def _lowest(answer: Mapping[str, Any] | None, records: Sequence[Record]) -> int | None:
    """The first reported record's index. An answer that Lambda cannot read fails the whole batch."""
    failures = (answer or {}).get("batchItemFailures") or []
    if not failures:
        return None
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    try:
        return min(numbers.index(failure["itemIdentifier"]) for failure in failures)
    except (ValueError, KeyError, TypeError):
        return 0


def _on_failure(records: Sequence[Record], invocations: int) -> dict[str, Any]:
    """What AWS sends to the on-failure destination: where the records were, never what they held."""
    first, last = records[0], records[-1]
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": invocations},
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "DDBStreamBatchInfo": {
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "batchSize": len(records),
            "streamArn": first.get("eventSourceARN", ""),
        },
    }
