"""From an app's callback to a grant and the accounts behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib import keys
from chalicelib.domain import Account, Attempt, Grant
from chalicelib.errors import AppDown, AppProblem, AttemptProblem
from chalicelib.providers import answers, oauth2
from chalicelib.providers.base import Call, Json
from chalicelib.providers.parts import Mechanism
from chalicelib.services.parking import Parked, Parking
from chalicelib.services.starting import redirect_uri

CANCELLED = "cancelled"
REFUSED = "app_refused"
type GiveBack = Callable[[Call, Grant, Account | None], None]

_NO = frozenset({"access_denied", "user_denied", "user_cancelled_authorize"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeeming:
    """``give_back`` hears of grants that turn out to be of no use."""

    parking: Parking
    base_url: str

    def redeem(self, call: Call, attempt: Attempt, give_back: GiveBack) -> Parked:
        """The grant that the callback in ``call.params`` stands for, and whose accounts it opens.

        :raises AttemptProblem: if the person said no, or the callback is not the app's.
        :raises AppProblem: if the app does not give what it should.
        """
        if call.provider.mechanism is Mechanism.HANDOVER:
            grant, answer = self._handed_over(call, attempt)
        else:
            grant, answer = self._exchanged(call, attempt)
        try:
            return Parked(grant=grant, accounts=identified(call, grant, answer))
        except AppProblem:
            give_back(call, grant, None)
            raise

    def _exchanged(self, call: Call, attempt: Attempt) -> tuple[Grant, Json]:
        row, params = call.provider, call.params
        oauth2.check_issuer(call, params)
        if "error" in params:
            raise AttemptProblem(CANCELLED if params["error"] in _NO else REFUSED, row.slug)
        if row.check_callback:
            row.check_callback(call, params)
        code = params.get(row.code_param, "")
        if not code:
            raise AttemptProblem(REFUSED, row.slug)
        return oauth2.exchange(
            call,
            code=code,
            redirect_uri=redirect_uri(self.base_url, row),
            verifier=attempt.verifier,
            now=keys.now(),
        )

    def _handed_over(self, call: Call, attempt: Attempt) -> tuple[Grant, Json]:
        """The keys that the app posted meanwhile. That the browser came back with success proves nothing."""
        if call.params.get("success") != "1":
            raise AttemptProblem(CANCELLED, call.provider.slug)
        return self.parking.opened(call.params[call.provider.state_param], attempt).grant, {}


def identified(call: Call, grant: Grant, answer: Json) -> tuple[Account, ...]:
    """The accounts behind a grant, as the app names them.

    :raises AppProblem: if it names none.
    """
    if call.provider.identify is None:
        raise AppDown("no identity")
    found = call.provider.identify(call, grant, answer)
    accounts = found if isinstance(found, tuple) else (found,)
    if not accounts:
        raise AppDown("no identity")
    return tuple({account.id: account for account in accounts}.values())


def minted(call: Call, grant: Grant) -> tuple[Grant, Json]:
    """The grant with an access token made from the keys that it keeps, where the app works that way.

    :raises AppProblem: if the app gives none.
    """
    if call.provider.mint is None:
        return grant, {}
    answer = call.provider.mint(call, grant)
    made = answers.grant(call, answer, keys.now())
    return replace(
        grant,
        secrets={**grant.secrets, **made.secrets},
        scopes=made.scopes or grant.scopes,
        expires_at=made.expires_at,
        extra={**grant.extra, **made.extra},
    ), answer


def settled(call: Call, grant: Grant, account: Account) -> Grant:
    """The grant as it is kept for the account that was chosen.

    :raises AppProblem: if the app does not let us in there yet.
    """
    grant = replace(grant, extra={**grant.extra, **account.extra})
    return call.provider.settle(call, grant, account) if call.provider.settle else grant


def tenant_of(call: Call, params: Mapping[str, str]) -> Call:
    """The call with the callback's values and, where only the callback names it, the tenant.

    :raises MixedUp: if it names none that could be the app's.
    """
    row = call.provider
    words = {**call.words, **row.words(row.tenant_of(params))} if row.tenant_of else call.words
    return replace(call, params=params, words=words)
