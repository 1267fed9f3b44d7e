"""Ending an attempt: the callback, claimed before the code is redeemed, and one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Attempt, AttemptState
from chalicelib.errors import AttemptProblem, StillComing
from chalicelib.providers.base import Provider, Web
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import Apps
from chalicelib.services.ending import Ending
from chalicelib.services.establishing import expected
from chalicelib.services.ports import Attempts
from chalicelib.services.redeeming import Redeeming, tenant_of

SECONDS = 12.0
"""For all that is asked of the app in one callback: somebody waits, and API Gateway ends it after 29."""
CHOOSING = timedelta(minutes=30)
"""How long a grant waits for its owner to say which account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What an app's callback leads to. ``cookies`` are the secrets that the browser holds: its own, its session's."""

    attempts: Attempts
    ending: Ending
    redeeming: Redeeming
    apps: Apps
    web: Web

    def finish(self, slug: str, params: Mapping[str, str], cookies: tuple[str, ...], remembered: str = "") -> Attempt:
        """The attempt that the callback belongs to, ended, asked about, or being ended by a twin of this request.

        ``remembered`` is the state that the browser kept, for apps that do not send it back.

        :raises AttemptProblem: if the callback belongs to no attempt of this browser and app, or to one that is over.
        :raises MixedUp: if it belongs to one, but is not the app's own answer; the attempt has failed then.
        :raises StillComing: if the app has yet to post the keys.
        """
        app = self.apps.providers.get(slug)
        if app is None:
            raise _refused("expired")
        told = params.get(app.state_param, "")
        state = told or ("" if app.echoes_state else remembered)
        if not state:
            raise _refused("expired", slug)
        logs.bind(app=app.slug)
        attempt_id, secrets = keys.digest(state), {keys.digest(cookie): cookie for cookie in cookies if cookie}
        self._wait_for_keys(app, attempt_id, params)
        attempt = self.attempts.claim(attempt_id, slug, tuple(secrets), keys.now()) if secrets else None
        if attempt is None:
            return self._not_claimed(self.attempts.get(attempt_id), slug, tuple(secrets))
        logs.bind(entity_id=attempt.entity_id)
        self._end(app, attempt, params, secrets[attempt.browser_hash], sure=bool(told))
        return attempt

    def unasked(self, slug: str, params: Mapping[str, str], remembered: str) -> bool:
        """Whether the callback answers nothing that this browser asked: the visit began at the app."""
        app = self.apps.providers.get(slug)
        if app is None or app.arrive is None or params.get(app.state_param) or "error" in params:
            return False
        return app.echoes_state or not remembered

    def _wait_for_keys(self, app: Provider, attempt_id: str, params: Mapping[str, str]) -> None:
        """The browser may come back before the app's own server has posted the keys."""
        if app.mechanism is not Mechanism.HANDOVER or params.get("success") != "1":
            return
        attempt = self.attempts.get(attempt_id)
        if attempt and attempt.state is AttemptState.PENDING and not attempt.parked and attempt.expires_at > keys.now():
            raise StillComing(app.slug)

    def _not_claimed(self, attempt: Attempt | None, slug: str, bindings: tuple[str, ...]) -> Attempt:
        """A second click is no error; anything else is."""
        if attempt is None or attempt.app != slug:
            raise _refused("expired", slug)
        if attempt.browser_hash not in bindings:
            raise _refused("other_browser", slug)
        if attempt.state is AttemptState.PENDING:
            raise _refused("expired", slug)
        return attempt

    def _end(self, app: Provider, attempt: Attempt, params: Mapping[str, str], secret: str, *, sure: bool) -> None:
        with self.ending.failing(attempt):
            call = tenant_of(self.apps.call(app, self.web, attempt.tenant), params)
            with self.web.within(SECONDS):
                found = self.redeeming.redeem(
                    call, attempt, lambda call, grant, account: self.ending.give_back(call, attempt, grant, account)
                )
                if sure and len(found.accounts) == 1 and expected(attempt, found.accounts[0]):
                    self.ending.keep(call, attempt, found.grant, found.accounts[0])
                    return
            sealed = self.redeeming.parking.sealed(secret, attempt.id, found)
            self.attempts.park(attempt, sealed, keys.now() + CHOOSING)


def _refused(cause: str, slug: str = "") -> AttemptProblem:
    """A callback that is no attempt's. It is not counted as a failure of ours or the app's: anybody can send one."""
    logs.event("callback_refused", cause=cause)
    return AttemptProblem(cause, slug)
