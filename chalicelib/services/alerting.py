"""What follows from the stream and the sweep: letters for events, and letters that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chalicelib import keys
from chalicelib.domain import ALERTING, Event, LetterKind, LetterState, OutboxItem
from chalicelib.services.letters import Letters
from chalicelib.services.ports import Entities, Events, Outbox
from chalicelib.services.posting import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Everything here may happen twice, and then does nothing the second time."""

    entities: Entities
    letters: Letters
    events: Events
    outbox: Outbox
    posting: Posting

    def on_event(self, event: Event) -> None:
        """One letter to each admin that the entity has now and that may be written to, then the event is settled."""
        if event.kind not in ALERTING:
            return
        books = self.entities.with_members(event.entity_id)
        if books is not None:
            for email in sorted(member.email for member in books.members if member.suppression is None):
                self.posting.put_and_send(_alert(event, email), partial(self.letters.alert_of, books.entity, event))
        self.events.settled(event)

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


def _alert(event: Event, email: str) -> OutboxItem:
    return OutboxItem(
        id=keys.name_of(event.id, email),
        kind=LetterKind.ALERT,
        to=email,
        state=LetterState.QUEUED,
        entity_id=event.entity_id,
        subject_id=event.id,
        created_at=keys.now(),
    )
