"""Attempts: begun once, claimed once, ended once."""

from datetime import datetime

from chalicelib import keys
from chalicelib.domain import Account, Attempt, AttemptState, Authority, Event, InvitationState
from chalicelib.errors import NotKept
from chalicelib.storage import rows
from chalicelib.storage.models import AttemptItem, InvitationItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update


def key_of(attempt_id: str) -> str:
    """The partition of an attempt."""
    return f"ATTEMPT#{attempt_id}"


def attempt(item: AttemptItem) -> Attempt:
    account = Account(id=item.account_id, name=item.account_name) if item.account_id else None
    return Attempt(
        id=rows.id_in(item.pk),
        entity_id=item.entity_id or "",
        app=item.app,
        browser_hash=item.browser_hash,
        authority=Authority(nonce=item.nonce or b"", admin=item.admin, session_hash=item.session_hash),
        tenant=item.tenant,
        verifier=item.verifier,
        invitation_id=item.invitation_id,
        invited=item.invited,
        mends=item.mends,
        state=AttemptState(item.state),
        claim=item.claim,
        claimed_at=item.claimed_at,
        expires_at=item.expires_at,
        account=account,
        reconnected=bool(item.reconnected),
        failure=item.failure,
        parked=item.parked or b"",
    )


def _item(attempt: Attempt) -> AttemptItem:
    return AttemptItem(
        key_of(attempt.id),
        entity_id=attempt.entity_id or None,
        app=attempt.app,
        browser_hash=attempt.browser_hash,
        nonce=attempt.authority.nonce or None,
        admin=attempt.authority.admin,
        session_hash=attempt.authority.session_hash,
        tenant=attempt.tenant,
        verifier=attempt.verifier,
        invitation_id=attempt.invitation_id,
        invited=attempt.invited,
        mends=attempt.mends,
        state=attempt.state.value,
        claim=attempt.claim,
        claimed_at=attempt.claimed_at,
        expires_at=attempt.expires_at,
        parked=attempt.parked or None,
    )


class Attempts:
    """The attempt rows of ``ephemeral``."""

    def begin(self, attempt: Attempt) -> None:
        """Remember a new attempt."""
        call(_item(attempt).save)

    def begin_invited(self, attempt: Attempt, event: Event) -> None:
        """The same, and the invitation that led to it is started, which its history says once."""
        invitation = InvitationItem(rows.entity_key(attempt.entity_id), f"{rows.INVITATIONS}{attempt.invitation_id}")
        write = Transaction()
        write.put("attempt", _item(attempt))
        write.put("event", rows.event_item(event))
        unstarted = InvitationItem.state != InvitationState.STARTED.value
        started = [InvitationItem.state.set(InvitationState.STARTED.value)]
        write.update("invitation", invitation, started, InvitationItem.pk.exists() & unstarted)
        try:
            write.commit()
        except ConditionFailed:
            self.begin(attempt)

    def get(self, attempt_id: str) -> Attempt | None:
        """The attempt as it stands."""
        try:
            return attempt(call(lambda: AttemptItem.get(key_of(attempt_id), consistent_read=True)))
        except AttemptItem.DoesNotExist:
            return None

    def claim(
        self,
        attempt_id: str,
        app: str,
        bindings: tuple[str, ...],
        now: datetime,
        state: AttemptState = AttemptState.PENDING,
    ) -> Attempt | None:
        """Pending or parked → claimed, for the right app, in the right browser, in time: once. ``None`` when not.

        The claim has a random name, so that our own repeat of a call whose answer was lost still wins.
        """
        item = AttemptItem(key_of(attempt_id))
        mine = keys.random_secret()
        actions = [
            AttemptItem.state.set(AttemptState.CLAIMED.value),
            AttemptItem.claim.set(mine),
            AttemptItem.claimed_at.set(now),
        ]
        condition = (
            ((AttemptItem.state == state.value) | (AttemptItem.claim == mine))
            & (AttemptItem.app == app)
            & AttemptItem.browser_hash.is_in(*bindings)
            & (AttemptItem.expires_at > now)
        )
        try:
            update(item, actions, condition)
        except ConditionFailed:
            return None
        return attempt(item)

    def adopt(
        self, attempt_id: str, app: str, entity_id: str, authority: Authority, *, invited: str, now: datetime
    ) -> Attempt | None:
        """What waits for nobody in particular → claimed, for an entity: once. ``None`` when nothing waits."""
        item = AttemptItem(key_of(attempt_id))
        actions = [
            AttemptItem.state.set(AttemptState.CLAIMED.value),
            AttemptItem.claim.set(keys.random_secret()),
            AttemptItem.claimed_at.set(now),
            AttemptItem.entity_id.set(entity_id),
            AttemptItem.admin.set(authority.admin),
            AttemptItem.session_hash.set(authority.session_hash),
            AttemptItem.invited.set(invited),
        ]
        if authority.nonce:
            actions.append(AttemptItem.nonce.set(authority.nonce))
        waits = (AttemptItem.state == AttemptState.PARKED.value) & AttemptItem.entity_id.does_not_exist()
        try:
            update(item, actions, waits & (AttemptItem.app == app) & (AttemptItem.expires_at > now))
        except ConditionFailed:
            return None
        return attempt(item)

    def park(self, attempt: Attempt, parked: bytes, until: datetime) -> None:
        """Claimed → parked: the grant waits, sealed, for an answer.

        :raises NotKept: if the attempt is not ours any more; nobody will ever fetch what was to wait.
        """
        actions = [
            AttemptItem.state.set(AttemptState.PARKED.value),
            AttemptItem.parked.set(parked),
            AttemptItem.expires_at.set(until),
        ]
        still_mine = (AttemptItem.claim == attempt.claim) & (AttemptItem.state == AttemptState.CLAIMED.value)
        try:
            update(AttemptItem(key_of(attempt.id)), actions, still_mine)
        except ConditionFailed:
            raise NotKept from None

    def hand_over(self, attempt_id: str, app: str, parked: bytes, now: datetime) -> bool:
        """Leave what an app posted for a pending attempt, once. Returns whether there was such an attempt."""
        pending = (AttemptItem.state == AttemptState.PENDING.value) & (AttemptItem.app == app)
        timely = (AttemptItem.expires_at > now) & AttemptItem.parked.does_not_exist()
        try:
            update(AttemptItem(key_of(attempt_id)), [AttemptItem.parked.set(parked)], pending & timely)
        except ConditionFailed:
            return False
        return True

    def fail(self, attempt: Attempt, cause: str, event: Event) -> None:
        """Claimed → failed, with the event that tells the admins why. What is done stays done; what was kept, goes."""
        write = Transaction()
        item = AttemptItem(key_of(attempt.id))
        actions = [
            AttemptItem.state.set(AttemptState.FAILED.value),
            AttemptItem.failure.set(cause),
            AttemptItem.verifier.set(""),
            AttemptItem.parked.remove(),
        ]
        still_mine = (AttemptItem.claim == attempt.claim) & (AttemptItem.state == AttemptState.CLAIMED.value)
        write.update("attempt", item, actions, still_mine)
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            return
