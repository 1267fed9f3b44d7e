"""Stands in for Lambda's mapping of an SQS queue: hands each message to its handler, and deletes what was handled.

What fails, or is named in a partial batch response, stays in the queue and comes again when its visibility timeout is
over, as on AWS.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from local.pump import Context

type Handler = Callable[[dict[str, Any], object], Any]


class QueuePump:
    """One queue; a message at a time. ``function`` is what its handler is called in the log."""

    def __init__(
        self,
        handler: Handler,
        client: Any,
        name: str,
        say: Callable[[str], None] = print,
        function: str = "on_revocation",
    ) -> None:
        self._handler = handler
        self._client = client
        self._url = client.get_queue_url(QueueName=name)["QueueUrl"]
        self._say = say
        self._function = function

    def once(self) -> int:
        """Hand out what is there; how many messages that was."""
        seen = 0
        while found := self._received():
            seen += len(found)
            for message in found:
                self._handle(message)
        return seen

    def run(self, stop: threading.Event, every: float = 0.5) -> None:
        """Hand out what comes until ``stop`` is set. Whatever goes wrong is said in one line, and it goes on."""
        while not stop.wait(every):
            try:
                self.once()
            except Exception as error:
                self._say(f"queue: {type(error).__name__}; going on")

    def _received(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        ).get("Messages", [])
        return found

    def _handle(self, message: Mapping[str, Any]) -> None:
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        try:
            # A copy, through JSON as Lambda's own.
            answer = self._handler(json.loads(json.dumps({"Records": [record]})), Context(function_name=self._function))
        except Exception as error:
            self._say(f"queue: the handler raised {type(error).__name__}")
            return
        if (answer or {}).get("batchItemFailures"):
            return
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
