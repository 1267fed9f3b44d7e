"""What the ``core`` table's stream sets off: letters. Lambda hands batches over in order, and may do so twice."""

import logging
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import keys, logs, wiring
from chalicelib.domain import Event, LetterState, OutboxItem
from chalicelib.errors import ClientConnectError
from chalicelib.handlers.invocations import trigger

blueprint = Blueprint(__name__)

PLACEHOLDER = "arn:aws:dynamodb:us-east-1:000000000000:table/core/stream/set-by-the-stack"


@blueprint.on_dynamodb_record(stream_arn=PLACEHOLDER, name="on_core_change", batch_size=25)
@trigger
def on_core_change(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
    """Partial batch response: Lambda redelivers from the first record that is named here, so stop at it."""
    for record in event.to_dict()["Records"]:
        sequence_number = str(record.get("dynamodb", {}).get("SequenceNumber", ""))
        try:
            _handle(record, sequence_number)
        except (ClientConnectError, OSError) as outage:
            logs.crash(outage)
            return {"batchItemFailures": [{"itemIdentifier": sequence_number}]}
    return {"batchItemFailures": []}


def _handle(record: Mapping[str, Any], sequence_number: str) -> None:
    """Outages are reported and come again; a record that nobody can read is parked and never blocks the rest."""
    wiring.storage()
    logs.bind(entity_id="", app="")
    try:
        found = _noun(record)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it will be wrong the next time
        _park(sequence_number, error)
        return
    if found:
        logs.bind(entity_id=found.entity_id, app=found.app if isinstance(found, Event) else "")
    try:
        if isinstance(found, Event):
            wiring.alerting().on_event(found)
        elif isinstance(found, OutboxItem):
            wiring.alerting().on_letter(found)
    except ClientConnectError:
        raise
    except Exception as error:  # noqa: BLE001 - the sweep will meet it again, and says so each time
        _park(sequence_number, error)


def _noun(record: Mapping[str, Any]) -> Event | OutboxItem | None:
    """Only a new event or a new letter is ours: not changes, not deletions, nothing else that is new."""
    if record.get("eventName") != "INSERT":
        return None
    image = record["dynamodb"]["NewImage"]
    from chalicelib.storage.images import noun

    found = noun(image)
    waiting = isinstance(found, OutboxItem) and found.state is LetterState.QUEUED
    return found if isinstance(found, Event) or waiting else None


def _park(sequence_number: str, error: Exception) -> None:
    logs.crash(error)
    logs.event("parked", level=logging.ERROR, sequence_number=sequence_number, parked=1)
    wiring.storage().events.park(sequence_number, type(error).__name__, keys.now())
