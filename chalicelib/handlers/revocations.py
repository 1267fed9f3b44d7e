"""What the queue of revocations sets off. What cannot be done now comes again by SQS, and after five times is parked."""

from chalice.app import Blueprint, SQSEvent

from chalicelib import logs, wiring
from chalicelib.domain.ending import loaded
from chalicelib.handlers.invocations import trigger

blueprint = Blueprint(__name__)

PLACEHOLDER = "arn:aws:sqs:us-east-1:000000000000:set-by-the-stack"


@blueprint.on_sqs_message(queue_arn=PLACEHOLDER, batch_size=1, name="on_revocation")
@trigger
def on_revocation(event: SQSEvent) -> None:
    """One at a time: what fails is one message, which stays in the queue."""
    for record in event:
        found = loaded(record.body)
        logs.bind(entity_id=found.entity_id)
        wiring.revoking().take(found)
