"""Everything that ``core`` keeps of an entity, in the order of its partition. What lies elsewhere is a copy, or sealed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.domain import Connection, Entity, Event, Invitation, Member, OutboxItem, Webhook
from chalicelib.storage import rows, webhooks
from chalicelib.storage.models import (
    ConnectionItem,
    CoreItem,
    EntityItem,
    EventItem,
    InvitationItem,
    MemberItem,
    OutboxRow,
    WebhookItem,
)
from chalicelib.storage.tables import call

type Noun = Entity | Connection | Member | Invitation | Event | OutboxItem | Webhook

NOUNS: Mapping[type[CoreItem], Callable[[Any], Noun]] = {
    EntityItem: rows.entity,
    ConnectionItem: rows.connection,
    MemberItem: rows.member,
    InvitationItem: rows.invitation,
    EventItem: rows.event,
    OutboxRow: rows.outbox_item,
    WebhookItem: webhooks.noun,
}
"""Every row of an entity's partition. One that is missing here stops an export: nothing is left out silently."""


class Exports:
    """An entity's partition, read a part at a time."""

    def first(self, entity_id: str) -> Sequence[Noun]:
        """Entity, connections and members, as many as there are; nothing, if there is no such entity."""
        found = _query(entity_id, CoreItem.sk < rows.INVITATIONS)
        return found if any(isinstance(noun, Entity) for noun in found) else ()

    def rest(self, entity_id: str, after: str, limit: int) -> tuple[Sequence[Noun], str]:
        """Invitations, events, letters and the webhook, from the one after ``after`` on; and where the next page starts."""
        start = f"{after[:1]}#{after[1:]}\0" if after else rows.INVITATIONS
        found = _query(entity_id, CoreItem.sk.between(start, rows.WEBHOOK), limit=limit + 1)
        following = _place(found[limit - 1]) if len(found) > limit else ""
        return found[:limit], following


def _query(entity_id: str, part: Any, limit: int | None = None) -> list[Noun]:
    query = CoreItem.query(rows.entity_key(entity_id), part, consistent_read=True, limit=limit)
    return call(lambda: [NOUNS[type(item)](item) for item in query])


def _place(noun: Noun) -> str:
    """Kind and id: no address, for it stands in an address."""
    kinds = {Invitation: rows.INVITATIONS, Event: rows.EVENTS, OutboxItem: rows.OUTBOX}
    return f"{kinds[type(noun)][0]}{getattr(noun, 'id', '')}"
