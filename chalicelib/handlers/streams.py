"""What the ``core`` table's stream sets off: letters, and events that leave. Lambda hands batches over in order, and may do so twice."""

import logging
from collections.abc import Mapping, Sequence
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
    told: list[Event] = []
    failures = []
    for record in event.to_dict()["Records"]:
        sequence_number = str(record.get("dynamodb", {}).get("SequenceNumber", ""))
        try:
            told += _handle(record, sequence_number)
        except (ClientConnectError, OSError) as outage:
            logs.crash(outage)
            failures.append({"itemIdentifier": sequence_number})
            break
    publish(told)
    return {"batchItemFailures": failures}


def publish(events: Sequence[Event]) -> None:
    """Let events leave whose letters are written. No failure of this holds up letters: what has not left stays due."""
    logs.bind(entity_id="", app="")
    try:
        wiring.publishing().publish(events)
    except Exception as error:  # noqa: BLE001 - the sweep meets them again, and says so each time
        logs.crash(error)


def _handle(record: Mapping[str, Any], sequence_number: str) -> list[Event]:
    """The event, if it was one. Outages are reported and come again; a record that nobody can read is parked and never
    blocks the rest.
    """
    wiring.storage()
    logs.bind(entity_id="", app="")
    try:
        found = _noun(record)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it will be wrong the next time
        _park(sequence_number, error)
        return []
    if found:
        logs.bind(entity_id=found.entity_id, app=found.app if isinstance(found, Event) else "")
    try:
        if isinstance(found, Event):
            wiring.alerting().on_event(found)
            return [found]
        if isinstance(found, OutboxItem):
            wiring.alerting().on_letter(found)
    except ClientConnectError:
        raise
    except Exception as error:  # noqa: BLE001 - the sweep will meet it again, and says so each time
        _park(sequence_number, error)
    return []


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
