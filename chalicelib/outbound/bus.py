"""The event bus. What it does not take is told, entry by entry: EventBridge takes the others."""

import json
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from chalicelib import logs
from chalicelib.errors import Unavailable
from chalicelib.outbound import aws

ATTEMPTS = 3
ENTRIES = 10
"""What EventBridge takes in a call."""
SERVER_ERROR = 500
SOURCE = "client-connect"

type Numbered = tuple[int, Mapping[str, object]]


class Bus:
    """One bus, by name or ARN."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, bodies: Sequence[Mapping[str, object]]) -> frozenset[int]:
        """Put events on the bus; the places of those that are not known to be there."""
        failed: list[int] = []
        for batch in batched(enumerate(bodies), ENTRIES):
            failed += [place for place, _ in self._put(batch)]
        return frozenset(failed)

    def _put(self, batch: Sequence[Numbered]) -> Sequence[Numbered]:
        """Those of the batch that are not known to be there."""
        try:
            # Each once more, alone: one entry that is no good has the whole call refused.
            return [one for one in self._refused(batch) if self._refused([one])]
        except Unavailable as outage:
            logs.crash(outage)
            return batch

    def _refused(self, batch: Sequence[Numbered]) -> Sequence[Numbered]:
        """:raises Unavailable: if EventBridge is away, and more calls would only take time."""
        from botocore.exceptions import BotoCoreError, ClientError

        entries = [self._entry(body) for _, body in batch]
        try:
            answer = aws.client("events", attempts=ATTEMPTS).put_events(Entries=entries)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= SERVER_ERROR:
                raise Unavailable from error
            logs.crash(error)
            return batch
        except BotoCoreError as error:
            raise Unavailable from error
        return [one for one, said in zip(batch, answer["Entries"], strict=True) if not said.get("EventId")]

    def _entry(self, body: Mapping[str, object]) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": body["type"],
            "Time": body["timestamp"],
            "Detail": json.dumps(body, ensure_ascii=False),
        }
