"""What SES says of our letters after it took them. It says so late, twice and in any order.

So nothing here counts or remembers what was heard: every state only goes forward, and what follows from it is done
again each time, and comes to the same.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from chalicelib import keys
from chalicelib.domain import Delivery, InvitationState, LetterKind, LetterState, MailEvent, OutboxItem
from chalicelib.services.inviting import STREAM_HEAD_START
from chalicelib.services.ports import Invitations, Members, Sent
from chalicelib.services.suppressing import Suppressing

HARD = frozenset({Delivery.BOUNCED, Delivery.COMPLAINED})
SHOWN = {
    Delivery.SENT: InvitationState.SENT,
    Delivery.DELAYED: InvitationState.DELAYED,
    Delivery.SOFT_BOUNCED: InvitationState.SOFT_BOUNCED,
    Delivery.DELIVERED: InvitationState.DELIVERED,
    Delivery.REJECTED: InvitationState.BOUNCED,
    Delivery.BOUNCED: InvitationState.BOUNCED,
    Delivery.COMPLAINED: InvitationState.COMPLAINED,
}
OF_NO_ENTITY = frozenset({LetterKind.SIGN_IN, LetterKind.ERASED})
LOST = frozenset({InvitationState.BOUNCED, InvitationState.COMPLAINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvents:
    """Records what is said, on the letter and on its invitation, and sees to what follows."""

    sent: Sent
    invitations: Invitations
    members: Members
    suppressing: Suppressing

    def hear(self, heard: MailEvent) -> None:
        """Of a letter that is none of ours nothing follows."""
        if heard.kind in OF_NO_ENTITY:
            self._of_no_entity(heard)
        elif item := self.sent.get(heard.entity_id, heard.outbox_id):
            self._of(item, heard)

    def _of(self, item: OutboxItem, heard: MailEvent) -> None:
        """What is said of the copy only is not said of the letter, but that it was sent."""
        said = heard.delivery if item.to in heard.recipients else Delivery.SENT
        furthest = self.sent.told(item, said, heard.message_id)
        if heard.delivery in HARD:
            self._suppress(_meant(item, heard), heard)
        if item.kind is LetterKind.INVITATION:
            self._on_invitation(item, SHOWN[furthest])

    def _on_invitation(self, item: OutboxItem, state: InvitationState) -> None:
        self.invitations.mark(item.entity_id, item.subject_id, state)
        if state in LOST:
            invitation = self.invitations.get(item.entity_id, item.subject_id)
            if invitation:
                self.sent.put(_news(item, invitation.requested_by))

    def _of_no_entity(self, heard: MailEvent) -> None:
        """Its item is forgotten when it is over. It went to one address only, and only to an admin's."""
        for email in heard.recipients:
            self.sent.forget(email, heard.outbox_id)
            if heard.delivery in HARD and self.members.entity_ids_of(email):
                self._suppress([email], heard)

    def _suppress(self, emails: Iterable[str], heard: MailEvent) -> None:
        for email in emails:
            self.suppressing.suppress(email, complained=heard.delivery is Delivery.COMPLAINED, sent_at=heard.sent_at)


def _meant(item: OutboxItem, heard: MailEvent) -> Iterable[str]:
    """A complaint names everybody at the complainer's provider whom the letter went to: then it is the addressee's.

    Of a copy's bounce nobody is told: whoever holds the letter has its return address too, and could make the admin
    who asked look dead. If they are, their own letters come back.
    """
    if item.to in heard.recipients:
        return [item.to]
    return sorted(heard.recipients) if heard.delivery is Delivery.COMPLAINED else []


def _news(item: OutboxItem, requester: str) -> OutboxItem:
    """One letter about each invitation, whatever is said of it how often."""
    now = keys.now()
    return OutboxItem(
        id=keys.name_of("bounced", item.id),
        kind=LetterKind.BOUNCED,
        to=requester,
        state=LetterState.QUEUED,
        entity_id=item.entity_id,
        subject_id=item.subject_id,
        created_at=now,
        due_at=now + STREAM_HEAD_START,
    )


# Reading. https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html

_DELIVERIES = {
    "Send": Delivery.SENT,
    "DeliveryDelay": Delivery.DELAYED,
    "Delivery": Delivery.DELIVERED,
    "Reject": Delivery.REJECTED,
    "Rendering Failure": Delivery.REJECTED,
    "Complaint": Delivery.COMPLAINED,
}
_RECIPIENTS = {
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
    "Delivery": ("delivery", "recipients"),
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
}


def read(message: str) -> MailEvent | None:
    """An event as SES publishes it; ``None`` for one that says nothing to us.

    :raises Exception: of some kind, if it is none.
    """
    said = json.loads(message)
    kind, mail = said["eventType"], said["mail"]
    delivery = _bounce(said["bounce"]) if kind == "Bounce" else _DELIVERIES.get(kind)
    if delivery is None or said.get("complaint", {}).get("complaintFeedbackType") == "not-spam":
        return None
    part, names = _RECIPIENTS.get(kind, ("mail", "destination"))
    return MailEvent(
        delivery=delivery,
        kind=LetterKind(_tag(mail, "kind")),
        outbox_id=_tag(mail, "outbox"),
        entity_id=_tag(mail, "entity"),
        message_id=str(mail["messageId"]),
        sent_at=datetime.fromisoformat(mail["timestamp"]).astimezone(UTC),
        recipients=_addresses(mail["destination"]) & _addresses(said[part][names]),
    )


def _bounce(bounce: Mapping[str, Any]) -> Delivery:
    """Anything but a permanent bounce may go better the next time."""
    return Delivery.BOUNCED if bounce["bounceType"] == "Permanent" else Delivery.SOFT_BOUNCED


def _tag(mail: Mapping[str, Any], name: str) -> str:
    """As ``outbound/mail.py`` sets them: a sign-in letter belongs to no entity."""
    (value,) = mail["tags"].get(name, [""])
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", value):
        raise ValueError(name)
    return str(value)


def _addresses(found: Iterable[str | Mapping[str, str]]) -> frozenset[str]:
    """Bare or with a name, alone or with a diagnosis."""
    texts = (each if isinstance(each, str) else each["emailAddress"] for each in found)
    return frozenset(address for text in texts if (address := parseaddr(text)[1].lower()))
