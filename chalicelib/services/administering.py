"""Entities and their admins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib import keys, logs
from chalicelib.domain import Books, Entity, Event, EventKind, Member
from chalicelib.errors import BeingErased, Conflict, InvalidField, NotFound
from chalicelib.i18n import N_
from chalicelib.services import addresses
from chalicelib.services.events import event
from chalicelib.services.inviting import answered
from chalicelib.services.links import Links
from chalicelib.services.ports import Entities, Events, Members
from chalicelib.services.suppressing import Suppressing

MOST_ADMINS = 40
CHUNK = 24
"""Members per transaction: three writes each, and DynamoDB takes a hundred."""
TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Administering:
    """Every change of admins is an event."""

    entities: Entities
    members: Members
    events: Events
    links: Links
    suppressing: Suppressing

    def put(
        self, entity_id: str, name: str, admins: Iterable[str] | None, by: str
    ) -> tuple[Entity, tuple[str, ...], bool]:
        """Create or update, idempotent. Returns the entity, its admins, and whether it is new.

        ``admins`` absent leaves the members untouched; present, they become exactly these.

        :raises InvalidField: if the name or an address is malformed, or ``admins`` is empty or too long.
        :raises BeingErased: if the entity is.
        """
        name = addresses.one_line(name, "name")
        wanted = None if admins is None else _admins(admins)
        for _ in range(TRIES):
            try:
                return self._put(entity_id, name, wanted, by)
            except BeingErased:
                raise BeingErased(N_("The entity is being erased. When that is over, it can be made again.")) from None
            except (Conflict, NotFound):
                continue
        raise Conflict(N_("The entity is being changed by somebody else. Try again."))

    def _put(
        self, entity_id: str, name: str, wanted: tuple[str, ...] | None, by: str
    ) -> tuple[Entity, tuple[str, ...], bool]:
        books = self.entities.books(entity_id)
        if books is None:
            entity = self._create(entity_id, name, (wanted or ())[:CHUNK], by)
            present = set((wanted or ())[:CHUNK])
        else:
            entity = self._rename(books.entity, name, by)
            present = set(books.admins)
        if wanted is not None:
            self._change_admins(entity_id, present, wanted, by)
            present = set(wanted)
        return entity, tuple(sorted(present)), books is None

    def _create(self, entity_id: str, name: str, first: Sequence[str], by: str) -> Entity:
        link = self.links.fresh(entity_id)
        entity = Entity(id=entity_id, name=name, link=link, created_at=link.created_at)
        created = event(entity_id, EventKind.ENTITY_CREATED, by, detail=name)
        self.entities.create(entity, [_member(entity_id, email, by) for email in first], [
            created, *(_change(entity_id, EventKind.ADMIN_ADDED, email, by) for email in first)
        ])  # fmt: skip
        self.suppressing.joined(entity_id, first)
        return entity

    def _rename(self, entity: Entity, name: str, by: str) -> Entity:
        if entity.name == name:
            return entity
        self.entities.rename(entity.id, name, event(entity.id, EventKind.ENTITY_RENAMED, by, detail=name))
        return replace(entity, name=name)

    def _change_admins(self, entity_id: str, present: set[str], wanted: tuple[str, ...], by: str) -> None:
        """Adds first: an entity is never without an admin on the way."""
        for chunk in _chunks([email for email in wanted if email not in present]):
            self._add(entity_id, chunk, by)
        for chunk in _chunks(sorted(present - set(wanted))):
            self._remove(entity_id, chunk, by)

    def _add(self, entity_id: str, emails: Sequence[str], by: str) -> None:
        added = [_change(entity_id, EventKind.ADMIN_ADDED, email, by) for email in emails]
        self.members.add([_member(entity_id, email, by) for email in emails], added)
        self.suppressing.joined(entity_id, emails)

    def _remove(self, entity_id: str, emails: Sequence[str], by: str) -> None:
        removed = [_change(entity_id, EventKind.ADMIN_REMOVED, email, by) for email in emails]
        self.members.remove(entity_id, emails, removed)

    def add_admin(self, books: Books, typed: str, by: str) -> str:
        """One more admin.

        :raises InvalidField: if it is no address, one already, or one too many.
        """
        email = addresses.email(typed)
        if len(books.members) >= MOST_ADMINS:
            raise InvalidField("email", N_("An entity can have at most 40 admins."))
        try:
            self._add(books.entity.id, [email], by)
        except Conflict:
            raise InvalidField("email", N_("This person is an admin already.")) from None
        return email

    def remove_admin(self, entity_id: str, email: str, by: str) -> None:
        """One admin fewer.

        :raises LastAdmin: if it is the last.
        :raises NotFound: if it is none.
        """
        email = email.strip().lower()
        if not email or len(email) > addresses.LONGEST_ADDRESS:
            raise NotFound
        self._remove(entity_id, [email], by)

    def books(self, entity_id: str, email: str) -> Books:
        """Everything a console page shows, for one of the entity's admins.

        :raises NotFound: if there is no such entity, or the address is no admin of it: the two look the same.
        """
        books = self.entities.books(entity_id)
        if books is None or email not in books.admins:
            raise NotFound
        logs.bind(entity_id=books.entity.id)
        return replace(books, invitations=answered(books.invitations, books.connections))

    def history(self, entity_id: str, after: str, limit: int) -> tuple[Event, ...]:
        """Events, newest first."""
        return self.events.page(entity_id, after, limit)


def _admins(typed: Iterable[str]) -> tuple[str, ...]:
    emails = tuple(dict.fromkeys(addresses.email(email, "admins") for email in typed))
    if not emails:
        raise InvalidField("admins", N_("Name at least one admin, or leave the field out."))
    if len(emails) > MOST_ADMINS:
        raise InvalidField("admins", N_("An entity can have at most 40 admins."))
    return emails


def _member(entity_id: str, email: str, by: str) -> Member:
    return Member(entity_id=entity_id, email=email, added_at=keys.now(), added_by=by)


def _change(entity_id: str, kind: EventKind, email: str, by: str) -> Event:
    return event(entity_id, kind, by, detail=email)


def _chunks(emails: Sequence[str]) -> Iterable[Sequence[str]]:
    return (emails[start : start + CHUNK] for start in range(0, len(emails), CHUNK))
