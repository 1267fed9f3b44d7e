"""Our queues. Each invokes by itself whoever takes its messages (handlers/revocations.py, handlers/webhooks.py)."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import batched
from typing import Any

from chalicelib import logs
from chalicelib.domain import Outgoing, Revocation
from chalicelib.domain.ending import dumped
from chalicelib.domain.webhooks import dumped as dumped_outgoing
from chalicelib.errors import Unavailable
from chalicelib.outbound import aws

ATTEMPTS = 3
BATCH = 10
"""What SQS takes in a call."""
NOW = timedelta()


class _Queue:
    """One queue of SQS."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def _call(self, operation: str, **request: object) -> Any:
        """:raises Unavailable: and it is not known whether it was done."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(aws.client("sqs", attempts=ATTEMPTS), operation)(QueueUrl=self._queue_url, **request)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable from error


class Revocations(_Queue):
    """Grants that are to be given back, sealed as they were in the vault: for SQS they are noise."""

    def send(self, revocation: Revocation, delay: timedelta = NOW) -> None:
        """:raises Unavailable: and it is not known whether it was sent."""
        seconds = max(0, int(delay.total_seconds()))
        self._call("send_message", MessageBody=dumped(revocation), DelaySeconds=seconds)


class Outgoings(_Queue):
    """Events that are to be posted to a webhook: ids only."""

    def send(self, outgoings: Sequence[Outgoing]) -> frozenset[int]:
        """Send all; the places of those that are not known to be in the queue."""
        failed: list[int] = []
        for batch in batched(enumerate(outgoings), BATCH):
            failed += self._send(batch)
        return frozenset(failed)

    def _send(self, batch: Sequence[tuple[int, Outgoing]]) -> list[int]:
        # A group for each entity: SQS hands out fairly among them, so that a slow receiver delays its own events.
        entries = [
            {"Id": str(place), "MessageBody": dumped_outgoing(one), "MessageGroupId": one.entity_id}
            for place, one in batch
        ]
        try:
            answer = self._call("send_message_batch", Entries=entries)
        except Unavailable as outage:
            logs.crash(outage)
            return [place for place, _ in batch]
        return [int(said["Id"]) for said in answer.get("Failed", ())]

    def postpone(self, receipt: str, pause: timedelta) -> None:
        """Let a message that was received come again after the pause.

        :raises Unavailable: and it comes again in the queue's own time.
        """
        self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=int(pause.total_seconds()))
