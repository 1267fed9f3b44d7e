"""Sealed grants and what happens because of them, as storage/vault.py, attention.py and breakers.py have it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from benchmarks.soak.memory.kept import BREAKER_KEPT, BreakerRow, Due, GrantRow, Kept
from chalicelib.domain import DueGrant, Event, GrantStatus, Held, Reason, SealedGrant, Trouble
from chalicelib.storage.rows import due_number
from chalicelib.storage.vault import PER_SHARD
from chalicelib.storage.vault_rows import SHARDS

type Holds = Callable[[GrantRow], bool]
type Change = Callable[[GrantRow], Held]


@dataclass(frozen=True, slots=True)
class Vault:
    kept: Kept

    def get(self, entity_id: str, connection_id: str) -> Held | None:
        row = self.kept.grants.get((entity_id, connection_id))
        return row.held if row else None

    def lease(self, found: Held, owner: str, now: datetime, until: datetime) -> Held | None:
        def free(row: GrantRow) -> bool:
            lease = row.held.lease_until
            return active(row, found) and (lease is None or lease <= now or row.lease_owner == owner)

        return self._change(found, free, lambda row: replace(row.held, lease_until=until), owner=owner)

    def save(self, found: Held, owner: str, sealed: SealedGrant, now: datetime) -> Held | None:
        def change(row: GrantRow) -> Held:
            self.kept.plan(row, sealed.due_at)
            return replace(
                row.held,
                sealed=replace(sealed, due_at=None),
                version=owner,
                refreshed_at=now,
                trouble=Trouble(),
                lease_until=None,
            )

        return self._change(found, lambda row: mine(row, found, owner) or row.held.version == owner, change)

    def fail(self, found: Held, owner: str, trouble: Trouble, due_at: datetime | None) -> None:
        def change(row: GrantRow) -> Held:
            self.kept.plan(row, due_at)
            return replace(row.held, trouble=trouble, lease_until=None)

        self._change(found, lambda row: mine(row, found, owner) and active(row, found), change)

    def release(self, found: Held, owner: str) -> None:
        self._change(found, lambda row: mine(row, found, owner), lambda row: replace(row.held, lease_until=None))

    def note(self, found: Held, checked_at: datetime, refusals: int, due_at: datetime | None) -> None:
        self._plan(found, due_at, checked_at=checked_at, refusals=refusals)

    def plan(self, found: Held, due_at: datetime | None) -> None:
        self._plan(found, due_at)

    def destroy(self, found: Held) -> bool:
        with self.kept.lock:
            row = self.kept.grants.get((found.entity_id, found.id))
            if row is None or row.held.version != found.version or row.held.status is not GrantStatus.REVOKING:
                return False
            self.kept.plan(row, None)
            del self.kept.grants[found.entity_id, found.id]
            return True

    def due(self, now: datetime, without: Collection[str] = ()) -> Iterator[DueGrant]:
        latest = due_number(now)
        for shard in SHARDS:
            with self.kept.lock:
                found = list(_first(self.kept, self.kept.due.get(shard, Due()), latest, without))
            yield from found

    def _plan(self, found: Held, due_at: datetime | None, **changes: object) -> None:
        def change(row: GrantRow) -> Held:
            self.kept.plan(row, due_at)
            return replace(row.held, **changes)  # type: ignore[arg-type]

        self._change(found, lambda row: active(row, found), change)

    def _change(self, found: Held, holds: Holds, change: Change, *, owner: str = "") -> Held | None:
        with self.kept.lock:
            row = self.kept.grants.get((found.entity_id, found.id))
            if row is None or not holds(row):
                return None
            row.held = change(row)
            if row.held.lease_until is None:
                row.lease_owner = ""
            row.lease_owner = owner or row.lease_owner
            return row.held


@dataclass(frozen=True, slots=True)
class Attention:
    kept: Kept

    def mark(self, found: Held, owner: str, reason: Reason, event: Event) -> bool:
        with self.kept.lock:
            row = self.kept.grants.get((found.entity_id, found.id))
            connection = self.kept.connections.get((found.entity_id, found.id))
            if row is None or connection is None or not active(row, found) or (owner and row.lease_owner != owner):
                return False
            needs = GrantStatus.NEEDS_ATTENTION
            row.held, row.lease_owner = replace(row.held, status=needs, reason=reason, lease_until=None), ""
            self.kept.plan(row, None)
            self.kept.connections[found.entity_id, found.id] = replace(connection, status=needs.value)
            self.kept.tell(event, alerting=True)
            return True

    def remind(self, found: Held, event: Event) -> bool:
        with self.kept.lock:
            row = self.kept.grants.get((found.entity_id, found.id))
            if row is None or not active(row, found) or 0 < row.held.reminded <= found.reminded:
                return False
            row.held = replace(row.held, reminded=found.reminded)
            self.kept.plan(row, found.sealed.due_at)
            self.kept.tell(event, alerting=True)
            return True

    def reading(self, name: str, event: Event, until: datetime) -> bool:  # noqa: ARG002 - nobody deletes here
        with self.kept.lock:
            if name in self.kept.readings:
                return False
            self.kept.readings.add(name)
            self.kept.tell(event, alerting=False)
            return True


@dataclass(frozen=True, slots=True)
class Breakers:
    kept: Kept

    def of(self, apps: Iterable[str], now: datetime) -> Mapping[str, tuple[datetime | None, int]]:
        rows = {app: self.kept.breakers[app] for app in apps if app in self.kept.breakers}
        return {
            app: (row.open_until, row.opened) for app, row in rows.items() if row.expires_at and row.expires_at > now
        }

    def failed(self, app: str, connection_id: str, now: datetime, window: timedelta) -> int:
        with self.kept.lock:
            row = self.kept.breakers.setdefault(app, BreakerRow())
            if row.window_until is None or row.window_until <= now:
                row.failing, row.window_until = set(), now + window
            row.failing.add(connection_id)
            row.expires_at = now + BREAKER_KEPT
            return len(row.failing)

    def open(self, app: str, now: datetime, until: datetime) -> bool:
        with self.kept.lock:
            row = self.kept.breakers.setdefault(app, BreakerRow())
            if row.open_until is not None and row.open_until > now:
                return False
            row.open_until, row.window_until, row.failing = until, None, set()
            row.opened += 1
            return True

    def close(self, app: str) -> None:
        self.kept.breakers.pop(app, None)


def active(row: GrantRow, found: Held) -> bool:
    """Whether it is the grant that was read, and of use."""
    return row.held.version == found.version and row.held.status is GrantStatus.ACTIVE


def mine(row: GrantRow, found: Held, owner: str) -> bool:
    """Whether it is the grant that was read, and the lease ours."""
    return row.held.version == found.version and row.lease_owner == owner


def _first(kept: Kept, due: Due, latest: int, without: Collection[str]) -> Iterator[DueGrant]:
    """What waits longest."""
    left = PER_SHARD
    for at in sorted(at for at in due.of if at <= latest):
        for key in sorted(due.of[at]):
            held = kept.grants[key].held
            if left and held.status is GrantStatus.ACTIVE and held.app not in without:
                left -= 1
                yield DueGrant(app=held.app, entity_id=key[0], id=key[1], due_at=datetime.fromtimestamp(at, UTC))
