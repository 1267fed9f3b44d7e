"""Letters to be sent, and what became of them."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import cast

from pynamodb.expressions.update import Action

from chalicelib.domain import Delivery, Event, LetterState, OutboxItem
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EventItem, OutboxRow
from chalicelib.storage.tables import ConditionFailed, call, update

BATCH = 50


class Outbox:
    """The outbox rows of ``core``."""

    def put(self, item: OutboxItem) -> bool:
        """Put a letter in, if it is not there yet. A claimed one (``sending``) is claimed by this very call."""
        try:
            call(lambda: rows.outbox_row(item).save(condition=OutboxRow.pk.does_not_exist()))
        except ConditionFailed:
            return False
        return True

    def claim(self, item: OutboxItem, lease_until: datetime) -> bool:
        """Take a letter up for sending; of two at once, one gets it. Counts the try."""
        row = OutboxRow(*rows.outbox_key(item))
        actions = [
            OutboxRow.state.set(LetterState.SENDING.value),
            OutboxRow.tries.set(item.tries + 1),
            OutboxRow.sends.set(item.sends + 1),
            OutboxRow.due_shard.set(rows.due_shard(item.id)),
            OutboxRow.due_at.set(rows.due_number(lease_until)),
        ]
        untouched = (OutboxRow.state == item.state.value) & (OutboxRow.tries == item.tries)
        try:
            update(row, actions, untouched)
        except ConditionFailed:
            return False
        return True

    def record(self, item: OutboxItem, message_id: str = "") -> None:
        """What became of a claimed letter; ``due_at`` says when to look again, if ever.

        One that belongs to no entity is forgotten when it is over: anyone can ask for a sign-in letter, and ``core``
        keeps what it has.
        """
        row = OutboxRow(*rows.outbox_key(item))
        mine = (OutboxRow.state == LetterState.SENDING.value) & (OutboxRow.tries == item.tries)
        actions: list[Action] = [OutboxRow.state.set(item.state.value), OutboxRow.sends.set(item.sends)]
        if message_id:
            actions.append(OutboxRow.message_id.set(message_id))
        if item.due_at:
            actions.append(OutboxRow.due_at.set(rows.due_number(item.due_at)))
        else:
            actions += [OutboxRow.due_shard.remove(), OutboxRow.due_at.remove()]
        over = not item.entity_id and not item.due_at
        try:
            call(lambda: row.delete(condition=mine)) if over else update(row, actions, mine)
        except ConditionFailed:
            return

    def get(self, entity_id: str, outbox_id: str) -> OutboxItem | None:
        """One letter of the entity."""
        key = (rows.entity_key(entity_id), f"{rows.OUTBOX}{outbox_id}")
        try:
            return rows.outbox_item(call(lambda: OutboxRow.get(*key, consistent_read=True)))
        except OutboxRow.DoesNotExist:
            return None

    def told(self, item: OutboxItem, delivery: Delivery, message_id: str) -> Delivery:
        """SES says this of the letter: so it was sent, whatever we knew. Returns the furthest that SES said so far."""
        row = OutboxRow(*rows.outbox_key(item))
        actions: list[Action] = [
            OutboxRow.delivery.set(delivery.value),
            OutboxRow.state.set(LetterState.SENT.value),
            OutboxRow.message_id.set(OutboxRow.message_id | message_id),
            OutboxRow.due_shard.remove(),
            OutboxRow.due_at.remove(),
        ]
        news = OutboxRow.delivery.does_not_exist() | OutboxRow.delivery.is_in(*rows.up_to(delivery))
        try:
            update(row, actions, OutboxRow.pk.exists() & news)
        except ConditionFailed:
            call(lambda: row.refresh(consistent_read=True))
        return Delivery(row.delivery)

    def forget(self, email: str, outbox_id: str) -> None:
        """A letter of no entity's of which SES speaks is over, whatever we knew."""
        call(OutboxRow(rows.admin_key(email), f"{rows.OUTBOX}{outbox_id}").delete)

    def due(self, now: datetime) -> Iterator[Event | OutboxItem]:
        """Events and letters that something is left to do for. The index finds, a consistent read tells."""
        latest = rows.due_number(now)
        for shard in rows.DUE_SHARDS:
            found = call(partial(_due_keys, shard, latest))
            items = call(partial(_read, found)) if found else []
            yield from (_noun(item) for item in items if (item.due_at or latest + 1) <= latest)


def _due_keys(shard: str, latest: int) -> list[tuple[str, str]]:
    return [(item.pk, item.sk) for item in CoreItem.due.query(shard, CoreItem.due_at <= latest, limit=BATCH)]


def _read(found: list[tuple[str, str]]) -> list[CoreItem]:
    return list(CoreItem.batch_get(found, consistent_read=True))


def _noun(item: CoreItem) -> Event | OutboxItem:
    return rows.event(item) if isinstance(item, EventItem) else rows.outbox_item(cast("OutboxRow", item))
