"""Connecting an app by keys that an admin pastes: read, checked live, sealed; never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib import logs
from chalicelib.domain import AdminSession, Authority, Grant
from chalicelib.errors import AppProblem, AppRefused, AppRejectedUs, InvalidField, NotFound
from chalicelib.i18n import N_
from chalicelib.providers.base import Mechanism, Provider, Web
from chalicelib.services.apps import Apps
from chalicelib.services.establishing import Establishing
from chalicelib.services.limits import KEY_FORM, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForms:
    """Only for a signed-in admin of the entity, as the caller has seen; the final transaction looks again."""

    establishing: Establishing
    apps: Apps
    limits: Limits
    web: Web

    def connect(self, session: AdminSession, entity_id: str, slug: str, typed: Mapping[str, str]) -> bool:
        """Check the keys at the app, then keep them. Returns whether the account was connected before.

        :raises NotFound: if the app has no such form.
        :raises InvalidField: if a field will not do or the app refuses the keys.
        :raises AppDown: if the app does not answer; nothing is stored.
        :raises LimitReached: after many tries: a form that checks keys must not serve to guess them.
        """
        app = self.apps.offered(slug)
        if app.mechanism is not Mechanism.KEY_FORM:
            raise NotFound
        fields = {field.name: field.read(typed.get(field.name, "")) for field in app.fields}
        self.limits.take((KEY_FORM, session.email))
        grant = _grant(app, fields)
        call = self.apps.call(app, self.web, next(value for field, value in _plain(app, fields)))
        try:
            account = app.identify(call, grant, {})
        except AppProblem as problem:
            logs.event("connection_failed", cause=problem.cause, connection_failed=1)
            if not isinstance(problem, AppRefused | AppRejectedUs):
                raise
            raise InvalidField(
                _secret_name(app), N_("The app did not accept this. Check it and paste it again.")
            ) from None
        authority = Authority(admin=session.email, session_hash=session.id_hash)
        by = f"admin {session.email}"
        return self.establishing.establish(entity_id, app, account, grant, by=by, authority=authority, attempt=None)


def _grant(app: Provider, fields: Mapping[str, str]) -> Grant:
    secret = {field.name: fields[field.name] for field in app.fields if field.secret}
    return Grant(secrets=secret, extra=dict(_plain(app, fields)))


def _plain(app: Provider, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(field.name, fields[field.name]) for field in app.fields if not field.secret]


def _secret_name(app: Provider) -> str:
    return next(field.name for field in app.fields if field.secret)
