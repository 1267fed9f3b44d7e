"""Admin sessions and sign-in links. Only digests of their secrets are here."""

from datetime import datetime

from chalicelib.domain import AdminSession
from chalicelib.storage import rows
from chalicelib.storage.models import SessionItem, SignInItem
from chalicelib.storage.tables import ConditionFailed, call, update


def session_key(id_hash: str) -> str:
    """The partition of a session."""
    return f"SESSION#{id_hash}"


class Sessions:
    """The session rows of ``ephemeral``."""

    def put(self, session: AdminSession, expires_at: datetime) -> None:
        """Remember a new session."""
        item = SessionItem(
            session_key(session.id_hash),
            email=session.email,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=expires_at,
        )
        call(item.save)

    def get(self, id_hash: str) -> AdminSession | None:
        """The session, however old: the caller knows the limits."""
        try:
            item = call(lambda: SessionItem.get(session_key(id_hash), consistent_read=True))
        except SessionItem.DoesNotExist:
            return None
        return AdminSession(
            id_hash=rows.id_in(item.pk),
            email=item.email,
            created_at=item.created_at,
            last_seen_at=item.last_seen_at,
        )

    def touch(self, id_hash: str, now: datetime) -> None:
        """The admin was here. A session that has ended meanwhile stays ended."""
        item = SessionItem(session_key(id_hash))
        try:
            update(item, [SessionItem.last_seen_at.set(now)], SessionItem.pk.exists())
        except ConditionFailed:
            return

    def end(self, id_hash: str) -> None:
        """Nobody can use it from now on."""
        call(SessionItem(session_key(id_hash)).delete)


class SignIns:
    """The sign-in rows of ``ephemeral``: links that wait to be used, once."""

    def put(self, token_hash: str, email: str, expires_at: datetime) -> None:
        """Remember a link that was made."""
        call(SignInItem(f"SIGNIN#{token_hash}", email=email, expires_at=expires_at).save)

    def peek(self, token_hash: str, now: datetime) -> str | None:
        """The address that the link would sign in; uses nothing up."""
        try:
            item = call(lambda: SignInItem.get(f"SIGNIN#{token_hash}", consistent_read=True))
        except SignInItem.DoesNotExist:
            return None
        return item.email if item.expires_at > now else None

    def consume(self, token_hash: str, now: datetime) -> bool:
        """Use the link up; of two at once, one does."""
        item = SignInItem(f"SIGNIN#{token_hash}")
        fresh = SignInItem.pk.exists() & (SignInItem.expires_at > now)
        try:
            call(lambda: item.delete(condition=fresh))
        except ConditionFailed:
            return False
        return True
