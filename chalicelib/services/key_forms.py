"""Connecting an app by keys that somebody pastes: read, checked live, sealed; never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib import keys
from chalicelib.domain import AdminSession, Attempt, AttemptState, Authority, Grant
from chalicelib.errors import AppDown, AppProblem, AppRefused, InvalidField, NotEnabled
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Provider, Web
from chalicelib.providers.parts import Field
from chalicelib.services.apps import Apps
from chalicelib.services.ending import Ending
from chalicelib.services.establishing import expected
from chalicelib.services.finishing import CHOOSING, SECONDS
from chalicelib.services.limits import KEY_FORM, Limits
from chalicelib.services.parking import Parked, Parking
from chalicelib.services.ports import Attempts
from chalicelib.services.redeeming import identified, minted
from chalicelib.services.starting import LIFETIME, Opened, mends_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForms:
    """For a signed-in admin, or for whoever holds the connect link; the final transaction looks again."""

    attempts: Attempts
    ending: Ending
    parking: Parking
    apps: Apps
    limits: Limits
    web: Web

    def by_admin(
        self, session: AdminSession, entity_id: str, app: Provider, typed: Mapping[str, str], secret: str
    ) -> Attempt:
        """Check the keys at the app, then keep them. ``secret`` is the session's cookie.

        :raises InvalidField: if a field will not do or the app refuses the keys.
        :raises AppDown: if the app does not answer; nothing is stored.
        :raises NotEnabled: if the app has yet to let us in; that is noted, and nothing else.
        :raises LimitReached: after many tries: a form that checks keys must not serve to guess them.
        """
        authority = Authority(admin=session.email, session_hash=session.id_hash)
        attempt = replace(_attempt(app, entity_id, secret, authority), mends=mends_of(typed))
        return self._connect(app, attempt, typed, secret, limited=session.email)

    def by_link(self, app: Provider, opened: Opened, typed: Mapping[str, str], secret: str, address: str) -> Attempt:
        """The same from a connect link. ``secret`` is the browser's cookie, ``address`` where it calls from."""
        invitation = opened.invitation
        attempt = _attempt(
            app, opened.entity.id, secret, Authority(nonce=opened.entity.link.nonce),
            invitation_id=invitation.id if invitation else "", invited=invitation.email if invitation else "",
        )  # fmt: skip
        attempt = replace(attempt, mends=mends_of(typed))
        return self._connect(app, attempt, typed, secret, limited=f"{opened.entity.id} {address}")

    def _connect(
        self, app: Provider, attempt: Attempt, typed: Mapping[str, str], secret: str, *, limited: str
    ) -> Attempt:
        fields = {field.name: _read(field, typed.get(field.name, "")) for field in app.fields}
        plain = {field.name: fields[field.name] for field in app.fields if not field.secret}
        self.limits.take((KEY_FORM, limited))
        call = self.apps.call(app, self.web, words=plain)
        secrets = {field.name: fields[field.name] for field in app.fields if field.secret}
        found = self._checked(call, Grant(secrets=secrets, extra=plain), attempt)
        self.attempts.begin(attempt)
        with self.ending.failing(attempt):
            if len(found.accounts) == 1 and expected(attempt, found.accounts[0]):
                with self.web.within(SECONDS):
                    self.ending.keep(call, attempt, found.grant, found.accounts[0])
            else:
                self.attempts.park(attempt, self.parking.sealed(secret, attempt.id, found), keys.now() + CHOOSING)
        return attempt

    def _checked(self, call: Call, grant: Grant, attempt: Attempt) -> Parked:
        """The live check, before anything is stored. Refused are the keys: our own client plays no part."""
        try:
            with self.web.within(SECONDS):
                grant, answer = minted(call, grant)
                return Parked(grant=grant, accounts=identified(call, grant, answer))
        except (AppDown, NotEnabled) as problem:
            self.ending.turned_away(attempt, problem.cause)
            raise
        except InvalidField:
            self.ending.turned_away(attempt, AppRefused.cause)
            raise
        except AppProblem:
            self.ending.turned_away(attempt, AppRefused.cause)
            name = next(field.name for field in call.provider.fields if field.secret)
            raise InvalidField(name, N_("The app did not accept this. Check it and paste it again.")) from None


def _read(field: Field, typed: str) -> str:
    return field.read(typed) if field.required or typed.strip() else ""


def _attempt(
    app: Provider, entity_id: str, secret: str, authority: Authority, *, invitation_id: str = "", invited: str = ""
) -> Attempt:
    """An attempt that is claimed from the beginning: nobody has to come back with anything."""
    now = keys.now()
    return Attempt(
        id=keys.digest(keys.random_secret()),
        entity_id=entity_id,
        app=app.slug,
        browser_hash=keys.digest(secret),
        authority=authority,
        tenant="",
        invitation_id=invitation_id,
        invited=invited,
        state=AttemptState.CLAIMED,
        claim=keys.random_secret(),
        claimed_at=now,
        expires_at=now + LIFETIME,
    )
