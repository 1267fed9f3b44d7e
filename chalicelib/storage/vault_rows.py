"""Rows of ``vault`` to domain and back."""

import zlib
from datetime import datetime
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib import keys
from chalicelib.domain import Connection, GrantStatus, Held, Reason, SealedGrant, Trouble
from chalicelib.storage.models import VaultItem
from chalicelib.storage.rows import due_number
from chalicelib.storage.sealed import marks

SHARDS = tuple(f"due-{number:02}" for number in range(16))


def shard(connection_id: str) -> str:
    """Spreads what is due over the index's partitions."""
    return SHARDS[zlib.crc32(connection_id.encode()) % len(SHARDS)]


def held(item: VaultItem) -> Held:
    trouble = Trouble(
        failures=int(item.failures),
        refused=int(item.refused),
        since=item.failing_since,
        refused_since=item.refused_since,
        retry_at=item.retry_at,
    )
    return Held(
        entity_id=item.entity_id,
        id=item.connection_id,
        app=item.app,
        account_id=item.account_id,
        sealed=SealedGrant(
            ciphertext=item.sealed, expires_at=item.expires_at, refresh_expires_at=item.refresh_expires_at
        ),
        status=GrantStatus(item.status),
        version=item.version,
        reason=Reason(item.reason) if item.reason else None,
        granted_at=item.granted_at,
        refreshed_at=item.refreshed_at,
        trouble=trouble,
        lease_until=item.lease_until,
        reminded=int(item.reminded),
        checked_at=item.checked_at,
        refusals=int(item.refusals),
    )


def new_item(connection: Connection, sealed: SealedGrant) -> VaultItem:
    """A grant that an owner has just given. It has nothing of the one before: not its lease, not its troubles."""
    at = connection.connected_at
    return VaultItem(
        connection.entity_id,
        connection.id,
        app=connection.app,
        account_id=connection.account.id,
        sealed=sealed.ciphertext,
        expires_at=sealed.expires_at,
        refresh_expires_at=sealed.refresh_expires_at,
        version=keys.random_secret(),
        granted_at=at,
        refreshed_at=at,
        checked_at=at,
        due_shard=shard(connection.id) if sealed.due_at else None,
        due_at=due_number(sealed.due_at) if sealed.due_at else None,
        **marks(connection.id, sealed.ciphertext),
    )


def due_actions(connection_id: str, due_at: datetime | None) -> list[Action]:
    """When something is to be done next; never, if there is no time."""
    if due_at is None:
        return [VaultItem.due_shard.remove(), VaultItem.due_at.remove()]
    return [VaultItem.due_shard.set(shard(connection_id)), VaultItem.due_at.set(due_number(due_at))]


def set_or_remove(attribute: Any, value: Any) -> Action:
    """An attribute that stands for ``None`` by not being there."""
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def let_go() -> list[Action]:
    """The end of a lease."""
    return [VaultItem.lease_owner.remove(), VaultItem.lease_until.remove()]
