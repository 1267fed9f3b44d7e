"""Signing in by letter, or straight from the platform; sessions that really end."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys
from chalicelib.domain import AdminSession, LetterKind, LetterState, OutboxItem
from chalicelib.errors import InvalidField, NotSignedIn, SignInExpired
from chalicelib.i18n import N_
from chalicelib.services import addresses
from chalicelib.services.inviting import STREAM_HEAD_START
from chalicelib.services.limits import SIGN_IN_ADDRESS, SIGN_IN_CLIENT, Limits
from chalicelib.services.ports import Members, Outbox, Sessions, SignIns

IDLE = timedelta(hours=12)
AT_MOST = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=10)
HAND_OVER_LIFETIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """Only digests of sign-in links and sessions are stored."""

    members: Members
    outbox: Outbox
    sign_ins: SignIns
    sessions: Sessions
    limits: Limits
    base_url: str

    def ask(self, typed: str, client_address: str) -> str:
        """The same work and the same answer for every address: whether it is known is looked up when sending.

        :raises InvalidField: if it is no address.
        :raises LimitReached: if the address or the client asks too often.
        """
        email = addresses.email(typed)
        self.limits.take((SIGN_IN_CLIENT, client_address), (SIGN_IN_ADDRESS, email))
        now = keys.now()
        self.outbox.put(
            OutboxItem(
                id=keys.newest_first_id(now),
                kind=LetterKind.SIGN_IN,
                to=email,
                state=LetterState.QUEUED,
                created_at=now,
                due_at=now + STREAM_HEAD_START,
            )
        )
        return email

    def hand_over(self, entity_id: str, typed: str) -> str:
        """An address that signs an admin of the entity in, for one minute: the platform's users need no letter.

        :raises InvalidField: if it is no admin's address.
        """
        email = addresses.email(typed)
        if not self.members.is_admin(entity_id, email):
            raise InvalidField("email", N_("Must be an admin of the entity."))
        token = keys.random_secret()
        self.sign_ins.put(keys.digest(token), email, keys.now() + HAND_OVER_LIFETIME)
        return f"{self.base_url}/sign-in/{token}"

    def peek(self, token: str) -> str:
        """The address that a sign-in link is for; uses nothing up.

        :raises SignInExpired: if the link is used, too old, or no such.
        """
        email = self.sign_ins.peek(keys.digest(token), keys.now())
        if email is None:
            raise SignInExpired
        return email

    def sign_in(self, token: str, old_session: str) -> str:
        """Use the link up and begin a session under a new id; the browser's old one ends. Returns the cookie's secret.

        :raises SignInExpired: if the link is used, too old, or no such.
        """
        email = self.peek(token)
        now = keys.now()
        if not self.sign_ins.consume(keys.digest(token), now):
            raise SignInExpired
        if old_session:
            self.sign_out(old_session)
        secret = keys.random_secret()
        session = AdminSession(id_hash=keys.digest(secret), email=email, created_at=now, last_seen_at=now)
        self.sessions.put(session, now + AT_MOST)
        return secret

    def session(self, secret: str) -> AdminSession:
        """The session behind a cookie.

        :raises NotSignedIn: if there is none, or it has ended.
        """
        session = self.sessions.get(keys.digest(secret)) if secret else None
        now = keys.now()
        if session is None or now - session.created_at > AT_MOST or now - session.last_seen_at > IDLE:
            raise NotSignedIn
        if now - session.last_seen_at > TOUCH_EVERY:
            self.sessions.touch(session.id_hash, now)
        return session

    def sign_out(self, secret: str) -> None:
        """Nobody can use the session from now on."""
        self.sessions.end(keys.digest(secret))
