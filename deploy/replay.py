"""`make replay`: an entity's events are queued for its webhooks once more, oldest first. The receivers know their ids.

The operator's own rights do it: they need to query the stage's core table and to send to its queue.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from chalicelib import keys
from chalicelib.domain import Outgoing, Receiver, WebhookState
from chalicelib.domain.webhooks import dumped
from chalicelib.services.links import ENTITY_ID
from chalicelib.storage import rows
from deploy.stage import Refused, Stage

BATCH = 10
"""What SQS takes in a call."""


class Replay:
    """One entity's."""

    def __init__(self, session: Any, stage: Stage, entity_id: str, say: Callable[[str], None]) -> None:
        if not re.fullmatch(ENTITY_ID, entity_id):
            raise Refused("Whose events? For example: make replay STAGE=production ENTITY=acme SINCE=2026-11-01")
        self._dynamodb, self._sqs = session.client("dynamodb"), session.client("sqs")
        self._table = f"client-connect-{stage.name}-core"
        self._queue = f"client-connect-{stage.name}-webhooks"
        self._deployment = bool(stage.parameters.get("WebhookUrl"))
        self._entity_id = entity_id
        self._say = say

    def run(self, since: str) -> int:
        """Queue them; how many events that were. Broken off, it says from where to go on.

        :raises Refused: if nobody would hear of them.
        """
        receivers = self._receivers()
        address = self._sqs.get_queue_url(QueueName=self._queue)["QueueUrl"]
        queued, last = 0, since
        try:
            for events in batched(self._events(_moment(since)), BATCH // len(receivers)):
                self._send(address, [(event, receiver) for event in events for receiver in receivers])
                queued, last = queued + len(events), keys.made_at(events[-1]).isoformat()
        except BaseException:
            self._say(f"Queued {queued} events, and broke off. To go on: SINCE={last}")
            raise
        self._say(f"Queued {queued} events of {self._entity_id} for {' and '.join(receivers)}.")
        return queued

    def _receivers(self) -> list[Receiver]:
        key = {"pk": {"S": rows.entity_key(self._entity_id)}, "sk": {"S": rows.WEBHOOK}}
        own = self._dynamodb.get_item(TableName=self._table, Key=key).get("Item", {})
        found = [Receiver.ENTITY] if own.get("state") == {"S": WebhookState.ENABLED.value} else []
        found += [Receiver.DEPLOYMENT] if self._deployment else []
        if not found:
            raise Refused(f"Nobody hears of {self._entity_id}: it has no webhook that is enabled, nor has the stage")
        return found

    def _events(self, since: datetime | None) -> Iterator[str]:
        """Ids, oldest first: they sort newest first, so from the back, and only those that are not older."""
        newest_of_older = keys.newest_first_id(since)[:14] if since else ""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :newest AND :oldest",
            ExpressionAttributeValues={
                ":pk": {"S": rows.entity_key(self._entity_id)},
                ":newest": {"S": rows.EVENTS},
                ":oldest": {"S": f"{rows.EVENTS}{newest_of_older}~"},
            },
            ProjectionExpression="sk",
            ScanIndexForward=False,
        )
        yield from (rows.id_in(item["sk"]["S"]) for page in pages for item in page["Items"])

    def _send(self, address: str, wanted: list[tuple[str, Receiver]]) -> None:
        """:raises Refused: if SQS did not take all."""
        entries = [
            {
                "Id": str(place),
                "MessageBody": dumped(Outgoing(entity_id=self._entity_id, event_id=event, receiver=receiver)),
                "MessageGroupId": self._entity_id,
            }
            for place, (event, receiver) in enumerate(wanted)
        ]
        if self._sqs.send_message_batch(QueueUrl=address, Entries=entries).get("Failed"):
            raise Refused("SQS did not take all of them")


def _moment(since: str) -> datetime | None:
    """:raises Refused: if it is no time. Without a zone it is UTC."""
    if not since:
        return None
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise Refused("SINCE is a day or a time, for example 2026-11-01 or 2026-11-01T09:30:00+00:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
