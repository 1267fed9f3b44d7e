"""The queue's pump does to a handler what Lambda's mapping of an SQS queue does."""

import threading
from typing import Any

from local import configuration
from local.queue import QueuePump
from tests.support.world import World, client

NAME = configuration.REVOCATIONS


def sent(*bodies: str) -> None:
    url = client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"]
    for body in bodies:
        client("sqs").send_message(QueueUrl=url, MessageBody=body)


def left() -> int:
    url = client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def test_each_message_is_handed_out_and_then_gone(world: World) -> None:
    seen: list[str] = []

    def handler(event: dict[str, Any], _context: object) -> None:
        [record] = event["Records"]
        seen.append(record["body"])

    sent("one", "two")
    assert QueuePump(handler, client("sqs"), NAME).once() == 2
    assert sorted(seen) == ["one", "two"]
    assert left() == 0


def test_what_fails_stays_and_is_said(world: World) -> None:
    said: list[str] = []

    def handler(_event: dict[str, Any], _context: object) -> None:
        raise RuntimeError("sentinel")

    sent("one")
    QueuePump(handler, client("sqs"), NAME, said.append).once()
    assert left() == 1
    assert said == ["queue: the handler raised RuntimeError"]


def test_a_queue_that_fails_does_not_end_the_run(world: World) -> None:
    stop = threading.Event()
    said: list[str] = []

    class Failing:
        def get_queue_url(self, **_: str) -> dict[str, str]:
            return {"QueueUrl": "x"}

        def receive_message(self, **_: object) -> dict[str, Any]:
            if said:
                stop.set()
            raise OSError

    QueuePump(lambda _event, _context: None, Failing(), NAME, said.append).run(stop, every=0.001)
    assert said[0] == "queue: OSError; going on"


def test_what_the_handler_names_stays_and_how_often_it_came_is_told(world: World) -> None:
    """As Lambda reads a partial batch response; the message's own visibility says when it comes again."""
    tries: list[str] = []

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        [record] = event["Records"]
        tries.append(record["attributes"]["ApproximateReceiveCount"])
        again = {"QueueUrl": client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"], "VisibilityTimeout": 0}
        client("sqs").change_message_visibility(ReceiptHandle=record["receiptHandle"], **again)
        assert getattr(context, "function_name", "") == "on_webhook"
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}] if len(tries) < 3 else []}

    sent("one")
    QueuePump(handler, client("sqs"), NAME, function="on_webhook").once()
    assert tries == ["1", "2", "3"]
    assert left() == 0
