"""The letters about a connection's two ends: the owner's receipt, and the admins' that it was disconnected."""

from dataclasses import dataclass

from chalicelib.domain import Account, Books, Connection, Entity, Event, Letter, OutboxItem
from chalicelib.services.apps import Apps
from chalicelib.services.letters import letter
from chalicelib.services.ports import Entities, Events, Renderer, Suppressions
from chalicelib.services.receipts import LASTS, Receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingLetters:
    """``None`` when there is nobody or nothing to write about any more."""

    entities: Entities
    events: Events
    suppressions: Suppressions
    receipts: Receipts
    apps: Apps
    renderer: Renderer
    base_url: str

    def disconnected(self, item: OutboxItem) -> Letter | None:
        """To an admin, one that waited."""
        event, entity = self.events.get(item.entity_id, item.subject_id), self.entities.get(item.entity_id)
        if event is None or entity is None or self.suppressions.of([item.to]):
            return None
        return self.disconnected_of(entity, event, item)

    def disconnected_of(self, entity: Entity, event: Event, item: OutboxItem) -> Letter:
        """The same, by who has event and entity at hand."""
        path = f"/entities/{entity.id}/apps/{event.app}?mend={event.connection_id}"
        text = self.renderer.letter(
            "disconnected",
            entity_name=entity.name,
            app=self.apps.providers[event.app],
            account=Account(id=event.account_id, name=event.detail),
            actor=event.actor,
            at=event.at,
            address=f"{self.base_url}{path}",
        )
        return letter(item, text)

    def receipt(self, item: OutboxItem) -> Letter | None:
        """To the owner, one that waited."""
        event, books = self.events.get(item.entity_id, item.subject_id), self.entities.landing(item.entity_id)
        return self.receipt_of(books, event, item) if event and books else None

    def receipt_of(self, books: Books, event: Event, item: OutboxItem) -> Letter | None:
        """The same. Nobody is copied: the link in it ends the connection."""
        connection = receipted(books, event)
        if connection is None or connection.invited != item.to or self.suppressions.of([item.to]):
            return None
        asked = books.entity.asked.get(event.app)
        text = self.renderer.letter(
            "receipt",
            entity_name=books.entity.name,
            app=self.apps.providers[event.app],
            account=connection.account,
            at=event.at,
            asked_by=asked.by if asked else "",
            until=event.at + LASTS,
            address=self.receipts.address(event),
        )
        return letter(item, text, reply_to=asked.by if asked else "")


def receipted(books: Books, event: Event) -> Connection | None:
    """The connection of which somebody whom we know gets a receipt for this event; ``None`` if it is another by now."""
    found = next((one for one in books.living if one.id == event.connection_id), None)
    return found if found and found.invited and found.connected_at <= event.at else None
