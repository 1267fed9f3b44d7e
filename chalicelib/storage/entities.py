"""Entities with their links, and the one Query that a page needs."""

from collections.abc import Sequence

from chalicelib.domain import Asked, Books, ConnectLink, Entity, Event, Member
from chalicelib.errors import BeingErased, Conflict, NotFound
from chalicelib.storage import members, rows
from chalicelib.storage.models import ConnectionItem, CoreItem, EntityItem, ErasedItem, InvitationItem, MemberItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call


class Entities:
    """The entity rows of ``core``."""

    def landing(self, entity_id: str) -> Books | None:
        """Entity and connections: one Query, consistent."""
        return self._books(entity_id, rows.MEMBERS)

    def with_members(self, entity_id: str) -> Books | None:
        """Entity, connections and members: one Query, consistent."""
        return self._books(entity_id, rows.INVITATIONS)

    def books(self, entity_id: str) -> Books | None:
        """Entity, connections, members and invitations: one Query, consistent."""
        return self._books(entity_id, rows.EVENTS)

    def _books(self, entity_id: str, end: str) -> Books | None:
        query = CoreItem.query(rows.entity_key(entity_id), CoreItem.sk < end, consistent_read=True)
        items = call(lambda: list(query))
        entity = next((item for item in items if isinstance(item, EntityItem)), None)
        if entity is None:
            return None
        return Books(
            entity=rows.entity(entity),
            connections=tuple(rows.connection(item) for item in items if isinstance(item, ConnectionItem)),
            members=tuple(rows.member(item) for item in items if isinstance(item, MemberItem)),
            invitations=tuple(rows.invitation(item) for item in items if isinstance(item, InvitationItem)),
        )

    def get(self, entity_id: str) -> Entity | None:
        """The entity alone."""
        try:
            item = call(lambda: EntityItem.get(rows.entity_key(entity_id), rows.ENTITY, consistent_read=True))
        except EntityItem.DoesNotExist:
            return None
        return rows.entity(item)

    def create(self, entity: Entity, first: Sequence[Member], events: Sequence[Event]) -> None:
        """A new entity, with its first members: one transaction, so not more than fit in it.

        :raises BeingErased: if one of this id is being erased. :raises Conflict: if it exists.
        """
        write = Transaction()
        erased = ErasedItem.over.does_not_exist() | (ErasedItem.over == True)  # noqa: E712 - not Python's own
        write.check("erased", ErasedItem, rows.erased_key(entity.id), erased)
        write.put("entity", rows.entity_item(entity, admins=len(first)), EntityItem.pk.does_not_exist())
        for member in first:
            members.put_both(write, member)
        for event in events:
            write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed as refusal:
            raise (BeingErased if "erased" in refusal.labels else Conflict) from None

    def rename(self, entity_id: str, name: str, event: Event) -> None:
        """A new name, and the event that says so."""
        write = Transaction()
        item = EntityItem(rows.entity_key(entity_id), rows.ENTITY)
        write.update("entity", item, [EntityItem.name.set(name)], EntityItem.pk.exists())
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            raise NotFound from None

    def wait(self, entity: Entity, app: str, asked: Asked, event: Event) -> None:
        """Note that the app has yet to let us in, by whoever holds the current link. A second time changes nothing."""
        write = Transaction()
        item = EntityItem(rows.entity_key(entity.id), rows.ENTITY)
        noted = [EntityItem.waiting[app].set({"by": asked.by, "at": asked.at.isoformat()})]
        fresh = EntityItem.waiting[app].does_not_exist()
        write.update("entity", item, noted, (EntityItem.nonce == entity.link.nonce) & fresh)
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            return

    def replace_link(self, old: ConnectLink, new: ConnectLink, event: Event) -> None:
        """The old link is dead when this returns. Of two at once, one wins.

        :raises Conflict: if the link is not ``old`` any more.
        """
        actions = [
            EntityItem.nonce.set(new.nonce),
            EntityItem.key_id.set(new.key_id),
            EntityItem.generation.set(new.generation),
            EntityItem.link_created_at.set(new.created_at),
        ]
        write = Transaction()
        item = EntityItem(rows.entity_key(old.entity_id), rows.ENTITY)
        write.update("entity", item, actions, EntityItem.nonce == old.nonce)
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            raise Conflict from None
