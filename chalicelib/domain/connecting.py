"""What an owner grants, and the way there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DISCONNECTED = "disconnected"
"""A connection's status when somebody has ended it. The row stays, and connecting again makes it live again."""


class AttemptState(StrEnum):
    """One try at connecting: pending → claimed → done or failed. Nothing goes back, but for a question.

    ``parked``: the grant is there, and the person is asked; their answer claims the attempt once more.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account at the app, as the app names it."""

    id: str
    name: str
    extra: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What is needed to use this one of several behind a grant, and is no secret; goes into the grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an owner gave: OAuth tokens or keys. Lives in memory only; storage gets it sealed."""

    secrets: Mapping[str, str] = field(repr=False)
    """For example ``access_token`` and ``refresh_token``, or ``api_key``."""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    """When the access token ends; ``None`` when it does not."""
    refresh_expires_at: datetime | None = None
    """When the refresh token ends unused; ``None`` when there is none, or no end of it."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """What is needed to use the grant and is no secret, for example the shop's host."""


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
    invited: str = ""
    """Whose invitation it was connected by; the owner's address, if we know it."""
    limited: tuple[str, ...] = ()
    """What we asked to read and may not."""

    @property
    def living(self) -> bool:
        """Whether nobody has ended it; it may need attention all the same."""
        return self.status != DISCONNECTED


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
    mends: str = ""
    """The connection that this is to connect again; another account is asked about."""
    state: AttemptState = AttemptState.PENDING
    claim: str = field(default="", repr=False)
    claimed_at: datetime | None = None
    expires_at: datetime
    account: Account | None = None
    reconnected: bool = False
    failure: str = ""
    parked: bytes = field(default=b"", repr=False)
    """A grant that waits, sealed; see ``services.parking``."""
