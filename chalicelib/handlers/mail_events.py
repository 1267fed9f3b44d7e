"""What SES says of our letters. It comes by a topic that invokes us: nothing here can be reached from outside."""

import logging
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, SNSEvent

from chalicelib import logs, wiring
from chalicelib.domain import MailEvent
from chalicelib.handlers.invocations import trigger

blueprint = Blueprint(__name__)

PLACEHOLDER = "arn:aws:sns:us-east-1:000000000000:set-by-the-stack"


@blueprint.on_sns_message(topic=PLACEHOLDER, name="on_mail_event")
@trigger
def on_mail_event(event: SNSEvent) -> None:
    """An outage fails the invocation: Lambda tries it twice more and then keeps it in the on-failure queue."""
    for record in event.to_dict()["Records"]:
        heard = _read(record["Sns"])
        if heard is not None:
            logs.bind(entity_id=heard.entity_id)
            logs.event("mail_event", kind=heard.kind.value, delivery=heard.delivery.value, outbox_id=heard.outbox_id)
            wiring.mail_events().hear(heard)


def _read(notification: Mapping[str, Any]) -> MailEvent | None:
    """From our own topic only. What nobody can read will not be read the next time either: its id is logged."""
    from chalicelib.services.mail_events import read

    topic = wiring.settings().mail_events_topic
    if not topic or notification.get("TopicArn") != topic:
        _dropped(notification, "topic")
        return None
    try:
        return read(notification["Message"])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it
        _dropped(notification, type(error).__name__)
        return None


def _dropped(notification: Mapping[str, Any], why: str) -> None:
    message_id = str(notification.get("MessageId", ""))
    logs.event("mail_event_dropped", level=logging.ERROR, error=why, message_id=message_id)
