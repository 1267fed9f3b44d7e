"""An entity's history."""

from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib import keys
from chalicelib.domain import Event
from chalicelib.storage import rows
from chalicelib.storage.models import EntityItem, EventItem, ParkedItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update


class Events:
    """The event rows of ``core``."""

    def page(self, entity_id: str, after: str, limit: int) -> tuple[Event, ...]:
        """Newest first, from the one after ``after`` on."""
        query = EventItem.query(
            rows.entity_key(entity_id),
            EventItem.sk.between(f"{rows.EVENTS}{after}\0", f"{rows.EVENTS}~"),
            consistent_read=True,
            limit=limit,
        )
        return tuple(rows.event(item) for item in call(lambda: list(query)))

    def get(self, entity_id: str, event_id: str) -> Event | None:
        """One event of the entity."""
        key = (rows.entity_key(entity_id), f"{rows.EVENTS}{event_id}")
        try:
            return rows.event(call(lambda: EventItem.get(*key, consistent_read=True)))
        except EventItem.DoesNotExist:
            return None

    def add(self, event: Event) -> None:
        """One more; not of an entity that has been erased meanwhile."""
        write = Transaction()
        key = (rows.entity_key(event.entity_id), rows.ENTITY)
        write.check("entity", EntityItem, key, EntityItem.pk.exists())
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            return

    def settled(self, event: Event) -> None:
        """All its letters are in the outbox, and it has left: the sweep need not look at it any more."""
        self._change(event, EventItem.due_shard.remove(), EventItem.due_at.remove())

    def postponed(self, event: Event, until: datetime) -> None:
        """It has not left: the sweep looks at it then, and at what waits behind it first."""
        self._change(event, EventItem.due_at.set(rows.due_number(until)))

    def _change(self, event: Event, *actions: Action) -> None:
        item = EventItem(rows.entity_key(event.entity_id), f"{rows.EVENTS}{event.id}")
        try:
            update(item, actions, EventItem.due_at.exists())
        except ConditionFailed:
            return

    def park(self, sequence_number: str, why: str, at: datetime) -> None:
        """Remember a stream record that nobody could read, without what it held."""
        name = sequence_number or keys.random_secret()
        call(ParkedItem(f"PARKED#{at:%Y-%m-%d}", name, why=why, at=at).save)
