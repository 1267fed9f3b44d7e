"""What is done for grants that nobody asks for: kept alive, checked, and their owners reminded in time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import DueGrant, EventKind, GrantStatus, Held, Reason
from chalicelib.errors import AppWaits, NeedsAttention, NotFound, Unavailable
from chalicelib.providers.base import Provider
from chalicelib.services import timetable
from chalicelib.services.apps import Apps
from chalicelib.services.attending import OURSELVES, Attending
from chalicelib.services.breaking import Breaking
from chalicelib.services.checking import Checking
from chalicelib.services.events import event
from chalicelib.services.ports import Attention, Vault
from chalicelib.services.refreshing import Refreshing

CRASHED = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Everything here may happen twice, and then does nothing the second time."""

    vault: Vault
    refreshing: Refreshing
    checking: Checking
    attending: Attending
    attention: Attention
    breaking: Breaking
    apps: Apps

    def due(self) -> list[DueGrant]:
        """What is due, in an order that is fair; but for apps that are left alone just now."""
        return fair(self.vault.due(keys.now(), self.breaking.troubled().keys()))

    def keep(self, due: DueGrant) -> bool:
        """Do what is due for one of them. Returns whether it is as it should be afterwards.

        :raises Unavailable: if DynamoDB or KMS does not answer; it stays due.
        """
        held = self._found(due)
        if held is None:
            return True
        row, now = self.apps.providers[held.app], keys.now()
        if (days := timetable.reminder(row, held, now)) is not None:
            self._remind(row, held, days)
            held = replace(held, reminded=days)
        try:
            return self._asked(row, held)
        except NeedsAttention:
            return False
        except NotFound:
            return True  # somebody ended it just now
        except AppWaits:
            self.checking.later(self._found(due) or held)
            return False

    def _asked(self, row: Provider, held: Held) -> bool:
        """What the app has to be asked for. Whatever comes of it also says when the next thing is due."""
        now = keys.now()
        alive = timetable.keep_alive_at(row, held)
        if alive and alive <= now:
            if timetable.renews(row):
                self.refreshing.renewed(held)
                return True
            return not self.attending.mark(held, Reason.ENDED)
        if timetable.check_at(held) <= now:
            self.checking.check(held)
            return True
        self.vault.plan(held, timetable.due_at(row, held, now))
        return True

    def crashed(self, due: DueGrant) -> None:
        """One that breaks must not stand in front of the others."""
        try:
            if held := self._found(due):
                self.vault.plan(held, keys.now() + CRASHED)
        except Unavailable:
            return  # it stays due

    def _found(self, due: DueGrant) -> Held | None:
        held = self.vault.get(due.entity_id, due.id)
        return held if held and held.status is GrantStatus.ACTIVE else None

    def _remind(self, row: Provider, held: Held, days: int) -> None:
        """One event, so one letter to each, for each of the days."""
        told = event(held.entity_id, EventKind.CONSENT_ENDING, OURSELVES, app=held.app, detail=str(days))
        told = replace(told, connection_id=held.id, account_id=held.account_id)
        after = replace(held, reminded=days)
        due_at = timetable.due_at(row, after, keys.now())
        self.attention.remind(replace(after, sealed=replace(held.sealed, due_at=due_at)), told)


def fair(due: Iterable[DueGrant]) -> list[DueGrant]:
    """In turn: an app after the other, and within an app an entity after the other; each with what waits longest."""
    of_entity: Counter[tuple[str, str]] = Counter()
    of_app: Counter[str] = Counter()
    turns: list[tuple[int, DueGrant]] = []
    for found in sorted(due, key=lambda found: found.due_at):
        turns.append((of_entity[found.app, found.entity_id], found))
        of_entity[found.app, found.entity_id] += 1
    rounds: list[tuple[int, int, DueGrant]] = []
    for place, (_, found) in enumerate(sorted(turns, key=lambda turn: turn[0])):
        rounds.append((of_app[found.app], place, found))
        of_app[found.app] += 1
    return [found for _, _, found in sorted(rounds, key=lambda turn: turn[:2])]
