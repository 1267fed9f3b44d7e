"""Ending an attempt: the callback, claimed before the code is redeemed, and one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib import keys, logs
from chalicelib.domain import Account, Attempt, AttemptState, EventKind, Grant
from chalicelib.errors import AppProblem, AttemptProblem, MixedUp, NotFound, NotKept, Unavailable
from chalicelib.providers import oauth2
from chalicelib.providers.base import Call, Provider, Web
from chalicelib.services.apps import Apps
from chalicelib.services.establishing import Establishing
from chalicelib.services.events import event
from chalicelib.services.ports import Attempts
from chalicelib.services.starting import redirect_uri

SECONDS = 12.0
"""For all that is asked of the app in one callback: somebody waits, and API Gateway ends it after 29."""
REVOKE_SECONDS = 3.0

CANCELLED = "cancelled"
REFUSED = "app_refused"
LINK_REPLACED = "link_replaced"
SIGNED_OUT = "signed_out"
UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What an app's callback leads to."""

    attempts: Attempts
    establishing: Establishing
    apps: Apps
    web: Web
    base_url: str

    def finish(self, slug: str, params: Mapping[str, str], cookies: tuple[str, ...]) -> Attempt:
        """The attempt that the callback belongs to, ended (or being ended by a twin of this request).

        ``cookies`` are the secrets that the browser holds: its own, and its session's.

        :raises AttemptProblem: if the callback belongs to no attempt of this browser and app, or to one that is over.
        :raises MixedUp: if it belongs to one, but is not the app's own answer; the attempt has failed then.
        """
        app = self.apps.providers.get(slug)
        if app is None or not params.get("state"):
            raise AttemptProblem("expired", slug if app else "")
        logs.bind(app=app.slug)
        attempt_id = keys.digest(params["state"])
        bindings = tuple(keys.digest(cookie) for cookie in cookies if cookie)
        attempt = self.attempts.claim(attempt_id, slug, bindings, keys.now()) if bindings else None
        if attempt is None:
            return self._not_claimed(self.attempts.get(attempt_id), slug, bindings)
        logs.bind(entity_id=attempt.entity_id)
        self._end(app, attempt, params)
        return attempt

    def _not_claimed(self, attempt: Attempt | None, slug: str, bindings: tuple[str, ...]) -> Attempt:
        """A second click is no error; anything else is."""
        if attempt is None or attempt.app != slug:
            raise AttemptProblem("expired", slug)
        if attempt.browser_hash not in bindings:
            raise AttemptProblem("other_browser", slug)
        if attempt.state is AttemptState.PENDING:
            raise AttemptProblem("expired", slug)
        return attempt

    def _end(self, app: Provider, attempt: Attempt, params: Mapping[str, str]) -> None:
        call = self.apps.call(app, self.web, attempt.tenant)
        try:
            with self.web.within(SECONDS):
                grant, account = self._redeem(call, attempt, params)
            self._keep(call, attempt, grant, account)
        except (AttemptProblem, AppProblem) as problem:
            self._fail(attempt, problem.cause)
            if isinstance(problem, MixedUp):
                raise
        except Unavailable:
            self._fail(attempt, UNAVAILABLE)

    def _redeem(self, call: Call, attempt: Attempt, params: Mapping[str, str]) -> tuple[Grant, Account]:
        oauth2.check_issuer(call, params)
        if "error" in params:
            raise AttemptProblem(CANCELLED if params["error"] == "access_denied" else REFUSED, attempt.app)
        if call.provider.check_callback:
            call.provider.check_callback(call, params)
        if not params.get("code"):
            raise AttemptProblem(REFUSED, attempt.app)
        grant, answer = oauth2.exchange(
            call,
            code=params["code"],
            redirect_uri=redirect_uri(self.base_url, call.provider),
            verifier=attempt.verifier,
            now=keys.now(),
        )
        try:
            return grant, call.provider.identify(call, grant, answer)
        except AppProblem:
            self._give_back(call, attempt, grant, None)
            raise

    def _keep(self, call: Call, attempt: Attempt, grant: Grant, account: Account) -> None:
        """Connection, grant, attempt and event, or none of them; a grant that is not kept is given back."""
        by = connected_by(attempt)
        try:
            self.establishing.establish(
                attempt.entity_id, call.provider, account, grant, by=by, authority=attempt.authority, attempt=attempt
            )
        except NotFound:
            self._give_back(call, attempt, grant, account)
            raise AttemptProblem(SIGNED_OUT if attempt.authority.admin else LINK_REPLACED, attempt.app) from None
        except NotKept:
            self._give_back(call, attempt, grant, account)
            raise

    def _give_back(self, call: Call, attempt: Attempt, grant: Grant, account: Account | None) -> None:
        """Revoke what will not be kept; not where a connection lives from the same approval, which would end with it.

        Square, Stripe and Shopify know no other revocation than of all that the account ever granted us.
        """
        try:
            standing = self.establishing.standing(attempt.entity_id, attempt.app, account)
        except Unavailable:
            return
        if not standing:
            revoke(call, grant, account)

    def _fail(self, attempt: Attempt, cause: str) -> None:
        failed = event(
            attempt.entity_id, EventKind.CONNECTION_FAILED, connected_by(attempt), app=attempt.app, detail=cause
        )
        self.attempts.fail(attempt, cause, failed)
        logs.event("connection_failed", cause=cause, connection_failed=1)


def connected_by(attempt: Attempt) -> str:
    """What is known of who connected; never a name that was not verified."""
    if attempt.authority.admin:
        return f"admin {attempt.authority.admin}"
    return f"link sent to {attempt.invited}" if attempt.invited else "connect link"


def revoke(call: Call, grant: Grant, account: Account | None) -> None:
    """Give a grant back that we will not keep. A best effort: the tokens are forgotten either way."""
    if call.provider.revoke is None:
        return
    try:
        with call.web.within(REVOKE_SECONDS):
            call.provider.revoke(call, grant, account)
    except AppProblem:
        return
