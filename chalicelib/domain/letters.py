"""Letters: what will be sent, what was, and what SES says of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class InvitationState(StrEnum):
    """Goes forward only, from the first to the last. ``bounced``: the letter did not arrive and will not.

    ``connected`` is never stored: any later connection of the app answers the invitation.
    """

    QUEUED = "queued"
    FAILED = "failed"
    SENT = "sent"
    DELAYED = "delayed"
    SOFT_BOUNCED = "soft_bounced"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    STARTED = "started"
    CONNECTED = "connected"


class LetterKind(StrEnum):
    """What an outbox item will become."""

    ALERT = "alert"
    ATTENTION = "attention"
    CONSENT_ENDING = "consent_ending"
    DISCONNECTED = "disconnected"
    RECEIPT = "receipt"
    INVITATION = "invitation"
    BOUNCED = "bounced"
    SIGN_IN = "sign_in"
    ERASED = "erased"


class LetterState(StrEnum):
    """An outbox item's life; see docs/design.md, *Letters*."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DROPPED = "dropped"


class Delivery(StrEnum):
    """What SES says of a letter that it took. Goes forward only: what it says comes late, twice and in any order.

    A soft bounce stands before the delivery: a mailbox that answers "out of office" has the letter.
    """

    SENT = "sent"
    DELAYED = "delayed"
    SOFT_BOUNCED = "soft_bounced"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that is not written to until an admin says so: letters came back, or it complained of one."""

    email: str
    complained: bool
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One letter that asks an owner to connect one app."""

    id: str
    entity_id: str
    app: str
    email: str
    requested_by: str
    note: str
    state: InvitationState
    created_at: datetime
    generation: int
    """The generation of the connect link that its letter holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A letter that is to be sent, or was."""

    id: str
    kind: LetterKind
    to: str
    state: LetterState
    entity_id: str = ""
    subject_id: str = ""
    """The event or the invitation that the letter is about."""
    sends: int = 0
    """Sends begun that SES may have accepted."""
    tries: int = 0
    """Sends begun, whatever came of them."""
    created_at: datetime
    due_at: datetime | None = None
    """When the sweep may take it up; ``None`` when nothing is left to do."""
    delivery: Delivery | None = None
    """What SES said of it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter ready to go. ``reply_to`` and ``cc`` hold plain addresses."""

    id: str
    kind: LetterKind
    entity_id: str = ""
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    cc: tuple[str, ...] = ()
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One thing that SES says of one of our letters, which the letter's tags name."""

    delivery: Delivery
    kind: LetterKind
    outbox_id: str
    entity_id: str
    message_id: str
    sent_at: datetime
    """When the letter was sent, not when this happened to it."""
    recipients: frozenset[str]
    """Those of the letter's addresses of whom it is said."""
