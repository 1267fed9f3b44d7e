"""Sending what is in the outbox: claim, one send, record. Duplicates are bounded, losses are not accepted.

A send that SES may have taken counts (``sends``). One that SES surely did not take does not, and is tried again
with growing pauses. One of which nobody knows is sent once more after ``UNKNOWN_AFTER``; a third time only where SES
tells us of each letter that it took (``heard``) and has been silent for ``SILENCE``, so that it took neither.
So the claim, which counts a send, stands as close to the send as it can: what is read for a letter is read before.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Letter, LetterKind, LetterState, OutboxItem
from chalicelib.errors import ClientConnectError, MailRejected, MailRetry, MailUnknown
from chalicelib.services.ports import Outbox, Post

LEASE = timedelta(minutes=2)
"""How long a sender may hold a letter: longer than any function of ours runs."""
UNKNOWN_AFTER = timedelta(minutes=15)
MOST_SENDS = 2
SILENCE = timedelta(hours=1)
"""SES says within seconds that it took a letter. Twice as long each further time, in case it is us who do not hear."""
MOST_SENDS_HEARD = 6
MOST_TRIES = 30
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)

type Compose = Callable[[OutboxItem], Letter | None]
"""Makes the letter when it is sent; ``None`` when there is nobody or nothing to write to any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """``compose`` has a function for each kind of letter; ``outcome`` hears of what became of one.

    ``heard``: whether SES's own events come to us.
    """

    outbox: Outbox
    post: Post
    compose: Mapping[LetterKind, Compose]
    outcome: Callable[[OutboxItem], None]
    heard: bool

    def put_and_send(self, item: OutboxItem, compose: Compose) -> None:
        """A letter claimed by being put in; whoever was first sends it. ``compose`` has all it needs at hand."""
        claimed = replace(item, state=LetterState.SENDING, tries=1, sends=1, due_at=keys.now() + LEASE)
        if not self.outbox.put(claimed):
            return
        try:
            letter = compose(claimed)
        except Exception:
            self._later(replace(claimed, sends=0))
            raise
        self._send(claimed, letter)

    def send(self, item: OutboxItem) -> None:
        """Take up a letter that waits, or that somebody began and never ended."""
        if self._one_too_many(item):
            self._leave(item)
            return
        try:
            letter = self.compose[item.kind](item)
        except ClientConnectError:
            raise  # an outage: the letter stays as it is, and due
        except Exception:
            self._postpone(item)
            raise
        if self.outbox.claim(item, keys.now() + LEASE):
            self._send(replace(item, tries=item.tries + 1, sends=item.sends + 1), letter)

    def _send(self, item: OutboxItem, letter: Letter | None) -> None:
        if letter is None:
            self._end(replace(item, state=LetterState.DROPPED, sends=item.sends - 1, due_at=None))
            return
        try:
            message_id = self.post.send(letter)
        except MailRetry:
            self._later(replace(item, sends=item.sends - 1))
        except MailRejected:
            self._end(replace(item, state=LetterState.FAILED, sends=item.sends - 1, due_at=None))
        except MailUnknown:
            self._record(replace(item, state=LetterState.UNKNOWN, due_at=keys.now() + self._silence(item)))
        else:
            self._end(replace(item, state=LetterState.SENT, due_at=None), message_id)

    def _postpone(self, item: OutboxItem) -> None:
        """A letter that cannot be written must not stand in front of the others for ever."""
        if self.outbox.claim(item, keys.now() + LEASE):
            self._later(replace(item, tries=item.tries + 1))

    def _later(self, item: OutboxItem) -> None:
        if item.tries >= MOST_TRIES:
            self._end(replace(item, state=LetterState.FAILED, due_at=None))
            return
        pause = min(FIRST_PAUSE * 2 ** min(item.tries - 1, 10), LONGEST_PAUSE)
        self._record(replace(item, state=LetterState.RETRY, due_at=keys.now() + pause))

    def _one_too_many(self, item: OutboxItem) -> bool:
        """Whether SES may have taken two already: nobody knows of either, and SES's silence says nothing, or not yet."""
        if item.state not in {LetterState.SENDING, LetterState.UNKNOWN} or item.sends < MOST_SENDS:
            return False
        return item.state is LetterState.SENDING or not self.heard or item.sends >= MOST_SENDS_HEARD

    def _leave(self, item: OutboxItem) -> None:
        """A letter that must not go, for now if whoever sent it died just now, or for good."""
        if not self.outbox.claim(item, keys.now() + LEASE):
            return
        left = replace(item, tries=item.tries + 1, state=LetterState.UNKNOWN, due_at=None)
        if self.heard and item.state is LetterState.SENDING:
            self._record(replace(left, due_at=keys.now() + self._silence(item)))
        else:
            self._end(left)

    def _silence(self, item: OutboxItem) -> timedelta:
        """How long SES has to speak before the letter is looked at again."""
        more = item.sends - MOST_SENDS
        return SILENCE * 2**more if self.heard and more >= 0 else UNKNOWN_AFTER

    def _end(self, item: OutboxItem, message_id: str = "") -> None:
        """First whoever waits for the outcome, then the outbox: in between is a second letter, not a lost one."""
        self.outcome(item)
        self._record(item, message_id)

    def _record(self, item: OutboxItem, message_id: str = "") -> None:
        self.outbox.record(item, message_id)
        level = logging.WARNING if item.state in {LetterState.FAILED, LetterState.UNKNOWN} else logging.INFO
        logs.event(
            "letter", level=level, entity_id=item.entity_id, letter=item.id, kind=item.kind, state=item.state,
            tries=item.tries, sends=item.sends, **{f"letters_{item.state}": 1},
        )  # fmt: skip
