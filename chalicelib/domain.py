"""The nouns of Client Connect, frozen. One word for one thing; see docs/design.md, *Words*.

Times are aware UTC datetimes. Secrets never show in a ``repr``.
"""

from collections.abc import Mapping
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


class AttemptState(StrEnum):
    """One try at connecting: pending → claimed → done or failed. Nothing goes back."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


class EventKind(StrEnum):
    """Everything that is written into an entity's history."""

    ENTITY_CREATED = "entity_created"
    ENTITY_RENAMED = "entity_renamed"
    ADMIN_ADDED = "admin_added"
    ADMIN_REMOVED = "admin_removed"
    LINK_REGENERATED = "link_regenerated"
    LETTERS_RESUMED = "letters_resumed"
    OWNER_ASKED = "owner_asked"
    CONNECTION_STARTED = "connection_started"
    CONNECTION_FAILED = "connection_failed"
    CONNECTED = "connected"
    RECONNECTED = "reconnected"


ALERTING = frozenset({EventKind.CONNECTED, EventKind.RECONNECTED})
"""The events of which every admin of the entity gets a letter."""


class LetterKind(StrEnum):
    """What an outbox item will become."""

    ALERT = "alert"
    INVITATION = "invitation"
    BOUNCED = "bounced"
    SIGN_IN = "sign_in"


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
class ConnectLink:
    """What is kept of an entity's connect link. The secret is made from it and the signing key."""

    entity_id: str
    nonce: bytes = field(repr=False)
    key_id: int
    generation: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked the owner for an app, last."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One set of books. ``asked`` maps an app's slug to the latest request for it."""

    id: str
    name: str
    link: ConnectLink
    created_at: datetime
    asked: Mapping[str, Asked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that is not written to until an admin says so: letters came back, or it complained of one."""

    email: str
    complained: bool
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An admin of an entity, known by a lower-cased address."""

    entity_id: str
    email: str
    added_at: datetime
    added_by: str
    suppression: Suppression | None = None
    """A copy, so that who alerts everybody need not read every address."""


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
class Account:
    """The account at the app, as the app names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an owner gave: OAuth tokens or keys. Lives in memory only; storage gets it sealed."""

    secrets: Mapping[str, str] = field(repr=False)
    """For example ``access_token`` and ``refresh_token``, or ``api_key``."""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    """When the access token ends; ``None`` when it does not."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """What is needed to use the grant and is no secret, for example the shop's host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedGrant:
    """A grant as the vault keeps it."""

    ciphertext: bytes = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One account of one app of one entity."""

    id: str
    entity_id: str
    app: str
    account: Account
    status: str
    connected_at: datetime
    connected_by: str
    first_connected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """By what right an attempt was started: the connect link (its nonce then), or an admin's session."""

    nonce: bytes = field(default=b"", repr=False)
    admin: str = ""
    session_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at connecting an app, from the consent page to the callback."""

    id: str
    """A digest of the state; the state itself is kept nowhere."""
    entity_id: str
    app: str
    browser_hash: str = field(repr=False)
    authority: Authority
    tenant: str
    """The host or site the person typed, normalised; empty for most apps."""
    verifier: str = field(default="", repr=False)
    invitation_id: str = ""
    invited: str = ""
    """The address that the invitation went to, if the attempt came by one."""
    state: AttemptState = AttemptState.PENDING
    claim: str = field(default="", repr=False)
    claimed_at: datetime | None = None
    expires_at: datetime
    account: Account | None = None
    reconnected: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an entity: its history and its audit log."""

    id: str
    entity_id: str
    kind: EventKind
    at: datetime
    actor: str
    app: str = ""
    connection_id: str = ""
    account_id: str = ""
    detail: str = ""
    """The kind's own word: an address, an account's name, a cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSession:
    """A signed-in admin. ``id_hash`` is all that is kept of the cookie."""

    id_hash: str = field(repr=False)
    email: str
    created_at: datetime
    last_seen_at: datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What one Query reads of an entity. A landing page has no need of members and invitations."""

    entity: Entity
    connections: tuple[Connection, ...] = ()
    members: tuple[Member, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    """Newest first; stored states, to be read through ``services.inviting.answered``."""

    @property
    def admins(self) -> frozenset[str]:
        """The addresses of the members."""
        return frozenset(member.email for member in self.members)
