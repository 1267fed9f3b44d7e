"""Invitations: the rows, and the transactions that go with them."""

from chalicelib.domain import Entity, Event, Invitation, InvitationState, OutboxItem
from chalicelib.errors import Conflict
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EntityItem, InvitationItem, MemberItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update


class Invitations:
    """The invitation rows of ``core``."""

    def add(self, invitation: Invitation, letter: OutboxItem, event: Event) -> None:
        """The invitation, its letter in the outbox, who asks (for the landing page), and the event.

        :raises Conflict: if ``requested_by`` is no admin of the entity (any more).
        """
        key = rows.entity_key(invitation.entity_id)
        asked = {"by": invitation.requested_by, "at": invitation.created_at.isoformat()}
        write = Transaction()
        write.check("member", MemberItem, (key, f"{rows.MEMBERS}{invitation.requested_by}"), MemberItem.pk.exists())
        write.put("invitation", rows.invitation_item(invitation))
        write.put("outbox", rows.outbox_row(letter))
        write.put("event", rows.event_item(event))
        write.update(
            "entity",
            EntityItem(key, rows.ENTITY),
            [EntityItem.asked[invitation.app].set(asked)],
            EntityItem.pk.exists(),
        )
        try:
            write.commit()
        except ConditionFailed:
            raise Conflict from None

    def get(self, entity_id: str, invitation_id: str) -> Invitation | None:
        """One invitation of the entity."""
        key = (rows.entity_key(entity_id), f"{rows.INVITATIONS}{invitation_id}")
        try:
            return rows.invitation(call(lambda: InvitationItem.get(*key, consistent_read=True)))
        except InvitationItem.DoesNotExist:
            return None

    def with_entity(self, entity_id: str, invitation_id: str) -> tuple[Entity | None, Invitation | None]:
        """Entity and invitation in one call."""
        key = rows.entity_key(entity_id)
        wanted = [(key, rows.ENTITY), (key, f"{rows.INVITATIONS}{invitation_id}")]
        items = call(lambda: list(CoreItem.batch_get(wanted, consistent_read=True)))
        entity = next((rows.entity(item) for item in items if isinstance(item, EntityItem)), None)
        invitation = next((rows.invitation(item) for item in items if isinstance(item, InvitationItem)), None)
        return entity, invitation

    def page(self, entity_id: str, after: str, limit: int) -> tuple[Invitation, ...]:
        """Newest first, from the one after ``after`` on."""
        query = InvitationItem.query(
            rows.entity_key(entity_id),
            InvitationItem.sk.between(f"{rows.INVITATIONS}{after}\0", f"{rows.INVITATIONS}~"),
            consistent_read=True,
            limit=limit,
        )
        return tuple(rows.invitation(item) for item in call(lambda: list(query)))

    def mark(self, entity_id: str, invitation_id: str, state: InvitationState) -> None:
        """How its letter fared. Whoever has started already is past that, and late news say nothing new."""
        item = InvitationItem(rows.entity_key(entity_id), f"{rows.INVITATIONS}{invitation_id}")
        actions = [InvitationItem.state.set(state.value)]
        earlier = InvitationItem.state.is_in(*rows.up_to(state))
        try:
            update(item, actions, InvitationItem.pk.exists() & earlier)
        except ConditionFailed:
            return
