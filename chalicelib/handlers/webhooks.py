"""What the queue of events for webhooks sets off. What a receiver does not take comes again, later each time."""

from chalice.app import Blueprint, SQSEvent

from chalicelib import logs, wiring
from chalicelib.domain.webhooks import loaded
from chalicelib.errors import ClientConnectError, Unavailable
from chalicelib.handlers.invocations import trigger
from chalicelib.services.delivering import NotTaken, pause

blueprint = Blueprint(__name__)

PLACEHOLDER = "arn:aws:sqs:us-east-1:000000000000:set-by-the-stack"

type Failures = dict[str, list[dict[str, str]]]


@blueprint.on_sqs_message(queue_arn=PLACEHOLDER, batch_size=1, name="on_webhook")
@trigger
def on_webhook(event: SQSEvent) -> Failures:
    """Partial batch response: a receiver that fails is no error of ours, and must not slow the mapping down."""
    failures = []
    for record in event.to_dict()["Records"]:
        found = loaded(record["body"])
        logs.bind(entity_id=found.entity_id)
        try:
            wiring.delivering().deliver(found)
        except (NotTaken, ClientConnectError) as problem:
            tries = int(record["attributes"]["ApproximateReceiveCount"])
            _later(record["receiptHandle"], tries, problem)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _later(receipt: str, tries: int, problem: Exception) -> None:
    wanted = None
    if isinstance(problem, NotTaken):
        wanted = problem.retry_after
    else:
        logs.crash(problem)
    try:
        wiring.outgoings().postpone(receipt, pause(tries, wanted))
    except Unavailable as outage:
        logs.crash(outage)  # it comes again in the queue's own time
