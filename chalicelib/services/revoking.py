"""Giving a grant back to the app, once its connection has ended. By a function of its own: it reads and empties the vault.

Two messages. The first names a grant that is to end: it is put, sealed as it is, into the second, and destroyed in the
vault. The second is tried until the app has been told, or for a day. So the vault is empty whatever the app does, and a
process that dies anywhere in between has at most done something twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import keys, logs
from chalicelib.domain import Account, EventKind, Grant, GrantStatus, Outcome, Revocation, SealedGrant
from chalicelib.errors import AppDown, AppProblem, AppRefused, GrantDead, Unavailable
from chalicelib.providers import renewing
from chalicelib.providers.base import Call, Web
from chalicelib.services.apps import Apps
from chalicelib.services.attending import OURSELVES
from chalicelib.services.ending_ports import Accounts, Revocations
from chalicelib.services.erasing_ports import Erasures
from chalicelib.services.events import event
from chalicelib.services.ports import Events, Sealer, Vault

SECONDS = 12.0
"""For all that is asked of the app in one try."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
"""SQS keeps a message back for no longer."""
GIVE_UP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoking:
    """Handed a message, perhaps twice."""

    vault: Vault
    accounts: Accounts
    events: Events
    erasures: Erasures
    revocations: Revocations
    sealer: Sealer
    apps: Apps
    web: Web

    def take(self, found: Revocation) -> None:
        """Do what the message is for.

        :raises Unavailable: if it is to come again.
        """
        if found.sealed:
            self._tell(found)
        else:
            self._empty(found)

    def _empty(self, found: Revocation) -> None:
        """The grant out of the vault, into a message. Connected again meanwhile, it is another and stays."""
        held = self.vault.get(found.entity_id, found.id)
        if held is None or held.status is not GrantStatus.REVOKING:
            return
        if held.lease_until and held.lease_until > keys.now():
            # Somebody is renewing it, and what they get is what has to be revoked.
            self.revocations.send(found, held.lease_until - keys.now())
            return
        if found.tell and self.apps.providers[found.app].revoke is not None:
            self.revocations.send(replace(found, sealed=held.sealed.ciphertext))
        if not self.vault.destroy(held):
            self.revocations.send(found)
            return
        logs.event("grant_destroyed", app=found.app, connection_id=found.id)

    def _tell(self, found: Revocation) -> None:
        """Ask the app to end it, unless a living connection would end with it.

        Square, Stripe and Shopify know no other revocation than of all that the account ever granted us.
        """
        if any(living for _, _, living in self.accounts.of(found.app, found.account_id)):
            self._end(found, Outcome.STANDING)
            return
        try:
            with self.web.within(SECONDS):
                self._ask(found)
        except (AppRefused, GrantDead):
            self._end(found, Outcome.DECLINED)
        except _Later as later:
            self._later(later.revocation, later.problem)
        except (AppProblem, Unavailable) as problem:
            self._later(found, problem)
        else:
            self._end(found, Outcome.REVOKED)

    def _ask(self, found: Revocation) -> None:
        grant = self.sealer.open(SealedGrant(ciphertext=found.sealed), found)
        call = self.apps.call(self.apps.providers[found.app], self.web, words=grant.extra)
        try:
            _revoke(call, grant, found)
        except AppRefused:
            if not _over(grant, keys.now()) or not renewing.renewable(call, grant):
                raise
            # Some apps want a token that is still good. What the last one was good for, the next one is too.
            self._ask_renewed(call, grant, found)

    def _ask_renewed(self, call: Call, grant: Grant, found: Revocation) -> None:
        """With a new token, which is kept for the next try: the old one may be worth nothing now."""
        seal = self.sealer.prepared(found)
        try:
            grant = renewing.renewed(call, grant, keys.now())
        except GrantDead:
            raise
        except AppRefused as problem:
            raise _Later(found, problem) from None
        try:
            _revoke(call, grant, found)
        except AppRefused:
            raise
        except AppProblem as problem:
            raise _Later(replace(found, sealed=seal(grant).ciphertext), problem) from None

    def _end(self, found: Revocation, outcome: Outcome, *, given_up: int = 0) -> None:
        """First whoever waits for it, then the log: a process that dies in between says it twice."""
        if found.erasure:
            self.erasures.tell(found.erasure, found.id, outcome, keys.now())
        _say(found, outcome.value.replace("_", " "), given_up=given_up)

    def _later(self, found: Revocation, problem: AppProblem | Unavailable) -> None:
        """Again after a pause; after a day it is for a person to do."""
        if keys.now() - found.since >= GIVE_UP:
            lost = event(found.entity_id, EventKind.REVOCATION_FAILED, OURSELVES, app=found.app)
            self.events.add(replace(lost, connection_id=found.id, account_id=found.account_id))
            self._end(found, Outcome.GIVEN_UP, given_up=1)
            return
        pause = min(FIRST_PAUSE * 2 ** min(found.tries, 10), LONGEST_PAUSE)
        if isinstance(problem, AppDown) and problem.retry_after:
            pause = min(max(pause, timedelta(seconds=problem.retry_after)), LONGEST_PAUSE)
        self.revocations.send(replace(found, tries=found.tries + 1), pause)
        _say(found, "later", cause=getattr(problem, "cause", "unavailable"))


class _Later(Exception):
    """To be tried again, with this."""

    def __init__(self, revocation: Revocation, problem: AppProblem) -> None:
        super().__init__()
        self.revocation = revocation
        self.problem = problem


def _revoke(call: Call, grant: Grant, found: Revocation) -> None:
    if call.provider.revoke:
        call.provider.revoke(call, grant, Account(id=found.account_id, name=""))


def _over(grant: Grant, now: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= now


def _say(found: Revocation, outcome: str, *, cause: str = "", given_up: int = 0) -> None:
    counted = {"revocations_given_up": given_up} if given_up else {}
    logs.event(
        "revocation", app=found.app, connection_id=found.id, outcome=outcome, cause=cause, tries=found.tries, **counted
    )
