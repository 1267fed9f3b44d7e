"""Everything that memory storage holds."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain import Connection, Entity, Event, Held, Member, OutboxItem
from chalicelib.storage.rows import due_number
from chalicelib.storage.vault_rows import shard

type Key = tuple[str, str]
"""Of an entity, and of something that is its."""


@dataclass(slots=True)
class GrantRow:
    """An item of the vault."""

    held: Held
    lease_owner: str = ""
    due_at: int | None = None


@dataclass(slots=True)
class BreakerRow:
    """An app in trouble."""

    failing: set[str] = field(default_factory=set)
    window_until: datetime | None = None
    open_until: datetime | None = None
    opened: int = 0
    expires_at: datetime | None = None


@dataclass(slots=True)
class Due:
    """What is due in a shard, by the time of it: nothing else is looked at."""

    of: dict[int, set[Key]] = field(default_factory=dict)

    def move(self, key: Key, before: int | None, after: int | None) -> None:
        if before is not None:
            self.of[before].discard(key)
            if not self.of[before]:
                del self.of[before]
        if after is not None:
            self.of.setdefault(after, set()).add(key)


@dataclass(slots=True)
class Kept:
    """One lock for all: what is a conditional write or a transaction on DynamoDB is one turn here."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    entities: dict[str, Entity] = field(default_factory=dict)
    members: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    grants: dict[Key, GrantRow] = field(default_factory=dict)
    due: dict[str, Due] = field(default_factory=dict)
    connections: dict[Key, Connection] = field(default_factory=dict)
    events: dict[Key, Event] = field(default_factory=dict)
    waiting: dict[Key, Event] = field(default_factory=dict)
    """Events that letters are to follow from: what the stream hands on."""
    readings: set[str] = field(default_factory=set)
    breakers: dict[str, BreakerRow] = field(default_factory=dict)
    letters: dict[Key, OutboxItem] = field(default_factory=dict)

    def plan(self, row: GrantRow, due_at: datetime | None) -> None:
        """When something is to be done about the grant next."""
        key, at = (row.held.entity_id, row.held.id), due_number(due_at) if due_at else None
        self.due.setdefault(shard(row.held.id), Due()).move(key, row.due_at, at)
        row.due_at = at

    def tell(self, event: Event, *, alerting: bool) -> None:
        """Something happened. What nobody is told of is not kept: nobody looks at history here."""
        if alerting:
            self.events[event.entity_id, event.id] = self.waiting[event.entity_id, event.id] = event


BREAKER_KEPT = timedelta(hours=6)
