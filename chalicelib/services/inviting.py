"""Asking an owner to connect an app, by letter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import (
    Books,
    Connection,
    ConnectLink,
    Entity,
    EventKind,
    Invitation,
    InvitationState,
    LetterKind,
    LetterState,
    OutboxItem,
)
from chalicelib.errors import Conflict, InvalidField, NotFound
from chalicelib.i18n import N_
from chalicelib.services import addresses
from chalicelib.services.apps import Apps
from chalicelib.services.events import event
from chalicelib.services.limits import ASK_ADMIN, ASK_ENTITY, ASK_RECIPIENT, Limits
from chalicelib.services.links import Links
from chalicelib.services.ports import Connections, Entities, Invitations
from chalicelib.services.suppressing import Suppressing

STREAM_HEAD_START = timedelta(minutes=2)
"""How long the stream has to send a queued letter before the sweep does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """An invitation is one letter, to one owner, for one app."""

    entities: Entities
    invitations: Invitations
    connections: Connections
    suppressing: Suppressing
    apps: Apps
    limits: Limits
    links: Links

    def ask(self, books: Books, app: str, *, email: str, requested_by: str, note: str) -> Invitation:
        """Write the invitation and its letter; the stream sends it.

        :raises InvalidField: if the app cannot be asked for, or an address or the note is malformed.
        :raises LimitReached: if the admin, the entity or the recipient has had many today.
        :raises Suppressed: if the address is not written to.
        :raises Conflict: if the entity's link does not work any more: the letter would lead nowhere.
        """
        entity = books.entity
        invitation = self._invitation(entity, app, email, requested_by, note)
        self.links.segment(entity.link)
        if invitation.requested_by not in books.admins:
            raise _not_an_admin()
        # The asker's own first: whoever has used theirs up must not use up a recipient's.
        self.limits.take(
            (ASK_ADMIN, invitation.requested_by), (ASK_ENTITY, entity.id), (ASK_RECIPIENT, invitation.email)
        )
        self.suppressing.check(invitation.email)
        asked = event(
            entity.id, EventKind.OWNER_ASKED, f"admin {invitation.requested_by}", app=app, detail=invitation.email
        )
        try:
            self.invitations.add(invitation, _letter(invitation), asked)
        except Conflict:
            raise _not_an_admin() from None
        return invitation

    def _invitation(self, entity: Entity, app: str, email: str, requested_by: str, note: str) -> Invitation:
        provider = self.apps.providers.get(app)
        if provider is None or not provider.ask_owner or not self.apps.configured(provider):
            raise InvalidField("app", N_("This app cannot be connected from a link."))
        now = keys.now()
        return Invitation(
            id=keys.newest_first_id(now),
            entity_id=entity.id,
            app=app,
            email=addresses.email(email),
            requested_by=addresses.email(requested_by, "requested_by"),
            note=addresses.note(note),
            state=InvitationState.QUEUED,
            created_at=now,
            generation=entity.link.generation,
        )

    def page(self, entity_id: str, after: str, limit: int) -> tuple[Invitation, ...]:
        """Invitations, newest first, each in the state that connections since then give it.

        :raises NotFound: if there is no such entity.
        """
        if self.entities.get(entity_id) is None:
            raise NotFound
        return answered(self.invitations.page(entity_id, after, limit), self.connections.of(entity_id))


def answered(invitations: Iterable[Invitation], connections: Sequence[Connection]) -> tuple[Invitation, ...]:
    """Any connection of the app answers every invitation for it that was open then."""
    return tuple(
        replace(invitation, state=InvitationState.CONNECTED) if _answers(connections, invitation) else invitation
        for invitation in invitations
    )


def _answers(connections: Sequence[Connection], invitation: Invitation) -> bool:
    return any(
        connection.app == invitation.app and connection.connected_at >= invitation.created_at
        for connection in connections
    )


def unanswered(invitations: Iterable[Invitation], link: ConnectLink) -> list[Invitation]:
    """Those whose letters hold this very link, for somebody to click still."""
    over = {InvitationState.CONNECTED, InvitationState.FAILED, InvitationState.BOUNCED}
    return [found for found in invitations if found.generation == link.generation and found.state not in over]


def _letter(invitation: Invitation) -> OutboxItem:
    return OutboxItem(
        id=invitation.id,
        kind=LetterKind.INVITATION,
        to=invitation.email,
        state=LetterState.QUEUED,
        entity_id=invitation.entity_id,
        subject_id=invitation.id,
        created_at=invitation.created_at,
        due_at=invitation.created_at + STREAM_HEAD_START,
    )


def _not_an_admin() -> InvalidField:
    return InvalidField("requested_by", N_("Must be an admin of the entity."))
