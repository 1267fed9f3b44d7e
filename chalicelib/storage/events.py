"""An entity's history."""

from datetime import datetime

from chalicelib import keys
from chalicelib.domain import Event
from chalicelib.storage import rows
from chalicelib.storage.models import EventItem, ParkedItem
from chalicelib.storage.tables import ConditionFailed, call, update


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
        """One more, of which no letters tell."""
        call(rows.event_item(event, alerting=False).save)

    def settled(self, event: Event) -> None:
        """All its letters are in the outbox: the sweep need not look at it any more."""
        item = EventItem(rows.entity_key(event.entity_id), f"{rows.EVENTS}{event.id}")
        try:
            update(item, [EventItem.due_shard.remove(), EventItem.due_at.remove()], EventItem.pk.exists())
        except ConditionFailed:
            return

    def park(self, sequence_number: str, why: str, at: datetime) -> None:
        """Remember a stream record that nobody could read, without what it held."""
        name = sequence_number or keys.random_secret()
        call(ParkedItem(f"PARKED#{at:%Y-%m-%d}", name, why=why, at=at).save)
