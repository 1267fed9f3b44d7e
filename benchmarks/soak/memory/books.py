"""Entities, who keeps them, what they have connected and what happened, as storage has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.soak.memory.kept import GrantRow, Kept
from chalicelib import keys
from chalicelib.domain import (
    Attempt,
    Authority,
    Books,
    Connection,
    Entity,
    Event,
    EventKind,
    Held,
    Member,
    SealedGrant,
    Suppression,
)
from chalicelib.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Entities:
    kept: Kept

    def get(self, entity_id: str) -> Entity | None:
        return self.kept.entities.get(entity_id)

    def create(self, entity: Entity, first: Sequence[Member], events: Sequence[Event]) -> None:
        with self.kept.lock:
            if entity.id in self.kept.entities:
                raise Conflict
            self.kept.entities[entity.id] = entity
            self.kept.members[entity.id] = tuple(first)
            for event in events:
                self.kept.tell(event, alerting=False)

    def with_members(self, entity_id: str) -> Books | None:
        entity = self.kept.entities.get(entity_id)
        if entity is None:
            return None
        mine = tuple(one for (of, _), one in self.kept.connections.items() if of == entity_id)
        return Books(entity=entity, connections=mine, members=self.kept.members[entity_id])

    landing = with_members


@dataclass(frozen=True, slots=True)
class Members:
    kept: Kept

    def is_admin(self, entity_id: str, email: str) -> bool:
        return any(member.email == email for member in self.kept.members.get(entity_id, ()))


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Nobody's address bounces here."""

    def of(self, emails: Iterable[str]) -> Mapping[str, Suppression]:  # noqa: ARG002 - as storage has it
        return {}


@dataclass(frozen=True, slots=True)
class Events:
    kept: Kept

    def get(self, entity_id: str, event_id: str) -> Event | None:
        return self.kept.events.get((entity_id, event_id))

    def settled(self, event: Event) -> None:
        self.kept.waiting.pop((event.entity_id, event.id), None)


@dataclass(frozen=True, slots=True)
class Connections:
    kept: Kept

    def of(self, entity_id: str) -> tuple[Connection, ...]:
        return tuple(one for (of, _), one in self.kept.connections.items() if of == entity_id)

    def get(self, entity_id: str, app: str, connection_id: str) -> Connection | None:
        found = self.kept.connections.get((entity_id, connection_id))
        return found if found and found.app == app else None

    def limit(self, entity_id: str, app: str, connection_id: str, missing: tuple[str, ...]) -> None:
        with self.kept.lock:
            if found := self.get(entity_id, app, connection_id):
                self.kept.connections[entity_id, connection_id] = replace(found, limited=missing)

    def establish(
        self,
        connection: Connection,
        sealed: SealedGrant,
        event: Event,
        authority: Authority,
        attempt: Attempt | None,  # noqa: ARG002 - here nobody comes by one
    ) -> bool:
        key = (connection.entity_id, connection.id)
        with self.kept.lock:
            entity = self.kept.entities.get(connection.entity_id)
            if entity is None or entity.link.nonce != authority.nonce:
                raise NotFound
            before = self.kept.connections.get(key)
            if before:
                connection = replace(connection, first_connected_at=before.first_connected_at)
                event = replace(event, kind=EventKind.RECONNECTED, was=before.status)
            self.kept.connections[key] = connection
            self._put(connection, sealed)
            self.kept.tell(event, alerting=True)
            return before is not None

    def _put(self, connection: Connection, sealed: SealedGrant) -> None:
        """A grant that an owner has just given. It has nothing of the one before."""
        at, key = connection.connected_at, (connection.entity_id, connection.id)
        if key in self.kept.grants:
            self.kept.plan(self.kept.grants[key], None)
        held = Held(
            entity_id=connection.entity_id, id=connection.id, app=connection.app, account_id=connection.account.id,
            sealed=replace(sealed, due_at=None), version=keys.random_secret(),
            granted_at=at, refreshed_at=at, checked_at=at,
        )  # fmt: skip
        self.kept.grants[key] = GrantRow(held)
        self.kept.plan(self.kept.grants[key], sealed.due_at)
