"""The owner's answer to a question: which of several accounts, or whether it is theirs at all."""

from dataclasses import dataclass

from chalicelib import keys, logs
from chalicelib.domain import Attempt, AttemptState
from chalicelib.errors import AttemptProblem, InvalidField, NotFound
from chalicelib.i18n import N_
from chalicelib.providers.base import Web
from chalicelib.services.apps import Apps
from chalicelib.services.ending import Ending
from chalicelib.services.finishing import SECONDS
from chalicelib.services.parking import Parked, Parking
from chalicelib.services.ports import Attempts
from chalicelib.services.redeeming import CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Only the browser that holds the attempt's secret is asked, and only it can answer."""

    attempts: Attempts
    ending: Ending
    parking: Parking
    apps: Apps
    web: Web

    def choices(self, attempt: Attempt, cookies: tuple[str, ...]) -> Parked:
        """What the owner has to choose from.

        :raises NotFound: if the browser is not the one that holds it.
        """
        secret = next((cookie for cookie in cookies if cookie and keys.digest(cookie) == attempt.browser_hash), "")
        if not secret or attempt.state is not AttemptState.PARKED or attempt.expires_at <= keys.now():
            raise NotFound
        return self.parking.opened(secret, attempt)

    def choose(self, attempt: Attempt, account_id: str, cookies: tuple[str, ...]) -> None:
        """Keep the grant for the account that the owner chose; an empty id: for none of them. Once.

        :raises InvalidField: if it is none of the choices.
        :raises NotFound: if the browser is not the one that holds it.
        """
        parked = self.choices(attempt, cookies)
        account = next((account for account in parked.accounts if account.id == account_id), None)
        if account_id and account is None:
            raise InvalidField("account", N_("Choose one of the accounts."))
        claimed = self.attempts.claim(
            attempt.id, attempt.app, (attempt.browser_hash,), keys.now(), state=AttemptState.PARKED
        )
        if claimed is None:
            return  # a second click
        app = self.apps.providers[attempt.app]
        logs.bind(app=app.slug, entity_id=attempt.entity_id)
        call = self.apps.call(app, self.web, words=parked.grant.extra)
        with self.ending.failing(claimed), self.web.within(SECONDS):
            if account is None:
                only = parked.accounts[0] if len(parked.accounts) == 1 else None
                self.ending.give_back(call, claimed, parked.grant, only)
                raise AttemptProblem(CANCELLED, app.slug)
            self.ending.keep(call, claimed, parked.grant, account)
