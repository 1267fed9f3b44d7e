"""Letters that ask to connect an app again: its grant is over, or the consent for it soon is.

They go to the entity's admins, and to the owner who connected it, if an invitation of ours knew the address.
"""

from dataclasses import dataclass

from chalicelib.domain import Connection, Entity, Event, EventKind, GrantStatus, Letter, LetterKind, OutboxItem
from chalicelib.services.apps import Apps
from chalicelib.services.letters import letter
from chalicelib.services.links import Links
from chalicelib.services.ports import Connections, Entities, Events, Members, Renderer, Suppressions

KINDS = {EventKind.NEEDS_ATTENTION: LetterKind.ATTENTION, EventKind.CONSENT_ENDING: LetterKind.CONSENT_ENDING}
"""The events that lead to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What such a letter is about."""

    entity: Entity
    connection: Connection
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MendingLetters:
    """``None`` when there is nobody or nothing to write about any more."""

    entities: Entities
    members: Members
    connections: Connections
    events: Events
    suppressions: Suppressions
    links: Links
    apps: Apps
    renderer: Renderer
    base_url: str

    def about(self, entity: Entity, event: Event) -> Mending | None:
        """``None`` if it was connected again meanwhile: then nothing needs mending."""
        connection = self.connections.get(entity.id, event.app, event.connection_id)
        if connection is None or not connection.living or connection.connected_at > event.at:
            return None
        if event.kind is EventKind.NEEDS_ATTENTION and connection.status != GrantStatus.NEEDS_ATTENTION:
            return None
        return Mending(entity=entity, connection=connection, event=event)

    def compose(self, item: OutboxItem) -> Letter | None:
        """One that waited."""
        event, entity = self.events.get(item.entity_id, item.subject_id), self.entities.get(item.entity_id)
        found = self.about(entity, event) if event and entity else None
        if found is None or self.suppressions.of([item.to]):
            return None
        if self.members.is_admin(item.entity_id, item.to):
            return self.to_admin(found, item)
        return self._written(found, item, owner=True) if item.to == found.connection.invited else None

    def to_admin(self, about: Mending, item: OutboxItem) -> Letter:
        """They connect it themselves, or ask somebody, in the console."""
        return self._written(about, item, owner=False)

    def to_owner(self, about: Mending, item: OutboxItem) -> Letter | None:
        """They have a link that leads to the app."""
        return None if self.suppressions.of([item.to]) else self._written(about, item, owner=True)

    def _written(self, about: Mending, item: OutboxItem, *, owner: bool) -> Letter:
        app, connection, event = self.apps.providers[about.event.app], about.connection, about.event
        words = {
            "entity_name": about.entity.name,
            "app": app,
            "account": connection.account,
            "owner": owner,
            "address": self._owners_way(about) if owner else self._admins_way(about),
        }
        if item.kind is LetterKind.ATTENTION:
            return letter(item, self.renderer.letter("attention", **words, reason=event.detail, at=event.at))
        ends_at = connection.connected_at + app.consent_lasts if app.consent_lasts else event.at
        return letter(item, self.renderer.letter("consent_ending", **words, days=int(event.detail), ends_at=ends_at))

    def _admins_way(self, about: Mending) -> str:
        connection = about.connection
        return f"{self.base_url}/entities/{about.entity.id}/apps/{connection.app}?mend={connection.id}"

    def _owners_way(self, about: Mending) -> str:
        """The link that they had. If it was replaced since, it is not for us to hand them the new one."""
        link, connection = about.entity.link, about.connection
        if not self.links.works(link) or link.created_at > connection.connected_at:
            return ""
        return f"{self.links.address(link, connection.app)}?mend={connection.id}"
