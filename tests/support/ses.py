"""What SES publishes of our letters, in the shapes of its documentation, as SNS hands it to Lambda.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib import keys
from tests.support.world import TOPIC, World

type Message = dict[str, Any]


def stamp() -> str:
    """As AWS writes the time."""
    return keys.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def requests(world: World) -> list[Message]:
    """What SES was asked to send, oldest first, each with the time when we looked."""
    pairs = zip(world.aws.calls, world.aws.bodies, strict=True)
    return [json.loads(body) for call, body in pairs if call == "SendEmail"]


def mail(world: World, to: str) -> Message:
    """The ``mail`` of an event: of the latest letter to this address, as it was handed to SES."""
    return mail_of(next(found for found in reversed(requests(world)) if found["Destination"]["ToAddresses"] == [to]))


def mail_of(request: Message) -> Message:
    """The same, of the letter that SES was asked to send by this request."""
    destination = [*request["Destination"]["ToAddresses"], *request["Destination"]["CcAddresses"]]
    tags = {tag["Name"]: [tag["Value"]] for tag in request["EmailTags"]}
    return {
        "timestamp": stamp(),
        "source": request["FromEmailAddress"],
        "sendingAccountId": "123456789012",
        "messageId": "0100018f-1c2d-000000",
        "destination": destination,
        "headersTruncated": False,
        "headers": [{"name": "To", "value": request["Destination"]["ToAddresses"][0]}],
        "commonHeaders": {"to": request["Destination"]["ToAddresses"]},
        "tags": {"ses:configuration-set": [request["ConfigurationSetName"]], "ses:caller-identity": ["us"], **tags},
    }


def event(kind: str, mail: Message, *recipients: str, **part: object) -> Message:
    """An event about these recipients; about the first, whom the letter is to, if none are named."""
    about = recipients or (mail["destination"][0],)
    return {"eventType": kind, "mail": mail, **_PARTS[kind](about, part)}


def _part(name: str, listed: str = "", **more: object) -> Callable[[Iterable[str], Message], Message]:
    def made(about: Iterable[str], changes: Message) -> Message:
        recipients = {listed: [{"emailAddress": address} for address in about]} if listed else {}
        return {name: {"timestamp": stamp(), **recipients, **more, **changes}}

    return made


def _delivery(about: Iterable[str], changes: Message) -> Message:
    said = {"timestamp": stamp(), "processingTimeMillis": 546, "smtpResponse": "250 ok", "reportingMTA": "a.example"}
    return {"delivery": {**said, "recipients": list(about), **changes}}


_PARTS = {
    "Send": lambda _about, _changes: {"send": {}},
    "Delivery": _delivery,
    "DeliveryDelay": _part("deliveryDelay", "delayedRecipients", delayType="MailboxFull"),
    "Bounce": _part(
        "bounce", "bouncedRecipients", bounceType="Permanent", bounceSubType="General", feedbackId="0100-1"
    ),
    "Complaint": _part(
        "complaint", "complainedRecipients", feedbackId="0100-2", complaintFeedbackType="abuse", userAgent="Loop/1.0"
    ),
    "Reject": _part("reject", reason="Bad content"),
    "Rendering Failure": _part("failure", errorMessage="Attribute", templateName="none"),
    "Open": _part("open", ipAddress="192.0.2.1"),
}


def notification(message: Message | str, *, topic: str = TOPIC, message_id: str = "") -> Message:
    """What SNS invokes Lambda with."""
    said = message if isinstance(message, str) else json.dumps(message)
    sns = {
        "Type": "Notification",
        "MessageId": message_id or str(uuid.uuid4()),
        "TopicArn": topic,
        "Subject": "Amazon SES Email Event Notification",
        "Message": said,
        "Timestamp": stamp(),
        "SignatureVersion": "1",
        "Signature": "signature",
        "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/key.pem",
        "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {},
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{topic}:1", "Sns": sns}
    return {"Records": [record]}


def hear(world: World, message: Message | str, **more: str) -> None:
    """SES publishes, SNS notifies, Lambda invokes."""
    world.app.handler_map["on_mail_event"](notification(message, **more), None)


def says(world: World, kind: str, to: str, *recipients: str, **part: object) -> Message:
    """Something of the latest letter to this address. Returns the message, to be said again."""
    message = event(kind, mail(world, to), *recipients, **part)
    hear(world, message)
    return message
