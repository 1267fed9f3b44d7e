"""What SES publishes, through the stack's own topic and subscription."""

import json
from typing import Any

from chalicelib.domain import LetterKind
from tests.deployed.owners import Books, ask, books, connect
from tests.deployed.rehearsal import Rehearsal, eventually
from tests.support import ses

type Item = dict[str, Any]


def _core(stack: Rehearsal, entity_id: str, kind: str) -> list[Item]:
    answer = stack.emulator.client("dynamodb").query(
        TableName="client-connect-rehearsal-core",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"E#{entity_id}"}},
        ConsistentRead=True,
    )
    return [item for item in answer["Items"] if item["type"]["S"] == kind]


def _mail(stack: Rehearsal, made: Books, to: str, kind: LetterKind) -> Item:
    """The ``mail`` of an event, about a letter that was sent."""

    def sent() -> list[Item]:
        letters = _core(stack, made.id, "outbox")
        return [row for row in letters if (row["to"]["S"], row["kind"]["S"]) == (to, kind) and "message_id" in row]

    [row] = eventually(sent, "the letter's end")
    return {
        "timestamp": ses.stamp(),
        "messageId": row["message_id"]["S"],
        "destination": [to],
        "tags": {"kind": [kind.value], "outbox": [row["id"]["S"]], "entity": [made.id]},
    }


def _state(stack: Rehearsal, made: Books, invitation_id: str) -> str:
    found = stack.call("GET", f"/entities/{made.id}/invitations").json["items"]
    return next(str(one["status"]) for one in found if one["id"] == invitation_id)


def test_a_bounced_invitation_is_shown_and_told(stack: Rehearsal) -> None:
    """Threat 40. And the same again changes nothing; an id that nobody knows neither."""
    acme = books(stack)
    invitation = ask(stack, acme)
    mail = _mail(stack, acme, acme.olive, LetterKind.INVITATION)
    stack.publish(ses.event("Delivery", mail))
    eventually(lambda: _state(stack, acme, invitation) == "delivered", "delivered")
    for _ in range(2):
        stack.publish(ses.event("Bounce", mail))
    eventually(lambda: _state(stack, acme, invitation) == "bounced", "bounced")
    told = stack.letter(acme.pat, "did not")
    assert acme.olive in told["BodyText"]
    stack.publish(ses.event("Bounce", {**mail, "tags": {**mail["tags"], "outbox": ["0" * 32]}}))
    again = stack.call(
        "POST", f"/entities/{acme.id}/invitations", {"app": "etsy", "email": acme.olive, "requested_by": acme.pat}
    )
    assert again.status == 409, again.body
    assert len(stack.letters(acme.pat, "did not")) == 1


def test_an_admin_whose_letters_bounce_is_left_out_and_the_others_are_not(stack: Rehearsal) -> None:
    """Threat 40."""
    acme = books(stack)
    connect(stack, acme.link)
    for admin in (acme.pat, acme.sam):
        stack.letter(admin, "connected")
    stack.publish(ses.event("Bounce", _mail(stack, acme, acme.sam, LetterKind.ALERT)))
    eventually(
        lambda: "suppress" in json.dumps(_core(stack, acme.id, "member")) or _suppressed(stack, acme.sam), "a flag"
    )
    connect(stack, acme.link, "etsy")
    assert "Etsy" in stack.letter(acme.pat, "Etsy")["Subject"]
    assert stack.letters(acme.sam, "Etsy") == []


def _suppressed(stack: Rehearsal, email: str) -> bool:
    answer = stack.emulator.client("dynamodb").query(
        TableName="client-connect-rehearsal-core",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"A#{email}"}},
        ConsistentRead=True,
    )
    return any(item["type"]["S"] == "suppression" for item in answer["Items"])


def test_another_topic_is_not_believed(stack: Rehearsal) -> None:
    """Threat 41. Lambda is invoked by its subscription only, and checks the topic all the same; HTTP leads nowhere."""
    acme = books(stack)
    invitation = ask(stack, acme)
    message = ses.event("Bounce", _mail(stack, acme, acme.olive, LetterKind.INVITATION))
    forged = ses.notification(message, topic="arn:aws:sns:us-east-1:000000000000:somebody-elses")
    name = stack.functions()["OnMailEvent"]["FunctionName"]
    answer = stack.emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(forged).encode())
    assert "FunctionError" not in answer
    for path in ("/mail-events", "/sns", "/on_mail_event"):
        assert stack.visitor().post(f"{stack.prefix}{path}", json.dumps(forged)).status in {403, 404}
    assert _state(stack, acme, invitation) == "sent"
