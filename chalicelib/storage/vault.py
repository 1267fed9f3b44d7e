"""Sealed grants, for whoever may open them. They are written with their connections (storage/connections.py).

A grant is renewed by whoever holds its lease, and kept only if nobody wrote another meanwhile: every write here has
the version that was read in its condition, and the lease's owner. The owner's name becomes the next version, so that
our own repeat of a write whose answer was lost finds its work done.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain import DueGrant, GrantStatus, Held, SealedGrant, Trouble
from chalicelib.outbound.envelopes import under
from chalicelib.storage.models import VaultItem
from chalicelib.storage.rows import due_number
from chalicelib.storage.tables import ConditionFailed, call, update
from chalicelib.storage.vault_rows import SHARDS, due_actions, held, let_go, set_or_remove

PER_SHARD = 100
"""Of what is due, in one run. What waits longest comes first, so the rest has its turn in the next."""
MANY = 2_000
"""Looked through at once, where those of some apps are left out."""
ACTIVE = VaultItem.status == GrantStatus.ACTIVE.value


class Vault:
    """The rows of ``vault``."""

    def get(self, entity_id: str, connection_id: str) -> Held | None:
        """One grant, consistent."""
        try:
            return held(call(lambda: VaultItem.get(entity_id, connection_id, consistent_read=True)))
        except VaultItem.DoesNotExist:
            return None

    def lease(self, found: Held, owner: str, now: datetime, until: datetime) -> Held | None:
        """Be the only one to renew this grant, until then; returns it as it is now. ``None``: somebody else is, or did."""
        item = _key(found)
        free = VaultItem.lease_owner.does_not_exist() | (VaultItem.lease_until <= now)
        mine = VaultItem.lease_owner == owner
        unchanged = (VaultItem.version == found.version) & ACTIVE
        actions: list[Action] = [VaultItem.lease_owner.set(owner), VaultItem.lease_until.set(until)]
        try:
            update(item, actions, unchanged & (free | mine))
        except ConditionFailed:
            return None
        return held(item)

    def save(self, found: Held, owner: str, sealed: SealedGrant, now: datetime) -> Held | None:
        """Keep what the app gave, and let go. ``None``: it is somebody else's by now, and stays as they left it."""
        item = _key(found)
        actions = [
            VaultItem.sealed.set(sealed.ciphertext),
            VaultItem.sealed_under.set(under(sealed.ciphertext)),
            VaultItem.version.set(owner),
            VaultItem.refreshed_at.set(now),
            VaultItem.failures.set(0),
            VaultItem.refused.set(0),
            set_or_remove(VaultItem.expires_at, sealed.expires_at),
            set_or_remove(VaultItem.refresh_expires_at, sealed.refresh_expires_at),
            VaultItem.failing_since.remove(),
            VaultItem.refused_since.remove(),
            VaultItem.retry_at.remove(),
            *let_go(),
            *due_actions(found.id, sealed.due_at),
        ]
        try:
            update(item, actions, _mine(found, owner) | (VaultItem.version == owner))
        except ConditionFailed:
            return None
        return held(item)

    def fail(self, found: Held, owner: str, trouble: Trouble, due_at: datetime | None) -> None:
        """It came to nothing this time. Nothing happens if the lease is somebody else's by now, or the grant is over."""
        actions = [
            VaultItem.failures.set(trouble.failures),
            VaultItem.refused.set(trouble.refused),
            set_or_remove(VaultItem.failing_since, trouble.since),
            set_or_remove(VaultItem.refused_since, trouble.refused_since),
            set_or_remove(VaultItem.retry_at, trouble.retry_at),
            *let_go(),
            *due_actions(found.id, due_at),
        ]
        self._if(_mine(found, owner) & ACTIVE, found, actions)

    def release(self, found: Held, owner: str) -> None:
        """Let go of a lease without having asked the app."""
        self._if(_mine(found, owner), found, let_go())

    def note(self, found: Held, checked_at: datetime, refusals: int, due_at: datetime | None) -> None:
        """What the app said of the account, and when to look again."""
        actions = [VaultItem.checked_at.set(checked_at), VaultItem.refusals.set(refusals)]
        self._plan(found, due_at, actions)

    def plan(self, found: Held, due_at: datetime | None) -> None:
        """When to look again, if it is still the grant that was read."""
        self._plan(found, due_at)

    def destroy(self, found: Held) -> bool:
        """The end of a grant that is being revoked; not if it is another by now."""
        unchanged = (VaultItem.version == found.version) & (VaultItem.status == GrantStatus.REVOKING.value)
        try:
            call(lambda: _key(found).delete(condition=unchanged))
        except ConditionFailed:
            return False
        return True

    def due(self, now: datetime, without: Collection[str] = ()) -> Iterator[DueGrant]:
        """Of each shard what waits longest, but for these apps. The index only finds."""
        latest, wanted = due_number(now), _of_others(without)
        for shard in SHARDS:
            for item in call(partial(_due, shard, latest, wanted, MANY if without else PER_SHARD)):
                due_at = datetime.fromtimestamp(item.due_at, UTC)
                yield DueGrant(app=item.app, entity_id=item.entity_id, id=item.connection_id, due_at=due_at)

    def _plan(self, found: Held, due_at: datetime | None, actions: Sequence[Action] = ()) -> None:
        """Not for a grant that is over: nothing would ever take it out of the index again."""
        unchanged = VaultItem.version == found.version
        self._if(unchanged & ACTIVE, found, [*actions, *due_actions(found.id, due_at)])

    def _if(self, condition: Condition, found: Held, actions: Sequence[Action]) -> None:
        try:
            update(_key(found), actions, condition)
        except ConditionFailed:
            return


def _of_others(apps: Collection[str]) -> Condition:
    """Taken out by DynamoDB: thousands of an app that is left alone must not stand in front of all others."""
    return ACTIVE & ~VaultItem.app.is_in(*apps) if apps else ACTIVE


def _due(shard: str, latest: int, wanted: Condition, page: int) -> list[VaultItem]:
    found = VaultItem.due.query(
        shard, VaultItem.due_at <= latest, filter_condition=wanted, limit=PER_SHARD, page_size=page
    )
    return list(found)


def _key(found: Held) -> VaultItem:
    return VaultItem(found.entity_id, found.id)


def _mine(found: Held, owner: str) -> Condition:
    ours: Condition = (VaultItem.version == found.version) & (VaultItem.lease_owner == owner)
    return ours
