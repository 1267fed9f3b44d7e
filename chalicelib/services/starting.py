"""Starting an attempt: from a connect link, or by an admin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import AdminSession, Attempt, Authority, Entity, EventKind, Invitation, InvitationState
from chalicelib.errors import InvalidField, NotFound
from chalicelib.providers import oauth2
from chalicelib.providers.base import Provider, Web
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import Apps
from chalicelib.services.events import event
from chalicelib.services.links import Links
from chalicelib.services.ports import Attempts, Invitations

LIFETIME = timedelta(minutes=10)
_REDIRECTS = frozenset({Mechanism.OAUTH2, Mechanism.HANDOVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A connect link that works, and the invitation by whose letter it came, if it did."""

    entity: Entity
    invitation: Invitation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Where the browser must go."""

    app: Provider
    address: str
    remember: str = field(repr=False)
    """The state, for the browser to keep where the app does not send it back; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """An attempt belongs to one browser, one app, one entity, for ten minutes."""

    links: Links
    invitations: Invitations
    attempts: Attempts
    apps: Apps
    web: Web
    base_url: str

    def opened(self, segment: str, invitation_id: str, slug: str) -> Opened:
        """The link before all else: a replaced one must look like one that never was, whatever else is wrong.

        The invitation attributes; it never authorises.

        :raises DeadLink: if the link is not the entity's current one.
        """
        entity_id, nonce = self.links.read(segment)
        if keys.is_id(invitation_id):
            found, invitation = self.invitations.with_entity(entity_id, invitation_id)
        else:
            found, invitation = self.links.entities.get(entity_id), None
        entity = self.links.check(found, nonce)
        return Opened(entity=entity, invitation=invitation if invitation and invitation.app == slug else None)

    def by_link(self, app: Provider, opened: Opened, *, typed: Mapping[str, str], browser: str) -> Started:
        """Begin. ``browser`` is the secret in the browser's cookie.

        :raises NotFound: if the app is not connected by going there.
        :raises InvalidField: if the typed host will not do.
        """
        invitation = opened.invitation
        attempt, started = self._attempt(
            app, opened.entity.id, typed,
            binding=keys.digest(browser), authority=Authority(nonce=opened.entity.link.nonce),
            invitation_id=invitation.id if invitation else "", invited=invitation.email if invitation else "",
        )  # fmt: skip
        self._begin(attempt, invitation)
        return started

    def _begin(self, attempt: Attempt, invitation: Invitation | None) -> None:
        if invitation is None or invitation.state is InvitationState.STARTED:
            self.attempts.begin(attempt)
            return
        actor = f"link sent to {invitation.email}"
        started = event(attempt.entity_id, EventKind.CONNECTION_STARTED, actor, app=attempt.app)
        self.attempts.begin_invited(attempt, started)

    def by_admin(self, session: AdminSession, entity_id: str, app: Provider, *, typed: Mapping[str, str]) -> Started:
        """Connect now, by an admin of the entity, as the caller has seen and the end will see again.

        The same session must return.

        :raises NotFound: if the app is not connected by going there.
        :raises InvalidField: if the typed host will not do.
        """
        authority = Authority(admin=session.email, session_hash=session.id_hash)
        attempt, started = self._attempt(app, entity_id, typed, binding=session.id_hash, authority=authority)
        self.attempts.begin(attempt)
        return started

    def _attempt(
        self, app: Provider, entity_id: str, typed: Mapping[str, str], *,
        binding: str, authority: Authority, invitation_id: str = "", invited: str = "",
    ) -> tuple[Attempt, Started]:  # fmt: skip
        if app.mechanism not in _REDIRECTS:
            raise NotFound
        tenant = _tenant(app, typed)
        state = keys.random_secret()
        verifier = keys.random_secret() if app.pkce else ""
        address = oauth2.authorize_url(
            self.apps.call(app, self.web, tenant),
            redirect_uri=redirect_uri(self.base_url, app),
            state=state,
            verifier=verifier,
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
            mends=mends_of(typed),
            expires_at=keys.now() + LIFETIME,
        )
        return attempt, Started(app=app, address=address, remember="" if app.echoes_state else state)


def redirect_uri(base_url: str, app: Provider) -> str:
    """Registered with the app: it can never change. From the settings, never from the request."""
    return f"{base_url}/callback/{app.slug}"


def mends_of(typed: Mapping[str, str]) -> str:
    """The connection that a form wants to connect again. Anybody can name one: it only leads to a question."""
    found = typed.get("mend", "")
    return found if keys.is_id(found) else ""


def _tenant(app: Provider, typed: Mapping[str, str]) -> str:
    if app.tenant is None:
        return ""
    value = typed.get(app.tenant.name, "")
    if not value.strip():
        raise InvalidField(app.tenant.name, app.tenant.help)
    return app.tenant.read(value)
