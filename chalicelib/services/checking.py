"""Whether an app still knows us, asked once a week: what nobody reads must not break in silence either."""

from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Grant, Held, Reason
from chalicelib.errors import AppProblem, AppRefused
from chalicelib.providers.base import Call, Provider, Web
from chalicelib.services import timetable
from chalicelib.services.apps import Apps
from chalicelib.services.attending import Attending
from chalicelib.services.ports import Connections, Vault
from chalicelib.services.redeeming import identified
from chalicelib.services.refreshing import Refreshing
from chalicelib.services.scopes import missing

SECONDS = 8.0
MOST_REFUSALS = 3
"""On as many days in a row: one no may be the app's mistake."""
JUST_NOW = timedelta(minutes=1)
LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """One cheap call, the one by which the account was named when it was connected."""

    vault: Vault
    refreshing: Refreshing
    connections: Connections
    attending: Attending
    apps: Apps
    web: Web

    def check(self, held: Held) -> None:
        """Ask, and note what came of it.

        :raises NeedsAttention: if the grant turns out to be over.
        :raises AppWaits: if there is no token to ask with just now.
        """
        held, grant = self.refreshing.valid(held)
        try:
            known = self._known(held, grant)
            if not known and self._older(held):
                held, grant = self.refreshing.renewed(held)
                known = self._known(held, grant)
        except AppProblem:
            self.later(held)
            return
        if known:
            self._note(held, refusals=0)
            row = self.apps.providers[held.app]
            self.connections.limit(held.entity_id, held.app, held.id, missing(row, grant))
            return
        logs.event("check_refused", app=held.app, connection_id=held.id, refusals=held.refusals + 1)
        if held.refusals + 1 < MOST_REFUSALS or not self.attending.mark(held, Reason.DENIED):
            self._note(held, refusals=held.refusals + 1)

    def later(self, held: Held) -> None:
        """The app could not be asked. What else is due keeps its time."""
        now, row = keys.now(), self.apps.providers[held.app]
        self.vault.plan(held, timetable.due_at(row, held, now, check_after=now + LATER))

    def _known(self, held: Held, grant: Grant) -> bool:
        """Whether the app answers, for this account."""
        row = self.apps.providers[held.app]
        call = self.apps.call(row, self.web, words={**grant.extra, "account_id": held.account_id})
        try:
            with self.web.within(SECONDS):
                return _answers(row, call, grant, held)
        except AppRefused:
            return False

    def _older(self, held: Held) -> bool:
        """Whether a new token is worth a try: a no to one that we just got means what it says."""
        row = self.apps.providers[held.app]
        return timetable.renews(row) and keys.now() - held.refreshed_at > JUST_NOW

    def _note(self, held: Held, *, refusals: int) -> None:
        now, row = keys.now(), self.apps.providers[held.app]
        after = replace(held, checked_at=now, refusals=refusals)
        self.vault.note(held, now, refusals, timetable.due_at(row, after, now))


def _answers(row: Provider, call: Call, grant: Grant, held: Held) -> bool:
    if row.check:
        row.check(call, grant)
        return True
    return held.account_id in {account.id for account in identified(call, grant, {})}
