"""An erasure, carried on by the clock until nothing is left: in steps that may end anywhere and are begun again.

It is over when, after a time longer than any function runs, nothing has come to light and every place is empty.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import keys, logs
from chalicelib.domain import Erasure, LetterKind, LetterState, OutboxItem, Outcome, Revocation, Step
from chalicelib.services.apps import Apps
from chalicelib.services.ending_ports import Revocations
from chalicelib.services.erasing import end
from chalicelib.services.erasing_ports import Erasures, Remains
from chalicelib.services.inviting import STREAM_HEAD_START

NEXT = timedelta(minutes=1)
QUIET = timedelta(minutes=10)
"""Whatever had begun before the entity was gone has ended: no function runs for longer."""
GIVE_UP = timedelta(hours=26)
"""Two more than an app is told for (services/revoking.py): a message that was lost must not keep an erasure open."""
LATE = GIVE_UP + timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removing:
    """Everything here may happen twice, and beside itself."""

    erasures: Erasures
    remains: Remains
    revocations: Revocations
    apps: Apps

    def due(self) -> Sequence[Erasure]:
        """Those that are not over, whose turn it is."""
        found = (self.erasures.get(erasure_id) for erasure_id in self.erasures.due(keys.now()))
        return [erasure for erasure in found if erasure is not None]

    def go_on(self, erasure: Erasure, more: Callable[[], bool]) -> None:
        """As far as it goes while there is ``more`` time."""
        held, removed = self._grants(erasure), 0
        while found := self.remains.rows(erasure, lambda email: _last_letter(erasure, email)):
            removed += found
            if not more():
                break
        attempts = self.remains.attempts(erasure)
        now = keys.now()
        self._give_up(erasure, now)
        erasure = self.erasures.get(erasure.id) or erasure
        reached = {Step.CLOSED: True, Step.GRANTS: not held, Step.ROWS: not found and not attempts}
        reached[Step.APPS] = not held and not erasure.pending
        steps = {step: erasure.steps.get(step, now) for step, there in reached.items() if there}
        found_at = now if held or removed or attempts else erasure.found_at
        if all(reached.values()) and now - found_at >= QUIET:
            left = self.remains.left(erasure)
            if not any(left.values()):
                self.erasures.end(erasure, {**steps, Step.CHECKED: now}, left, now)
                logs.event("erased", erasure=erasure.id, **{f"was_{name}": n for name, n in erasure.counts.items()})
                return
            found_at = now
        self.erasures.note(erasure, steps, found_at, now + NEXT)

    def _grants(self, erasure: Erasure) -> int:
        """Sent for as long as the vault has them: a message that was lost is sent again."""
        held = self.remains.grants(erasure.entity_id)
        for connection_id, app, account_id in held:
            end(self.remains, self.apps, erasure, (connection_id, app, account_id))
            self.revocations.send(
                Revocation(
                    entity_id=erasure.entity_id, id=connection_id, app=app, account_id=account_id,
                    since=erasure.requested_at, erasure=erasure.id,
                )
            )  # fmt: skip
        return len(held)

    def _give_up(self, erasure: Erasure, now: datetime) -> None:
        if now - erasure.requested_at >= GIVE_UP:
            for one in erasure.pending:
                self.erasures.tell(erasure.id, one.connection_id, Outcome.GIVEN_UP, now)


def lateness(erasure: Erasure) -> int:
    """Seconds since it began, if it should be over by now. Only apps may take a day."""
    age = keys.now() - erasure.requested_at
    waits_for_apps = {Step.GRANTS, Step.ROWS} <= erasure.steps.keys() and age < LATE
    return 0 if waits_for_apps else int(age.total_seconds())


def _last_letter(erasure: Erasure, email: str) -> OutboxItem:
    """In the address's own partition, like a sign-in letter: it belongs to no entity, and is forgotten once it is over."""
    now = keys.now()
    return OutboxItem(
        id=keys.name_of("erased", erasure.id, email),
        kind=LetterKind.ERASED,
        to=email,
        state=LetterState.QUEUED,
        subject_id=erasure.id,
        created_at=now,
        due_at=now + STREAM_HEAD_START,
    )
