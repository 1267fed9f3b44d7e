"""The erasure of an entity: what has been done, and what it came to. Ids only; whose they were is gone with the entity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """What an erasure has to come to, each for itself; the last when all others have."""

    CLOSED = "closed"
    """The link is dead, nobody is an admin any more, nothing can be connected."""
    GRANTS = "grants"
    """The vault has none."""
    ROWS = "rows"
    """Nor has anything else a row."""
    APPS = "apps"
    """Every app has been told, or can be told no more."""
    CHECKED = "checked"
    """Every table was asked once more, after a time in which nothing was found."""


class Outcome(StrEnum):
    """What became of a grant at its app."""

    PENDING = "pending"
    REVOKED = "revoked"
    DECLINED = "refused"
    """The app says no: mostly because the grant was over already."""
    STANDING = "standing"
    """Not told: another entity has the account connected, and the app would end that too."""
    NOT_OFFERED = "not_offered"
    """The app has no way to be told."""
    GIVEN_UP = "given_up"
    """The app could not be told for a day; or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A grant that was given back, or is to be."""

    connection_id: str
    app: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure, under way or over."""

    id: str
    entity_id: str
    name: str = field(default="", repr=False)
    """The entity's, for the last letters; gone when it is over."""
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None = None
    found_at: datetime
    """When something of the entity was last found."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was removed, by kind."""
    returned: tuple[Returned, ...] = ()
    steps: Mapping[Step, datetime] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    """What the last check found, by place: nothing, or it is not over."""
    copies: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    """Keys of rows outside the entity's own partitions, to be looked for at the end; forgotten when it is over."""

    @property
    def pending(self) -> tuple[Returned, ...]:
        """The grants whose apps are still to be told."""
        return tuple(one for one in self.returned if one.outcome is Outcome.PENDING)
