"""Rows to domain and back, for the nouns that live in ``core``."""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from chalicelib.domain import (
    Account,
    Asked,
    Connection,
    ConnectLink,
    Delivery,
    Entity,
    Event,
    EventKind,
    Invitation,
    InvitationState,
    LetterKind,
    LetterState,
    Member,
    OutboxItem,
    Suppression,
)
from chalicelib.storage.models import (
    ConnectionItem,
    EntityItem,
    EventItem,
    InvitationItem,
    MemberItem,
    OutboxRow,
    SuppressionItem,
)

ENTITY = "1"
CONNECTIONS = "2#"
MEMBERS = "3#"
INVITATIONS = "4#"
EVENTS = "5#"
OUTBOX = "6#"
WEBHOOK = "7"
SUPPRESSION = "D"
"""In an address's partition, just before its memberships (E#…): one Query reads both."""

DUE_SHARDS = tuple(f"due-{number}" for number in range(4))
SWEEP_AFTER = timedelta(minutes=2)
"""How long the stream has before the sweep takes an event or a letter up."""


def entity_key(entity_id: str) -> str:
    """The partition of an entity."""
    return f"E#{entity_id}"


def admin_key(email: str) -> str:
    """The partition of an admin's address."""
    return f"A#{email}"


def erased_key(entity_id: str) -> tuple[str, str]:
    """The mark of an entity's last erasure."""
    return f"ERASED#{entity_id}", ENTITY


def id_in(key: str) -> str:
    """The id behind a partition's or a sort key's prefix."""
    return key.split("#", 1)[1]


def due_shard(name: str) -> str:
    """Spreads what is due over a few partitions of the index."""
    return DUE_SHARDS[zlib.crc32(name.encode()) % len(DUE_SHARDS)]


def up_to[S: StrEnum](state: S) -> list[str]:
    """The states before ``state`` and itself, of an enum whose members only ever follow each other."""
    found = [each.value for each in type(state)]
    return found[: found.index(state.value) + 1]


def due_number(at: datetime) -> int:
    """``due_at`` as the index keeps it: epoch seconds."""
    return int(at.timestamp())


def _asked(kept: Any) -> dict[str, Asked]:
    found: Mapping[str, Mapping[str, str]] = kept.as_dict()
    return {app: Asked(by=row["by"], at=datetime.fromisoformat(row["at"])) for app, row in found.items()}


def entity(item: EntityItem) -> Entity:
    entity_id = id_in(item.pk)
    return Entity(
        id=entity_id,
        name=item.name,
        created_at=item.created_at,
        asked=_asked(item.asked),
        waiting=_asked(item.waiting),
        link=ConnectLink(
            entity_id=entity_id,
            nonce=item.nonce,
            key_id=int(item.key_id),
            generation=int(item.generation),
            created_at=item.link_created_at,
        ),
    )


def entity_item(entity: Entity, admins: int) -> EntityItem:
    return EntityItem(
        entity_key(entity.id),
        ENTITY,
        name=entity.name,
        created_at=entity.created_at,
        nonce=entity.link.nonce,
        key_id=entity.link.key_id,
        generation=entity.link.generation,
        link_created_at=entity.link.created_at,
        admins=admins,
        asked={},
        waiting={},
    )


def connection(item: ConnectionItem) -> Connection:
    return Connection(
        id=item.sk.rsplit("#", 1)[1],
        entity_id=id_in(item.pk),
        app=item.app,
        account=Account(id=item.account_id, name=item.account_name),
        status=item.status,
        connected_at=item.connected_at,
        connected_by=item.connected_by,
        first_connected_at=item.first_connected_at,
        invited=item.invited or "",
        limited=tuple((item.limited or "").split()),
    )


def status_in(raw: Mapping[str, Any]) -> str:
    """The status of a connection, from its item as DynamoDB has it; empty if it told nothing."""
    return str(raw.get("status", {}).get("S", ""))


def connection_item(connection: Connection) -> ConnectionItem:
    return ConnectionItem(
        entity_key(connection.entity_id),
        f"{CONNECTIONS}{connection.app}#{connection.id}",
        app=connection.app,
        account_id=connection.account.id,
        account_name=connection.account.name,
        status=connection.status,
        connected_at=connection.connected_at,
        connected_by=connection.connected_by,
        first_connected_at=connection.first_connected_at,
        invited=connection.invited or None,
        limited=" ".join(connection.limited) or None,
    )


def member(item: MemberItem) -> Member:
    email = id_in(item.sk)
    return Member(
        entity_id=id_in(item.pk),
        email=email,
        added_at=item.added_at,
        added_by=item.added_by,
        suppression=_suppression(email, item.suppressed, item.suppressed_since) if item.suppressed else None,
    )


def member_item(member: Member) -> MemberItem:
    return MemberItem(
        entity_key(member.entity_id), f"{MEMBERS}{member.email}", added_at=member.added_at, added_by=member.added_by
    )


def suppression(item: SuppressionItem) -> Suppression | None:
    """``None`` if it was lifted."""
    lifted_at = cast("datetime | None", item.lifted_at)
    return _suppression(id_in(item.pk), item.why, item.since) if lifted_at is None else None


def _suppression(email: str, why: str, since: datetime) -> Suppression:
    return Suppression(email=email, complained=why == Delivery.COMPLAINED.value, since=since)


def why(suppression: Suppression) -> str:
    """Why it is kept, as what SES said."""
    return (Delivery.COMPLAINED if suppression.complained else Delivery.BOUNCED).value


def invitation(item: InvitationItem) -> Invitation:
    return Invitation(
        id=id_in(item.sk),
        entity_id=id_in(item.pk),
        app=item.app,
        email=item.email,
        requested_by=item.requested_by,
        note=item.note,
        state=InvitationState(item.state),
        created_at=item.created_at,
        generation=int(item.generation),
    )


def invitation_item(invitation: Invitation) -> InvitationItem:
    return InvitationItem(
        entity_key(invitation.entity_id),
        f"{INVITATIONS}{invitation.id}",
        app=invitation.app,
        email=invitation.email,
        requested_by=invitation.requested_by,
        note=invitation.note,
        state=invitation.state.value,
        created_at=invitation.created_at,
        generation=invitation.generation,
    )


def event(item: EventItem) -> Event:
    return Event(
        id=id_in(item.sk),
        entity_id=id_in(item.pk),
        kind=EventKind(item.kind),
        at=item.at,
        actor=item.actor,
        app=item.app,
        connection_id=item.connection_id,
        account_id=item.account_id,
        detail=item.detail,
        was=item.was or "",
    )


def event_item(event: Event) -> EventItem:
    """It stays due until its letters are in the outbox and it has left."""
    return EventItem(
        entity_key(event.entity_id),
        f"{EVENTS}{event.id}",
        kind=event.kind.value,
        at=event.at,
        actor=event.actor,
        app=event.app,
        connection_id=event.connection_id,
        account_id=event.account_id,
        detail=event.detail,
        was=event.was or None,
        due_shard=due_shard(event.id),
        due_at=due_number(event.at + SWEEP_AFTER),
    )


def outbox_item(row: OutboxRow) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        kind=LetterKind(row.kind),
        to=row.to,
        state=LetterState(row.state),
        entity_id=id_in(row.pk) if row.pk.startswith("E#") else "",
        subject_id=row.subject_id,
        sends=int(row.sends),
        tries=int(row.tries),
        created_at=row.created_at,
        delivery=Delivery(row.delivery) if row.delivery else None,
    )


def outbox_key(item: OutboxItem) -> tuple[str, str]:
    """In the entity's partition; a sign-in letter, which belongs to none, in the address's own."""
    partition = entity_key(item.entity_id) if item.entity_id else admin_key(item.to)
    return partition, f"{OUTBOX}{item.id}"


def outbox_row(item: OutboxItem) -> OutboxRow:
    return OutboxRow(
        *outbox_key(item),
        id=item.id,
        kind=item.kind.value,
        to=item.to,
        state=item.state.value,
        subject_id=item.subject_id,
        sends=item.sends,
        tries=item.tries,
        created_at=item.created_at,
        due_shard=due_shard(item.id) if item.due_at else None,
        due_at=due_number(item.due_at) if item.due_at else None,
    )
