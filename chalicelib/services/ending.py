"""The end of an attempt: everything is kept, or nothing is and the grant goes back to the app."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib import keys, logs
from chalicelib.domain import Account, Asked, Attempt, EventKind, Grant
from chalicelib.errors import AppProblem, AttemptProblem, MixedUp, NotEnabled, NotFound, NotKept, Unavailable
from chalicelib.providers.base import Call
from chalicelib.services.establishing import Establishing
from chalicelib.services.events import event
from chalicelib.services.ports import Attempts, Entities
from chalicelib.services.redeeming import settled

REVOKE_SECONDS = 3.0

LINK_REPLACED = "link_replaced"
SIGNED_OUT = "signed_out"
UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Keeps, gives back, fails."""

    attempts: Attempts
    entities: Entities
    establishing: Establishing

    def keep(self, call: Call, attempt: Attempt, grant: Grant, account: Account) -> None:
        """Connection, grant, attempt and event, or none of them; a grant that is not kept is given back."""
        grant = settled(call, grant, account)
        by = connected_by(attempt)
        try:
            self.establishing.establish(
                attempt.entity_id, call.provider, account, grant, by=by, authority=attempt.authority, attempt=attempt
            )
        except NotFound:
            self.give_back(call, attempt, grant, account)
            raise AttemptProblem(SIGNED_OUT if attempt.authority.admin else LINK_REPLACED, attempt.app) from None
        except NotKept:
            self.give_back(call, attempt, grant, account)
            raise

    def give_back(self, call: Call, attempt: Attempt, grant: Grant, account: Account | None) -> None:
        """Revoke what will not be kept; not where a connection lives from the same approval, which would end with it.

        Square, Stripe and Shopify know no other revocation than of all that the account ever granted us.
        """
        try:
            standing = self.establishing.standing(attempt.entity_id, attempt.app, account)
        except Unavailable:
            return
        if not standing:
            revoke(call, grant, account)

    @contextmanager
    def failing(self, attempt: Attempt) -> Iterator[None]:
        """Whatever goes wrong in an orderly way ends the attempt, and the admins read why."""
        try:
            yield
        except (AttemptProblem, AppProblem) as problem:
            self._fail(attempt, problem.cause)
            if isinstance(problem, MixedUp):
                raise
        except Unavailable:
            self._fail(attempt, UNAVAILABLE)

    def _fail(self, attempt: Attempt, cause: str) -> None:
        failed = event(
            attempt.entity_id, EventKind.CONNECTION_FAILED, connected_by(attempt), app=attempt.app, detail=cause
        )
        self.attempts.fail(attempt, cause, failed)
        self.turned_away(attempt, cause)

    def turned_away(self, attempt: Attempt, cause: str) -> None:
        """The line of a failure in the log; where the app has yet to let us in, it is pending from here on."""
        logs.event("connection_failed", cause=cause, connection_failed=1)
        entity = self.entities.get(attempt.entity_id) if cause == NotEnabled.cause else None
        if entity and (attempt.authority.admin or keys.same(entity.link.nonce, attempt.authority.nonce)):
            noted = event(attempt.entity_id, EventKind.APP_REQUESTED, connected_by(attempt), app=attempt.app)
            self.entities.wait(entity, attempt.app, Asked(by=noted.actor, at=noted.at), noted)


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
