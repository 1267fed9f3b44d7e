"""What follows from the stream and the sweep: letters for events, and letters that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chalicelib import keys
from chalicelib.domain import ALERTING, Books, Event, LetterKind, LetterState, OutboxItem
from chalicelib.services.letters import Letters
from chalicelib.services.mending_letters import KINDS, MendingLetters
from chalicelib.services.ports import Entities, Events, Outbox
from chalicelib.services.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Everything here may happen twice, and then does nothing the second time."""

    entities: Entities
    letters: Letters
    mending: MendingLetters
    events: Events
    outbox: Outbox
    posting: Posting

    def on_event(self, event: Event) -> None:
        """One letter to each admin that the entity has now and that may be written to, then the event is settled."""
        if event.kind not in ALERTING:
            return
        books = self.entities.with_members(event.entity_id)
        if books is not None and event.kind in KINDS:
            self._mend(event, books)
        elif books is not None:
            for email in _admins(books):
                self.posting.put_and_send(_item(event, email), partial(self.letters.alert_of, books.entity, event))
        self.events.settled(event)

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
        """What the stream did not finish: events without all their letters, letters without an end."""
        return list(self.outbox.due(keys.now()))

    def finish(self, found: Event | OutboxItem) -> None:
        """Finish one of them."""
        if isinstance(found, Event):
            self.on_event(found)
        else:
            self.posting.send(found)


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
