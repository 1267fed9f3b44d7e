"""A connection's grant as the vault holds it: sealed, with all that must be known of it while it stays sealed."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class GrantStatus(StrEnum):
    """``revoking``: the connection was ended, and the app is still to be told."""

    ACTIVE = "active"
    NEEDS_ATTENTION = "needs_attention"
    REVOKING = "revoking"


class Reason(StrEnum):
    """Why a connection needs attention."""

    REVOKED = "revoked"
    """The app says that the grant is over."""
    ENDED = "ended"
    """It ended, and there is nothing to renew it with."""
    DENIED = "refused"
    """The app has said no for days, without saying that the grant is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedGrant:
    """A grant, sealed; its ends are no secret."""

    ciphertext: bytes = field(repr=False)
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    due_at: datetime | None = None
    """When something is to be done about it next, asked for or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Renewals that failed, one after the other, up to now."""

    failures: int = 0
    refused: int = 0
    """Those among them that were a no, and not an outage."""
    since: datetime | None = None
    refused_since: datetime | None = None
    """When it said no for the first time: an outage before that is no part of the no."""
    retry_at: datetime | None = None
    """Nobody asks the app again before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One item of the vault. ``id`` is the connection's."""

    entity_id: str
    id: str
    app: str
    account_id: str
    sealed: SealedGrant
    status: GrantStatus = GrantStatus.ACTIVE
    version: str = ""
    """Another with every grant that is written: whoever read an older one cannot overwrite this one."""
    reason: Reason | None = None
    granted_at: datetime
    """When the owner approved it: connected, or connected again."""
    refreshed_at: datetime
    """When what is sealed came from the app."""
    trouble: Trouble = field(default_factory=Trouble)
    lease_until: datetime | None = None
    """Somebody asks the app for a new one just now, and until then nobody else does."""
    reminded: int = 0
    """The last reminder that the consent ends, in days before; 0: none yet."""
    checked_at: datetime | None = None
    """When the app last said whose account it opens."""
    refusals: int = 0
    """How often in a row it refused to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGrant:
    """A grant that something is to be done for: where it is, and since when."""

    app: str
    entity_id: str
    id: str
    due_at: datetime
