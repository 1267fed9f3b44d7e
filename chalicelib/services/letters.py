"""Writing each kind of letter from what is stored, at the moment of sending. No secret waits in the outbox."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import (
    Account,
    Entity,
    Event,
    EventKind,
    InvitationState,
    Letter,
    LetterKind,
    LetterState,
    OutboxItem,
)
from chalicelib.services.apps import Apps
from chalicelib.services.links import Links
from chalicelib.services.ports import (
    Entities,
    Events,
    Invitations,
    LetterText,
    Members,
    Renderer,
    SignIns,
    Suppressions,
)

SIGN_IN_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """One function for each kind of letter; ``None`` when it has nobody or nothing to write about."""

    entities: Entities
    members: Members
    invitations: Invitations
    events: Events
    sign_ins: SignIns
    suppressions: Suppressions
    links: Links
    apps: Apps
    renderer: Renderer
    base_url: str

    def alert(self, item: OutboxItem) -> Letter | None:
        """An app was connected."""
        if self.suppressions.of([item.to]):
            return None
        event = self.events.get(item.entity_id, item.subject_id)
        entity = self.entities.get(item.entity_id)
        return self.alert_of(entity, event, item) if event and entity else None

    def alert_of(self, entity: Entity, event: Event, item: OutboxItem) -> Letter:
        """The same, by who has event and entity at hand."""
        text = self.renderer.letter(
            "alert",
            entity_name=entity.name,
            app=self.apps.providers[event.app],
            account=Account(id=event.account_id, name=event.detail),
            connected_by=event.actor,
            connected_at=event.at,
            reconnected=event.kind is EventKind.RECONNECTED,
            was=event.was,
            address=f"{self.base_url}/entities/{entity.id}",
        )
        return letter(item, text)

    def invitation(self, item: OutboxItem) -> Letter | None:
        """An owner is asked; the admin who asks is copied, and answers go to them."""
        entity, invitation = self.invitations.with_entity(item.entity_id, item.subject_id)
        if invitation is None or entity is None or not self.links.works(entity.link):
            return None
        suppressed = self.suppressions.of([invitation.email, invitation.requested_by])
        if invitation.email in suppressed:
            return None
        text = self.renderer.letter(
            "invitation",
            entity_name=entity.name,
            app=self.apps.providers[invitation.app],
            requested_by=invitation.requested_by,
            note=invitation.note,
            address=self.links.address(entity.link, invitation.app, invitation.id),
        )
        copied = invitation.requested_by not in {invitation.email, *suppressed}
        cc = (invitation.requested_by,) if copied else ()
        return letter(item, text, cc=cc, reply_to=invitation.requested_by)

    def bounced(self, item: OutboxItem) -> Letter | None:
        """An invitation did not arrive, or was complained of: whoever asked hears of it, if they are an admin still."""
        entity, invitation = self.invitations.with_entity(item.entity_id, item.subject_id)
        if invitation is None or entity is None or invitation.state is InvitationState.STARTED:
            return None
        suppressed = self.suppressions.of([item.to, invitation.email])
        if item.to in suppressed or not self.members.is_admin(item.entity_id, item.to):
            return None
        text = self.renderer.letter(
            "bounced",
            entity_name=entity.name,
            app=self.apps.providers[invitation.app],
            email=invitation.email,
            asked_at=invitation.created_at,
            complained=invitation.state is InvitationState.COMPLAINED,
            suppressed=invitation.email in suppressed,
            address=f"{self.base_url}/entities/{entity.id}/apps/{invitation.app}",
        )
        return letter(item, text)

    def sign_in(self, item: OutboxItem) -> Letter | None:
        """Only an address that is somebody's admin, and not suppressed, gets one; only here the secret is made."""
        if not self.members.known(item.to):
            return None
        token = keys.random_secret()
        self.sign_ins.put(keys.digest(token), item.to, keys.now() + SIGN_IN_LIFETIME)
        text = self.renderer.letter(
            "sign_in",
            address=f"{self.base_url}/sign-in/{token}",
            minutes=int(SIGN_IN_LIFETIME.total_seconds()) // 60,
            email=item.to,
        )
        return letter(item, text)

    def outcome(self, item: OutboxItem) -> None:
        """An invitation shows how its letter fared."""
        if item.kind is not LetterKind.INVITATION:
            return
        if item.state is LetterState.SENT:
            self.invitations.mark(item.entity_id, item.subject_id, InvitationState.SENT)
        elif item.state in {LetterState.FAILED, LetterState.UNKNOWN, LetterState.DROPPED}:
            self.invitations.mark(item.entity_id, item.subject_id, InvitationState.FAILED)


def letter(item: OutboxItem, text: LetterText, *, cc: tuple[str, ...] = (), reply_to: str = "") -> Letter:
    """An outbox item with its words."""
    return Letter(
        id=item.id,
        kind=item.kind,
        entity_id=item.entity_id,
        to=item.to,
        subject=text.subject,
        text=text.text,
        html=text.html,
        cc=cc,
        reply_to=reply_to,
    )
