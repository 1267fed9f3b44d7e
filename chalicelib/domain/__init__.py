"""The nouns of Client Connect, frozen. One word for one thing; see docs/design.md, *Words*.

Times are aware UTC datetimes. Secrets never show in a ``repr``.
"""

from chalicelib.domain.connecting import (
    DISCONNECTED,
    Account,
    Attempt,
    AttemptState,
    Authority,
    Connection,
    Grant,
)
from chalicelib.domain.ending import Notice, NoticeKind, Revocation
from chalicelib.domain.entities import (
    ALERTING,
    AdminSession,
    Asked,
    Books,
    ConnectLink,
    Entity,
    Event,
    EventKind,
    Member,
)
from chalicelib.domain.erasing import Erasure, Outcome, Returned, Step
from chalicelib.domain.holding import DueGrant, GrantStatus, Held, Reason, SealedGrant, Trouble
from chalicelib.domain.letters import (
    Delivery,
    Invitation,
    InvitationState,
    Letter,
    LetterKind,
    LetterState,
    MailEvent,
    OutboxItem,
    Suppression,
)
from chalicelib.domain.webhooks import Outgoing, Receiver, Webhook, WebhookState

__all__ = [
    "ALERTING",
    "DISCONNECTED",
    "Account",
    "AdminSession",
    "Asked",
    "Attempt",
    "AttemptState",
    "Authority",
    "Books",
    "ConnectLink",
    "Connection",
    "Delivery",
    "DueGrant",
    "Entity",
    "Erasure",
    "Event",
    "EventKind",
    "Grant",
    "GrantStatus",
    "Held",
    "Invitation",
    "InvitationState",
    "Letter",
    "LetterKind",
    "LetterState",
    "MailEvent",
    "Member",
    "Notice",
    "NoticeKind",
    "OutboxItem",
    "Outcome",
    "Outgoing",
    "Reason",
    "Receiver",
    "Returned",
    "Revocation",
    "SealedGrant",
    "Step",
    "Suppression",
    "Trouble",
    "Webhook",
    "WebhookState",
]
