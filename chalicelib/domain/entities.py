"""Sets of books, who keeps them, and what happened to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.connecting import Connection
from chalicelib.domain.letters import Invitation, Suppression


class EventKind(StrEnum):
    """Everything that is written into an entity's history."""

    ENTITY_CREATED = "entity_created"
    ENTITY_RENAMED = "entity_renamed"
    ADMIN_ADDED = "admin_added"
    ADMIN_REMOVED = "admin_removed"
    LINK_REGENERATED = "link_regenerated"
    LETTERS_RESUMED = "letters_resumed"
    OWNER_ASKED = "owner_asked"
    APP_REQUESTED = "app_requested"
    CONNECTION_STARTED = "connection_started"
    CONNECTION_FAILED = "connection_failed"
    CONNECTED = "connected"
    RECONNECTED = "reconnected"
    NEEDS_ATTENTION = "needs_attention"
    CONSENT_ENDING = "consent_ending"
    CREDENTIALS_READ = "credentials_read"
    DISCONNECTED = "disconnected"
    REVOCATION_FAILED = "revocation_failed"
    PRIVACY_NOTICE = "privacy_notice"
    WEBHOOK_SET = "webhook_set"
    WEBHOOK_ROTATED = "webhook_rotated"
    WEBHOOK_REMOVED = "webhook_removed"
    WEBHOOK_DISABLED = "webhook_disabled"


ALERTING = frozenset(
    {
        EventKind.CONNECTED,
        EventKind.RECONNECTED,
        EventKind.DISCONNECTED,
        EventKind.NEEDS_ATTENTION,
        EventKind.CONSENT_ENDING,
    }
)
"""The events of which every admin of the entity gets a letter."""


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
    waiting: Mapping[str, Asked] = field(default_factory=dict)
    """The apps that somebody else must let us into first, with who noted it."""


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
    was: str = ""
    """The connection's status before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSession:
    """A signed-in admin. ``id_hash`` is all that is kept of the cookie."""

    id_hash: str = field(repr=False)
    email: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What one Query reads of an entity. A landing page has no need of members and invitations."""

    entity: Entity
    connections: tuple[Connection, ...] = ()
    members: tuple[Member, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    """Newest first; stored states, to be read through ``services.inviting.answered``."""

    @property
    def living(self) -> tuple[Connection, ...]:
        """The connections that nobody has ended."""
        return tuple(connection for connection in self.connections if connection.living)

    @property
    def admins(self) -> frozenset[str]:
        """The addresses of the members."""
        return frozenset(member.email for member in self.members)
