"""Renewing grants: one at a time for each, kept before it is used, and never another's overwritten.

Threats 29 to 31 of docs/security.md. Whoever renews holds a lease on the version of the grant that they read. Whoever
finds a lease waits for it to end. What the app gave is kept under two conditions: the version is still that one, and
the lease still ours. So a reconnect, which writes a new version, always wins; and who comes late changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Grant, GrantStatus, Held, Reason, SealedGrant, Trouble
from chalicelib.errors import AppProblem, AppRejectedUs, AppWaits, GrantDead, NotFound, Unavailable
from chalicelib.providers import renewing
from chalicelib.providers.base import Provider, Web
from chalicelib.services import backing_off, timetable
from chalicelib.services.apps import Apps
from chalicelib.services.attending import Attending, refuse
from chalicelib.services.breaking import Breaking, seconds_until
from chalicelib.services.ports import Sealer, Vault
from chalicelib.services.waiting import Patience

LEASE = timedelta(seconds=30)
LATEST = timedelta(seconds=12)
"""So long after taking the lease the app may still be asked: its answer and our writing it down must fit as well."""
SECONDS = 8.0
"""For the app's answer."""
SOON = 2

type Opened = tuple[Held, Grant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshing:
    """Hands out grants that are valid now."""

    vault: Vault
    sealer: Sealer
    attending: Attending
    breaking: Breaking
    apps: Apps
    web: Web

    def valid(self, held: Held) -> Opened:
        """The grant, renewed first if it has to be.

        :raises NeedsAttention: if it is of no use any more.
        :raises AppWaits: if the old one has ended, and the app gives no new one just now.
        :raises Unavailable: if DynamoDB or KMS does not answer.
        """
        row, now = self.apps.providers[held.app], keys.now()
        if held.status is GrantStatus.NEEDS_ATTENTION:
            refuse(held.reason)
        if not timetable.stale(row, held, now):
            return held, self.sealer.open(held.sealed, held)
        if _leased(held) and timetable.usable(held, now):
            return held, self.sealer.open(held.sealed, held)
        try:
            return self.renewed(held)
        except (AppWaits, Unavailable):
            if not timetable.usable(held, keys.now()):
                raise
            return held, self.sealer.open(held.sealed, held)

    def renewed(self, held: Held) -> Opened:
        """A newer grant than this one: renewed by us, or by whoever did it meanwhile.

        :raises NeedsAttention: if there is none to be had any more.
        :raises AppWaits: if there is none just now.
        """
        owner, patience, found = keys.random_secret(), Patience(), held
        while found.version == held.version:
            if found.status is GrantStatus.NEEDS_ATTENTION:
                refuse(found.reason)
            self._check(found)
            now = keys.now()
            if not _leased(found) and (leased := self.vault.lease(found, owner, now, now + LEASE)):
                return self._renew(leased, owner)
            if not patience.wait():
                raise AppWaits(SOON)
            found = self._again(found)
        return found, self.sealer.open(found.sealed, found)

    def _again(self, held: Held) -> Held:
        found = self.vault.get(held.entity_id, held.id)
        if found is None or found.status is GrantStatus.REVOKING:
            raise NotFound
        return found

    def _check(self, held: Held) -> None:
        """:raises AppWaits: if the app is to be left alone, for this connection or for all."""
        retry_at = held.trouble.retry_at
        if retry_at and retry_at > keys.now():
            raise AppWaits(seconds_until(retry_at))
        self.breaking.check(held.app)

    def _renew(self, leased: Held, owner: str) -> Opened:
        """All that may fail on our side comes before the app is asked: afterwards the old grant may be worth nothing."""
        row, began = self.apps.providers[leased.app], keys.now()
        try:
            grant = self.sealer.open(leased.sealed, leased)
            seal = self.sealer.prepared(leased)
        except Unavailable:
            self._let_go(leased, owner)
            raise
        if keys.now() - began > LATEST:
            self._let_go(leased, owner)
            raise Unavailable
        call = self.apps.call(row, self.web, words=grant.extra)
        if not renewing.renewable(call, grant):
            return self._ended(leased, owner, grant)
        try:
            with self.web.within(SECONDS):
                new = renewing.renewed(call, grant, keys.now())
        except GrantDead:
            return self._over(leased, owner, Reason.REVOKED)
        except AppProblem as problem:
            return self._failed(leased, owner, problem)
        return self._keep(row, leased, owner, new, seal)

    def _keep(
        self, row: Provider, leased: Held, owner: str, new: Grant, seal: Callable[[Grant], SealedGrant]
    ) -> Opened:
        """Written before it is used. A grant that a reconnect wrote meanwhile, or the next holder, is the one."""
        now, sealed = keys.now(), seal(new)
        after = replace(leased, sealed=sealed, refreshed_at=now, trouble=Trouble())
        sealed = replace(sealed, due_at=timetable.due_at(row, after, now))
        kept = self._saved(leased, owner, sealed)
        self.breaking.worked(leased.app)
        if kept is None:
            return self._anothers(leased)
        if kept.status is GrantStatus.REVOKING:
            raise NotFound  # ended meanwhile; what we got is revoked with it
        logs.event("refreshed", app=leased.app, connection_id=leased.id, refreshed=1)
        return kept, new

    def _saved(self, leased: Held, owner: str, sealed: SealedGrant) -> Held | None:
        """Tried for as long as it makes sense: what the app gave is in this process only, and the old may be over."""
        patience = Patience(seconds=LEASE.total_seconds() - LATEST.total_seconds(), first=0.2)
        while True:
            try:
                return self.vault.save(leased, owner, sealed, keys.now())
            except Unavailable:
                if not patience.wait():
                    logs.event("refresh_lost", app=leased.app, connection_id=leased.id, refresh_lost=1)
                    raise

    def _ended(self, leased: Held, owner: str, grant: Grant) -> Opened:
        if timetable.usable(leased, keys.now()):
            self._let_go(leased, owner)
            return leased, grant
        return self._over(leased, owner, Reason.ENDED)

    def _over(self, leased: Held, owner: str, reason: Reason) -> Opened:
        if self.attending.mark(leased, reason, owner):
            refuse(reason)
        return self._anothers(leased)

    def _anothers(self, leased: Held) -> Opened:
        """Whoever came in between decides: a reconnect, or the next holder of the lease, who may be at it still."""
        found = self._again(leased)
        if found.status is GrantStatus.NEEDS_ATTENTION:
            refuse(found.reason)
        if found.version == leased.version:
            raise AppWaits(SOON)
        return found, self.sealer.open(found.sealed, found)

    def _failed(self, leased: Held, owner: str, problem: AppProblem) -> Opened:
        now = keys.now()
        trouble = backing_off.worse(leased.trouble, problem, now)
        rejected = {"client_rejected": 1} if isinstance(problem, AppRejectedUs) else {}
        logs.event(
            "refresh_failed", app=leased.app, connection_id=leased.id, cause=problem.cause, code=problem.code or problem.why,
            failures=trouble.failures, refresh_failed=1, **rejected,
        )  # fmt: skip
        self.breaking.failed(leased.app, leased.id)
        if backing_off.final(trouble, now):
            return self._over(leased, owner, Reason.DENIED)
        row = self.apps.providers[leased.app]
        self.vault.fail(leased, owner, trouble, timetable.due_at(row, replace(leased, trouble=trouble), now))
        raise AppWaits(seconds_until(trouble.retry_at or now))

    def _let_go(self, leased: Held, owner: str) -> None:
        """A lease that is not given back passes by itself."""
        try:
            self.vault.release(leased, owner)
        except Unavailable:
            return


def _leased(held: Held) -> bool:
    return held.lease_until is not None and held.lease_until > keys.now()
