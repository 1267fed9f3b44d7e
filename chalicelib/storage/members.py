"""Who may act for an entity. A member is written twice: under the entity, where it authorises,
and under the admin's address, where it only lists.
"""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain import Entity, Event, Member, Suppression
from chalicelib.errors import Conflict, LastAdmin, NotFound
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EntityItem, MemberItem, MembershipItem, SuppressionItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update

LISTED = 50
"""Entities on one page of an admin's list: one BatchGetItem reads them and their members."""


def put_both(write: Transaction, member: Member) -> None:
    """The member, in both places, if it is new."""
    write.put("member", rows.member_item(member), MemberItem.pk.does_not_exist())
    write.put("membership", _membership(member.entity_id, member.email))


def _membership(entity_id: str, email: str) -> MembershipItem:
    return MembershipItem(rows.admin_key(email), rows.entity_key(entity_id))


class Members:
    """The member rows of ``core``."""

    def is_admin(self, entity_id: str, email: str) -> bool:
        """Whether the address is an admin of the entity now."""
        try:
            call(lambda: MemberItem.get(rows.entity_key(entity_id), f"{rows.MEMBERS}{email}", consistent_read=True))
        except MemberItem.DoesNotExist:
            return False
        return True

    def known(self, email: str) -> bool:
        """Whether the address is an admin of anything, and may be written to."""
        query = CoreItem.query(
            rows.admin_key(email),
            CoreItem.sk.between(rows.SUPPRESSION, rows.entity_key("\x7f")),
            consistent_read=True,
            limit=2,
        )
        items = call(lambda: list(query))
        suppressed = any(isinstance(item, SuppressionItem) and rows.suppression(item) for item in items)
        return not suppressed and any(isinstance(item, MembershipItem) for item in items)

    def entity_ids_of(self, email: str) -> tuple[str, ...]:
        """All entities that list the address."""
        query = MembershipItem.query(
            rows.admin_key(email), MembershipItem.sk.startswith(rows.entity_key("")), consistent_read=True
        )
        return tuple(rows.id_in(item.sk) for item in call(lambda: list(query)))

    def mark(self, entity_id: str, email: str, suppression: Suppression | None) -> None:
        """Keep a copy of the address's suppression with the member, or take it away."""
        item = MemberItem(rows.entity_key(entity_id), f"{rows.MEMBERS}{email}")
        if suppression is None:
            actions: list[Action] = [MemberItem.suppressed.remove(), MemberItem.suppressed_since.remove()]
        else:
            actions = [
                MemberItem.suppressed.set(rows.why(suppression)),
                MemberItem.suppressed_since.set(suppression.since),
            ]
        try:
            update(item, actions, MemberItem.pk.exists())
        except ConditionFailed:
            return

    def entities_of(self, email: str, after: str = "") -> tuple[tuple[Entity, ...], str]:
        """A page of the entities that the address is an admin of, by id, and where the next page starts ("" if none).

        The list comes from the admin's partition; each entry is checked against the member row, which authorises.
        """
        start = f"{rows.entity_key(after)}\0" if after else rows.entity_key("")
        query = MembershipItem.query(
            rows.admin_key(email),
            MembershipItem.sk.between(start, rows.entity_key("\x7f")),
            consistent_read=True,
            limit=LISTED + 1,
        )
        keys = [item.sk for item in call(lambda: list(query))]
        following = rows.id_in(keys[LISTED - 1]) if len(keys) > LISTED else ""
        return self._entities(keys[:LISTED], email), following

    def _entities(self, keys: list[str], email: str) -> tuple[Entity, ...]:
        wanted = [(key, sort) for key in keys for sort in (rows.ENTITY, f"{rows.MEMBERS}{email}")]
        items = call(lambda: list(CoreItem.batch_get(wanted, consistent_read=True))) if wanted else []
        allowed = {item.pk for item in items if isinstance(item, MemberItem)}
        entities = [rows.entity(item) for item in items if isinstance(item, EntityItem) and item.pk in allowed]
        return tuple(sorted(entities, key=lambda entity: (entity.name.casefold(), entity.id)))

    def add(self, members: Sequence[Member], events: Sequence[Event]) -> None:
        """New admins of one entity, each with its event.

        :raises Conflict: if one of them is an admin already; nothing is written then.
        :raises NotFound: if there is no such entity.
        """
        write = Transaction()
        self._count(write, members[0].entity_id, len(members), EntityItem.pk.exists())
        for member, event in zip(members, events, strict=True):
            put_both(write, member)
            write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed as refusal:
            raise (NotFound if "entity" in refusal.labels else Conflict) from None

    def remove(self, entity_id: str, emails: Sequence[str], events: Sequence[Event]) -> None:
        """Fewer admins of one entity, never none.

        :raises LastAdmin: if nobody would be left.
        :raises NotFound: if one of them is no admin; nothing is written then.
        """
        write = Transaction()
        self._count(write, entity_id, -len(emails), EntityItem.admins > len(emails))
        for email, event in zip(emails, events, strict=True):
            item = MemberItem(rows.entity_key(entity_id), f"{rows.MEMBERS}{email}")
            write.delete("member", item, MemberItem.pk.exists())
            write.delete("membership", _membership(entity_id, email))
            write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed as refusal:
            raise (NotFound if "member" in refusal.labels else LastAdmin) from None

    def _count(self, write: Transaction, entity_id: str, change: int, condition: Condition) -> None:
        """The number of admins lives on the entity, so that two removals at once cannot leave it without any."""
        item = EntityItem(rows.entity_key(entity_id), rows.ENTITY)
        write.update("entity", item, [EntityItem.admins.add(change)], condition)
