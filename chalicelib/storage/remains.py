"""What is left of an entity that is being erased: found by Query, removed in transactions that count what they remove.

A row goes together with its copies in other partitions, so that none of those is ever left behind without a name.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from chalicelib.domain import Erasure, GrantStatus, OutboxItem, Returned
from chalicelib.storage import accounts, rows
from chalicelib.storage.erasures import counted, registered
from chalicelib.storage.models import (
    AccountItem,
    ConnectionItem,
    CoreItem,
    EphemeralItem,
    EventItem,
    InvitationItem,
    MemberItem,
    MembershipItem,
    OutboxRow,
    SuppressionItem,
    VaultItem,
    WebhookItem,
)
from chalicelib.storage.tables import ConditionFailed, Transaction, call

BATCH = 18
"""Rows in one transaction: each has four writes at the most, the erasure one, and DynamoDB takes a hundred."""
KINDS: Mapping[type[CoreItem], str] = {
    ConnectionItem: "connections",
    MemberItem: "members",
    InvitationItem: "invitations",
    EventItem: "events",
    OutboxRow: "letters",
    WebhookItem: "webhooks",
}
"""Every row of an entity's partition but its own. One that is missing here stops the erasure, and the alarm rings."""

_NAMES = {MembershipItem: "memberships", AccountItem: "accounts", SuppressionItem: "suppressions"}
GRANTS = 100
"""Looked at in one run."""

type Grant = tuple[str, str, str]
"""Connection, app and account."""


class Remains:
    """What is left, and its end. Each returns how many rows it found; all may be done again."""

    def rows(self, erasure: Erasure, last_letter: Callable[[str], OutboxItem]) -> int:
        """Some rows of the entity's partition, with their copies; each member who may be written to gets a letter."""
        query = CoreItem.query(rows.entity_key(erasure.entity_id), consistent_read=True, limit=BATCH)
        items = call(lambda: list(query))
        if not items:
            return 0
        write, counts = Transaction(), Counter(KINDS[type(item)] for item in items)
        for item in items:
            write.delete("row", item, type(item).pk.exists())
            if isinstance(item, MemberItem) and not item.suppressed:
                write.put("letter", rows.outbox_row(last_letter(rows.id_in(item.sk))))
        copies = [copy for item in items for copy in _copies(item)]
        unsent = self._suppressions({_address(item) for item in items} - {""}, erasure.entity_id)
        for copy in (*copies, *unsent):
            write.delete("copy", copy)
        counts += Counter(_NAMES[type(copy)] for copy in (*copies, *unsent))
        counted(write, erasure.id, counts, [(copy.pk, copy.sk) for copy in copies])
        _commit(write)
        return len(items)

    def _suppressions(self, emails: Collection[str], entity_id: str) -> list[SuppressionItem]:
        """Those of addresses that no other entity knows. A complaint stays, or the address would be written to again."""
        keys = [(rows.admin_key(email), rows.SUPPRESSION) for email in emails]
        found = call(lambda: list(SuppressionItem.batch_get(keys, consistent_read=True))) if keys else []
        return [item for item in found if not _complained(item) and not _elsewhere(item.pk, entity_id)]

    def grants(self, entity_id: str) -> Sequence[Grant]:
        """What the vault has of the entity, as ids."""
        query = VaultItem.query(
            entity_id, consistent_read=True, limit=GRANTS, attributes_to_get=["connection_id", "app", "account_id"]
        )
        return [(item.connection_id, item.app, item.account_id) for item in call(lambda: list(query))]

    def revoke(self, erasure: Erasure, grant: Grant, one: Returned) -> None:
        """Nobody is handed the grant from here on, and its account is nobody's any more. Counted once."""
        connection_id, app, account_id = grant
        write = Transaction()
        over = [
            VaultItem.status.set(GrantStatus.REVOKING.value),
            VaultItem.due_shard.remove(),
            VaultItem.due_at.remove(),
        ]
        write.update("vault", VaultItem(erasure.entity_id, connection_id), over, VaultItem.entity_id.exists())
        write.delete("account", AccountItem(accounts.key_of(app, account_id), erasure.entity_id))
        registered(write, erasure.id, one)
        _commit(write)

    def attempts(self, erasure: Erasure) -> int:
        """All that the index knows of. It may be late: what has gone already counts for nothing."""
        found = call(lambda: list(EphemeralItem.of_entity.query(erasure.entity_id)))
        return sum(self._attempt(erasure, item.pk) for item in found)

    def _attempt(self, erasure: Erasure, key: str) -> bool:
        write = Transaction()
        write.delete("attempt", EphemeralItem(key), EphemeralItem.pk.exists())
        counted(write, erasure.id, {"attempts": 1}, ())
        return _commit(write)

    def left(self, erasure: Erasure) -> Mapping[str, int]:
        """Every place asked once more, by place."""
        entity_id, key = erasure.entity_id, rows.entity_key(erasure.entity_id)
        copies = call(lambda: list(CoreItem.batch_get(erasure.copies, consistent_read=True))) if erasure.copies else []
        kinds = Counter(_NAMES[type(copy)] for copy in copies)
        return {
            "entity": call(lambda: CoreItem.count(key, consistent_read=True)),
            "vault": call(lambda: VaultItem.count(entity_id, consistent_read=True)),
            "attempts": call(lambda: EphemeralItem.of_entity.count(entity_id)),
            "memberships": kinds["memberships"],
            "accounts": kinds["accounts"],
        }


def _copies(item: CoreItem) -> Iterator[CoreItem]:
    """Rows in other partitions that say the same."""
    if isinstance(item, MemberItem):
        yield MembershipItem(rows.admin_key(rows.id_in(item.sk)), item.pk)
    elif isinstance(item, ConnectionItem):
        yield AccountItem(accounts.key_of(item.app, item.account_id), rows.id_in(item.pk))


def _address(item: CoreItem) -> str:
    """Whom the row is about."""
    if isinstance(item, MemberItem):
        return rows.id_in(item.sk)
    return str(item.email) if isinstance(item, InvitationItem) else ""


def _complained(item: SuppressionItem) -> bool:
    suppression = rows.suppression(item)
    return suppression is not None and suppression.complained


def _elsewhere(key: str, entity_id: str) -> bool:
    """Whether the address is an admin of another entity."""
    query = MembershipItem.query(key, MembershipItem.sk.startswith(rows.entity_key("")), consistent_read=True, limit=2)
    return any(rows.id_in(item.sk) != entity_id for item in call(lambda: list(query)))


def _commit(write: Transaction) -> bool:
    """Whether it was us: another run may have done it just now, and counted it."""
    try:
        write.commit()
    except ConditionFailed:
        return False
    return True
