"""The queue of revocations. Its messages hold grants, sealed as they were in the vault: for SQS they are noise."""

from datetime import timedelta

from chalicelib.domain import Revocation
from chalicelib.domain.ending import dumped
from chalicelib.errors import Unavailable
from chalicelib.outbound import aws

ATTEMPTS = 3
NOW = timedelta()


class Revocations:
    """Sends; the queue itself invokes whoever takes them (handlers/revocations.py)."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, revocation: Revocation, delay: timedelta = NOW) -> None:
        """:raises Unavailable: and it is not known whether it was sent."""
        from botocore.exceptions import BotoCoreError, ClientError

        seconds = max(0, int(delay.total_seconds()))
        try:
            aws.client("sqs", attempts=ATTEMPTS).send_message(
                QueueUrl=self._queue_url, MessageBody=dumped(revocation), DelaySeconds=seconds
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable from error
