"""Letters to be sent, as storage/outbox.py has them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benchmarks.soak.memory.kept import Kept
from chalicelib.domain import Event, LetterState, OutboxItem

STREAM_LATE = timedelta(minutes=2)
"""An event is the stream's first."""


@dataclass(frozen=True, slots=True)
class Outbox:
    kept: Kept

    def put(self, item: OutboxItem) -> bool:
        with self.kept.lock:
            if (item.entity_id, item.id) in self.kept.letters:
                return False
            self.kept.letters[item.entity_id, item.id] = item
            return True

    def claim(self, item: OutboxItem, lease_until: datetime) -> bool:
        with self.kept.lock:
            found = self.kept.letters.get((item.entity_id, item.id))
            if found is None or (found.state, found.tries) != (item.state, item.tries):
                return False
            self.kept.letters[item.entity_id, item.id] = replace(
                found, state=LetterState.SENDING, tries=item.tries + 1, sends=item.sends + 1, due_at=lease_until
            )
            return True

    def record(self, item: OutboxItem, message_id: str = "") -> None:  # noqa: ARG002 - SES says nothing here
        with self.kept.lock:
            found = self.kept.letters.get((item.entity_id, item.id))
            if found is None or (found.state, found.tries) != (LetterState.SENDING, item.tries):
                return
            self.kept.letters[item.entity_id, item.id] = replace(
                found, state=item.state, sends=item.sends, due_at=item.due_at
            )

    def due(self, now: datetime) -> Iterator[Event | OutboxItem]:
        with self.kept.lock:
            late = [event for event in self.kept.waiting.values() if event.at + STREAM_LATE <= now]
            open_still = [item for item in self.kept.letters.values() if item.due_at and item.due_at <= now]
        yield from late
        yield from open_still
