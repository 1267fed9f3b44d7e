"""Apps that somebody else must let us into first: noting that they were asked, so that everybody sees it."""

from dataclasses import dataclass

from chalicelib import keys
from chalicelib.domain import Asked, Entity, EventKind
from chalicelib.errors import NotEligible
from chalicelib.providers.base import Provider
from chalicelib.services.events import event
from chalicelib.services.ports import Entities
from chalicelib.services.starting import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Requesting:
    """Once for each app and entity; a second time changes nothing."""

    entities: Entities

    def by_link(self, opened: Opened, app: Provider) -> None:
        """:raises NotEligible: if nothing has to be waited for.
        :raises DeadLink: if the link was replaced meanwhile.
        """
        invitation = opened.invitation
        self._note(opened.entity, app, f"link sent to {invitation.email}" if invitation else "connect link")

    def by_admin(self, entity: Entity, app: Provider, actor: str) -> None:
        """The same by an admin of the entity, as the caller has seen."""
        self._note(entity, app, actor)

    def _note(self, entity: Entity, app: Provider, actor: str) -> None:
        if not app.waits:
            raise NotEligible
        if app.slug not in entity.waiting:
            asked = event(entity.id, EventKind.APP_REQUESTED, actor, app=app.slug)
            self.entities.wait(entity, app.slug, Asked(by=actor, at=keys.now()), asked)
