"""Visits that begin at an app: our app was installed or opened there, and nobody said for which entity.

What can be verified is. Then whoever holds a connect link, or a signed-in admin, claims it: never the browser's
session by itself, for anybody can send anybody to such an address (a stranger's store would land in our books).

Where the app gave access at once (a code, an installation), the grant waits, sealed, for the browser that came.
Where it did not, the flow begins anew from the link; what the app told us (the shop) is typed already.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Account, AdminSession, Attempt, AttemptState, Authority, Grant
from chalicelib.errors import AppProblem, AttemptProblem, NotFound
from chalicelib.providers import oauth2
from chalicelib.providers.base import Call, Provider, Web
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import Apps
from chalicelib.services.ending import Ending
from chalicelib.services.finishing import CHOOSING, SECONDS
from chalicelib.services.parking import Parked, Parking
from chalicelib.services.ports import Attempts
from chalicelib.services.redeeming import identified, minted
from chalicelib.services.starting import Opened, redirect_uri

WAITING = timedelta(hours=1)
"""How long a store waits for whoever installed us there to say for which books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who came from an app. ``secret`` is for the browser to keep; empty when nothing waits."""

    app: Provider
    tenant: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """Takes arrivals in, and hands them to whoever claims them."""

    attempts: Attempts
    ending: Ending
    parking: Parking
    apps: Apps
    web: Web
    base_url: str

    def arrive(self, slug: str, params: Mapping[str, str]) -> Arrival:
        """Verify what the app tells, and fetch the access that it gave.

        :raises NotFound: if no visit begins at this app.
        :raises MixedUp: if it is not the app that tells it.
        :raises AppProblem: if the app does not give what it should.
        """
        app = self.apps.providers.get(slug)
        if app is None or app.arrive is None or not self.apps.configured(app):
            raise NotFound
        app = self.apps.serving(app)
        logs.bind(app=app.slug)
        call = replace(self.apps.call(app, self.web), params=params)
        try:
            told = app.arrive(call, params) if app.arrive else {}
            if app.mechanism is not Mechanism.INSTALL and "code" not in told:
                return Arrival(app=app, tenant=told.get("tenant", ""), secret="")
            with self.web.within(SECONDS):
                parked = self._fetched(call, told)
        except (AttemptProblem, AppProblem) as problem:
            logs.event("arrival_failed", cause=problem.cause)
            raise
        secret = keys.random_secret()
        self.attempts.begin(self._waiting(app, secret, parked))
        logs.event("arrived")
        return Arrival(app=app, tenant="", secret=secret)

    def _fetched(self, call: Call, told: Mapping[str, str]) -> Parked:
        if call.provider.mechanism is Mechanism.INSTALL:
            grant, answer = minted(call, Grant(secrets={}, extra=told))
        else:
            uri = redirect_uri(self.base_url, call.provider)
            grant, answer = oauth2.exchange(call, code=told["code"], redirect_uri=uri, verifier="", now=keys.now())
        return Parked(grant=grant, accounts=identified(call, grant, answer))

    def _waiting(self, app: Provider, secret: str, parked: Parked) -> Attempt:
        attempt_id = keys.digest(secret)
        return Attempt(
            id=attempt_id,
            entity_id="",
            app=app.slug,
            browser_hash=attempt_id,
            authority=Authority(),
            tenant="",
            state=AttemptState.PARKED,
            parked=self.parking.sealed(secret, attempt_id, parked),
            expires_at=keys.now() + WAITING,
        )

    def waiting(self, secret: str, app: Provider) -> tuple[Account, ...]:
        """The accounts that wait for this browser, if it came from this app within the hour."""
        found = self.attempts.get(keys.digest(secret)) if secret else None
        if found is None or not _unclaimed(found) or found.app != self.apps.serving(app).slug:
            return ()
        return self.parking.opened(secret, found).accounts

    def by_link(self, app: Provider, opened: Opened, secret: str) -> Attempt:
        """Claim what waits, for the entity of a connect link.

        :raises NotFound: if nothing waits.
        """
        invited = opened.invitation.email if opened.invitation else ""
        return self._claimed(app, secret, opened.entity.id, Authority(nonce=opened.entity.link.nonce), invited)

    def by_admin(self, app: Provider, session: AdminSession, entity_id: str, secret: str) -> Attempt:
        """The same for an entity of a signed-in admin."""
        authority = Authority(admin=session.email, session_hash=session.id_hash)
        return self._claimed(app, secret, entity_id, authority, "")

    def _claimed(self, app: Provider, secret: str, entity_id: str, authority: Authority, invited: str) -> Attempt:
        attempt_id = keys.digest(secret)
        claimed = self.attempts.adopt(attempt_id, app.slug, entity_id, authority, invited=invited, now=keys.now())
        if claimed:
            return self._kept(app, claimed, secret)
        found = self.attempts.get(attempt_id)
        if found is None or (found.app, found.entity_id, found.authority) != (app.slug, entity_id, authority):
            raise NotFound
        return found  # a second click

    def _kept(self, app: Provider, attempt: Attempt, secret: str) -> Attempt:
        parked = self.parking.opened(secret, attempt)
        call = self.apps.call(app, self.web, words=parked.grant.extra)
        with self.ending.failing(attempt), self.web.within(SECONDS):
            if len(parked.accounts) == 1:
                self.ending.keep(call, attempt, parked.grant, parked.accounts[0])
            else:
                sealed = self.parking.sealed(secret, attempt.id, parked)
                self.attempts.park(attempt, sealed, keys.now() + CHOOSING)
        return attempt


def _unclaimed(attempt: Attempt) -> bool:
    return attempt.state is AttemptState.PARKED and not attempt.entity_id and attempt.expires_at > keys.now()
