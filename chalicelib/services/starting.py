"""Starting an attempt: from a connect link, or by an admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import AdminSession, Attempt, Authority, Entity, EventKind, Invitation, InvitationState
from chalicelib.errors import InvalidField, NotFound
from chalicelib.providers import oauth2
from chalicelib.providers.base import Mechanism, Provider, Web
from chalicelib.services.apps import Apps
from chalicelib.services.events import event
from chalicelib.services.links import Links
from chalicelib.services.ports import Attempts, Invitations

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """An attempt belongs to one browser, one app, one entity, for ten minutes."""

    links: Links
    invitations: Invitations
    attempts: Attempts
    apps: Apps
    web: Web
    base_url: str

    def by_link(
        self, segment: str, slug: str, *, typed: Mapping[str, str], browser: str, invitation_id: str
    ) -> tuple[Provider, str]:
        """Begin, and say where the browser must go.

        ``browser`` is the secret in the browser's cookie. The invitation attributes; it never authorises.

        :raises DeadLink: if the link is not the entity's current one.
        :raises NotEligible: if the app cannot be connected from a link.
        :raises InvalidField: if the typed host will not do.
        """
        entity, invitation = self._opened(segment, invitation_id)
        app = self.apps.for_owner(slug)
        tenant = _tenant(app, typed)
        if invitation and invitation.app != slug:
            invitation = None
        attempt, address = self._attempt(
            app, entity.id, tenant, binding=keys.digest(browser), authority=Authority(nonce=entity.link.nonce),
            invitation_id=invitation.id if invitation else "", invited=invitation.email if invitation else "",
        )  # fmt: skip
        self._begin(attempt, invitation)
        return app, address

    def _opened(self, segment: str, invitation_id: str) -> tuple[Entity, Invitation | None]:
        """The link before all else: a replaced one must look like one that never was, whatever else is wrong."""
        entity_id, nonce = self.links.read(segment)
        if keys.is_id(invitation_id):
            found, invitation = self.invitations.with_entity(entity_id, invitation_id)
        else:
            found, invitation = self.links.entities.get(entity_id), None
        return self.links.check(found, nonce), invitation

    def _begin(self, attempt: Attempt, invitation: Invitation | None) -> None:
        if invitation is None or invitation.state is InvitationState.STARTED:
            self.attempts.begin(attempt)
            return
        actor = f"link sent to {invitation.email}"
        started = event(attempt.entity_id, EventKind.CONNECTION_STARTED, actor, app=attempt.app)
        self.attempts.begin_invited(attempt, started)

    def by_admin(
        self, session: AdminSession, entity_id: str, slug: str, *, typed: Mapping[str, str]
    ) -> tuple[Provider, str]:
        """Connect now, by an admin of the entity, as the caller has seen and the end will see again.

        The same session must return.

        :raises NotFound: if the app is not offered.
        :raises InvalidField: if the typed host will not do.
        """
        app = self.apps.offered(slug)
        if app.mechanism is not Mechanism.OAUTH2:
            raise NotFound
        authority = Authority(admin=session.email, session_hash=session.id_hash)
        tenant = _tenant(app, typed)
        attempt, address = self._attempt(app, entity_id, tenant, binding=session.id_hash, authority=authority)
        self.attempts.begin(attempt)
        return app, address

    def _attempt(
        self, app: Provider, entity_id: str, tenant: str, *,
        binding: str, authority: Authority, invitation_id: str = "", invited: str = "",
    ) -> tuple[Attempt, str]:  # fmt: skip
        state = keys.random_secret()
        verifier = keys.random_secret() if app.pkce else ""
        call = self.apps.call(app, self.web, tenant)
        address = oauth2.authorize_url(
            call, redirect_uri=redirect_uri(self.base_url, app), state=state, verifier=verifier
        )
        attempt = Attempt(
            id=keys.digest(state),
            entity_id=entity_id,
            app=app.slug,
            browser_hash=binding,
            authority=authority,
            tenant=tenant,
            verifier=verifier,
            invitation_id=invitation_id,
            invited=invited,
            expires_at=keys.now() + LIFETIME,
        )
        return attempt, address


def redirect_uri(base_url: str, app: Provider) -> str:
    """Registered with the app: it can never change. From the settings, never from the request."""
    return f"{base_url}/callback/{app.slug}"


def _tenant(app: Provider, typed: Mapping[str, str]) -> str:
    if app.tenant is None:
        return ""
    value = typed.get(app.tenant.name, "")
    if not value.strip():
        raise InvalidField(app.tenant.name, app.tenant.help)
    return app.tenant.read(value)
