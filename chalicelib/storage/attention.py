"""What happens to a connection because of its grant: grant, connection and event in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.domain import Event, GrantStatus, Held, Reason
from chalicelib.storage import rows
from chalicelib.storage.models import ConnectionItem, ReadingItem, VaultItem
from chalicelib.storage.tables import ConditionFailed, Transaction
from chalicelib.storage.vault_rows import due_actions, let_go


class Attention:
    """Each returns whether it happened; not if the grant is another by now, or somebody else did it."""

    def mark(self, found: Held, owner: str, reason: Reason, event: Event) -> bool:
        """The grant is of no use any more. ``owner`` is the lease's, if there is one."""
        needs = GrantStatus.NEEDS_ATTENTION.value
        actions = [VaultItem.status.set(needs), VaultItem.reason.set(reason.value)]
        write = _write(found, owner, [*actions, *let_go(), *due_actions(found.id, None)])
        write.update("connection", _connection(found), [ConnectionItem.status.set(needs)], ConnectionItem.pk.exists())
        return _committed(write, event)

    def remind(self, found: Held, event: Event) -> bool:
        """A letter goes out that the consent ends; ``found`` has how many days before, and when to look again."""
        actions = [VaultItem.reminded.set(found.reminded), *due_actions(found.id, found.sealed.due_at)]
        write = Transaction()
        earlier = (VaultItem.reminded == 0) | (VaultItem.reminded > found.reminded)
        unchanged = (VaultItem.version == found.version) & (VaultItem.status == GrantStatus.ACTIVE.value)
        write.update("vault", VaultItem(found.entity_id, found.id), actions, unchanged & earlier)
        return _committed(write, event)

    def reading(self, name: str, event: Event, until: datetime) -> bool:
        """Somebody read the credential: once a day, that is."""
        write = Transaction()
        write.put("reading", ReadingItem(f"READING#{name}", expires_at=until), ReadingItem.pk.does_not_exist())
        return _committed(write, event)


def _write(found: Held, owner: str, actions: Sequence[Action]) -> Transaction:
    write = Transaction()
    unchanged = (VaultItem.version == found.version) & (VaultItem.status == GrantStatus.ACTIVE.value)
    condition = unchanged & (VaultItem.lease_owner == owner) if owner else unchanged
    write.update("vault", VaultItem(found.entity_id, found.id), actions, condition)
    return write


def _connection(found: Held) -> ConnectionItem:
    return ConnectionItem(rows.entity_key(found.entity_id), f"{rows.CONNECTIONS}{found.app}#{found.id}")


def _committed(write: Transaction, event: Event) -> bool:
    write.put("event", rows.event_item(event))
    try:
        write.commit()
    except ConditionFailed:
        return False
    return True
