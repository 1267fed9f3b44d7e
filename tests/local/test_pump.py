"""The pump does to a handler what Lambda's event source mapping does."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.pump import Pump, Record, SourceMapping

NUMBERS = st.lists(st.integers(0, 10**12), unique=True, max_size=30).map(sorted)


def records(*numbers: int, name: str = "INSERT") -> list[Record]:
    return [
        {"eventName": name, "eventSourceARN": "arn:stream", "dynamodb": {"SequenceNumber": str(number)}}
        for number in numbers
    ]


class Handler:
    """Remembers the sequence numbers of every call; `answer` says what comes of each."""

    def __init__(
        self, answer: Callable[[list[str], int], Mapping[str, Any] | None] = lambda _seen, _call: None
    ) -> None:
        self.calls: list[list[str]] = []
        self._answer = answer

    def __call__(self, event: dict[str, Any], _context: object) -> Mapping[str, Any] | None:
        self.calls.append([record["dynamodb"]["SequenceNumber"] for record in event["Records"]])
        return self._answer(self.calls[-1], len(self.calls))


class Listed:
    """A stream that gives each of its pages once."""

    def __init__(self, *pages: list[Record]) -> None:
        self._pages = list(pages)

    def read(self) -> list[Record]:
        return self._pages.pop(0) if self._pages else []


def pump(handler: Any, stream: Any = None, **settings: Any) -> Pump:
    return Pump(handler, stream, SourceMapping(**settings), say=lambda _line: None)


def failing(*numbers: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}


@given(NUMBERS, st.integers(1, 12))
def test_every_record_comes_once_in_order_and_in_batches(numbers: list[int], size: int) -> None:
    handler = Handler()
    pump(handler, batch_size=size).feed(records(*numbers))
    assert [int(number) for call in handler.calls for number in call] == numbers
    assert all(1 <= len(call) <= size for call in handler.calls)


@given(NUMBERS.filter(bool), st.data(), st.booleans())
def test_everything_from_the_lowest_failure_on_comes_again(numbers: list[int], data: Any, bisect: bool) -> None:
    reported = data.draw(st.lists(st.sampled_from(numbers), min_size=1))
    answer = lambda _seen, call: failing(*map(str, reported)) if call == 1 else None  # noqa: E731
    handler = Handler(answer)
    pump(handler, batch_size=100, bisect_batch_on_function_error=bisect).feed(records(*numbers))
    again = [int(number) for call in handler.calls[1:] for number in call]
    assert again == numbers[numbers.index(min(reported)) :]


@given(NUMBERS.filter(bool), st.data())
def test_bisecting_costs_only_the_poison(numbers: list[int], data: Any) -> None:
    poison = {str(number) for number in data.draw(st.lists(st.sampled_from(numbers)))}
    good: list[str] = []

    def answer(seen: list[str], _call: int) -> None:
        if poison & set(seen):
            raise RuntimeError
        good.extend(seen)

    one = pump(Handler(answer), batch_size=10, maximum_retry_attempts=2, bisect_batch_on_function_error=True)
    one.feed(records(*numbers))
    assert good == [str(number) for number in numbers if str(number) not in poison]
    assert [parked["DDBStreamBatchInfo"]["startSequenceNumber"] for parked in one.parked] == [
        str(number) for number in numbers if str(number) in poison
    ]


def test_a_batch_that_never_succeeds_is_parked_whole_and_the_next_goes_on() -> None:
    handler = Handler(lambda seen, _call: failing(seen[0]) if "1" in seen else None)
    one = pump(handler, batch_size=2, maximum_retry_attempts=2)
    one.feed(records(1, 2, 3))
    assert handler.calls == [["1", "2"], ["1", "2"], ["1", "2"], ["3"]]
    [parked] = one.parked
    assert parked["requestContext"] == {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3}
    assert parked["DDBStreamBatchInfo"] == {
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "batchSize": 2,
        "streamArn": "arn:stream",
    }


def test_parked_batches_hold_no_content() -> None:
    secret = records(1)
    secret[0]["dynamodb"]["NewImage"] = {"name": {"S": "sentinel"}}
    one = pump(Handler(lambda seen, _call: failing(*seen)), maximum_retry_attempts=0)
    one.feed(secret)
    assert one.parked
    assert "sentinel" not in repr(one.parked)


def test_an_unreadable_answer_fails_the_whole_batch() -> None:
    answers: Sequence[Any] = (
        failing(""),
        failing("99"),
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "2"}]},
        {"batchItemFailures": ["2"]},
    )
    for bad in answers:
        handler = Handler(lambda _seen, call, bad=bad: bad if call == 1 else None)  # type: ignore[misc]
        pump(handler).feed(records(1, 2))
        assert handler.calls == [["1", "2"], ["1", "2"]], bad


def test_an_answer_does_not_matter_when_the_mapping_ignores_it() -> None:
    handler = Handler(lambda seen, _call: failing(*seen))
    pump(handler, report_batch_item_failures=False).feed(records(1))
    assert handler.calls == [["1"]]


def test_filtered_records_never_arrive() -> None:
    handler = Handler()
    one = pump(handler, filter_criteria=lambda record: record["eventName"] == "INSERT")
    one.feed([*records(1), *records(2, name="MODIFY"), *records(3, name="REMOVE"), *records(4)])
    assert handler.calls == [["1", "4"]]


def test_a_handler_cannot_change_what_is_redelivered() -> None:
    seen: list[int] = []

    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        seen.append(len(event["Records"]))
        number = event["Records"].pop()["dynamodb"]["SequenceNumber"]
        return failing(number) if len(seen) == 1 else {}

    pump(handler).feed(records(1))
    assert seen == [1, 1]


def test_once_drains_the_stream() -> None:
    handler = Handler()
    assert pump(handler, Listed(records(1, 2), records(3))).once() == 3
    assert handler.calls == [["1", "2"], ["3"]]


def test_run_survives_a_broken_stream_and_says_so() -> None:
    stop, said = threading.Event(), []

    class Broken:
        def read(self) -> list[Record]:
            raise ConnectionError("secret")

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            stop.set()

    Pump(Handler(), Broken(), say=say).run(stop, every=0.001)
    assert said == ["stream: ConnectionError; going on"] * 2
