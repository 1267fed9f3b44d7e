"""What follows from the stream and the sweep: letters for events, and letters that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chalicelib import keys
from chalicelib.domain import ALERTING, Books, Event, EventKind, LetterKind, LetterState, OutboxItem, Revocation
from chalicelib.services.disconnecting import THE_APP
from chalicelib.services.ending_letters import EndingLetters, receipted
from chalicelib.services.ending_ports import Revocations
from chalicelib.services.letters import Letters
from chalicelib.services.mending_letters import KINDS, MendingLetters
from chalicelib.services.ports import Entities, Outbox
from chalicelib.services.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Everything here may happen twice, and then does nothing the second time."""

    entities: Entities
    letters: Letters
    mending: MendingLetters
    ending: EndingLetters
    outbox: Outbox
    posting: Posting
    revocations: Revocations

    def on_event(self, event: Event) -> None:
        """One letter to each admin that the entity has now and that may be written to."""
        if event.kind not in ALERTING:
            return
        if event.kind is EventKind.DISCONNECTED:
            self.revocations.send(_revocation(event))
        books = self.entities.with_members(event.entity_id)
        if books is not None and event.kind in KINDS:
            self._mend(event, books)
        elif books is not None and event.kind is EventKind.DISCONNECTED:
            write = partial(self.ending.disconnected_of, books.entity, event)
            for email in _admins(books):
                self.posting.put_and_send(_item(event, email, LetterKind.DISCONNECTED), write)
        elif books is not None:
            for email in _admins(books):
                self.posting.put_and_send(_item(event, email), partial(self.letters.alert_of, books.entity, event))
            self._receipt(event, books)

    def _receipt(self, event: Event, books: Books) -> None:
        """The owner's own, if an invitation of ours knew the address; an admin has a letter and the console."""
        connection = receipted(books, event)
        if connection is None or connection.invited in books.admins:
            return
        item = _item(event, connection.invited, LetterKind.RECEIPT)
        self.posting.put_and_send(item, partial(self.ending.receipt_of, books, event))

    def _mend(self, event: Event, books: Books) -> None:
        """One letter to each admin, and one to the owner who connected it, if we know them."""
        about = self.mending.about(books.entity, event)
        if about is None:
            return
        kind, owner = KINDS[event.kind], about.connection.invited
        for email in _admins(books):
            self.posting.put_and_send(_item(event, email, kind), partial(self.mending.to_admin, about))
        if owner and owner not in books.admins:
            self.posting.put_and_send(_item(event, owner, kind), partial(self.mending.to_owner, about))

    def on_letter(self, item: OutboxItem) -> None:
        """A letter that was just put into the outbox to be sent."""
        if item.state is LetterState.QUEUED:
            self.posting.send(item)

    def due(self) -> Sequence[Event | OutboxItem]:
        """What the stream did not finish: events without all their letters or that did not leave, letters without an end."""
        return list(self.outbox.due(keys.now()))

    def finish(self, found: Event | OutboxItem) -> None:
        """The letters of one of them."""
        if isinstance(found, Event):
            self.on_event(found)
        else:
            self.posting.send(found)


def _revocation(event: Event) -> Revocation:
    """What is left to do of a connection that has ended. The event stays due until it is sent."""
    return Revocation(
        entity_id=event.entity_id,
        id=event.connection_id,
        app=event.app,
        account_id=event.account_id,
        since=event.at,
        tell=event.actor != THE_APP,
    )


def _admins(books: Books) -> list[str]:
    """Those who may be written to."""
    return sorted(member.email for member in books.members if member.suppression is None)


def _item(event: Event, email: str, kind: LetterKind = LetterKind.ALERT) -> OutboxItem:
    return OutboxItem(
        id=keys.name_of(event.id, email),
        kind=kind,
        to=email,
        state=LetterState.QUEUED,
        entity_id=event.entity_id,
        subject_id=event.id,
        created_at=keys.now(),
    )
