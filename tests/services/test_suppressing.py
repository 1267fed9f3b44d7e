"""Two who change an address at the same time: whoever ends last leaves the copies as the address's own row is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib import keys
from chalicelib.domain import Books, ConnectLink, Entity, Event, Member, Suppression
from chalicelib.services.suppressing import Suppressing
from tests.support.world import PAT, SAM

ENTITIES = ("acme", "other")


@dataclass
class Memory:
    """The address's row, and a copy in each entity. ``meanwhile`` happens once, while the first copy is written."""

    row: Suppression | None = None
    copies: dict[str, Suppression | None] = field(default_factory=lambda: dict.fromkeys(ENTITIES))
    meanwhile: Callable[[], object] | None = None

    def put(self, suppression: Suppression, sent_at: datetime) -> None:
        self.row = suppression

    def lift(self, email: str, at: datetime, event: Event) -> None:
        self.row = None

    def of(self, emails: Iterable[str]) -> dict[str, Suppression]:
        return {self.row.email: self.row} if self.row and self.row.email in list(emails) else {}

    def entity_ids_of(self, email: str) -> tuple[str, ...]:
        return ENTITIES

    def mark(self, entity_id: str, email: str, suppression: Suppression | None) -> None:
        self.copies[entity_id] = suppression
        other, self.meanwhile = self.meanwhile, None
        if other:
            other()


def books() -> Books:
    now = keys.now()
    link = ConnectLink(entity_id="acme", nonce=b"", key_id=1, generation=1, created_at=now)
    member = Member(entity_id="acme", email=SAM, added_at=now, added_by=PAT)
    return Books(entity=Entity(id="acme", name="Acme", link=link, created_at=now), members=(member,))


def test_lifted_while_it_is_suppressed() -> None:
    """Threat 40."""
    memory = Memory()
    suppressing = Suppressing(suppressions=memory, members=memory)  # type: ignore[arg-type]
    memory.meanwhile = lambda: suppressing.lift(books(), SAM, PAT)
    suppressing.suppress(SAM, complained=False, sent_at=keys.now())
    assert memory.row is None
    assert memory.copies == dict.fromkeys(ENTITIES)


def test_suppressed_while_it_is_lifted() -> None:
    """Threat 40."""
    memory = Memory()
    suppressing = Suppressing(suppressions=memory, members=memory)  # type: ignore[arg-type]
    suppressing.suppress(SAM, complained=False, sent_at=keys.now())
    memory.meanwhile = lambda: suppressing.suppress(SAM, complained=True, sent_at=keys.now())
    suppressing.lift(books(), SAM, PAT)
    assert memory.row is not None
    assert memory.copies == dict.fromkeys(ENTITIES, memory.row)
