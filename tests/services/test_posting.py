"""Sending what is in the outbox, as a table of states. The outbox and the post are in memory here."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import keys
from chalicelib.domain import Event, Letter, LetterKind, LetterState, OutboxItem
from chalicelib.errors import MailRejected, MailRetry, MailUnknown, Unavailable
from chalicelib.services.posting import (
    LEASE,
    LONGEST_PAUSE,
    MOST_SENDS,
    MOST_SENDS_HEARD,
    MOST_TRIES,
    SILENCE,
    UNKNOWN_AFTER,
    Posting,
)
from tests.conftest import Clock


class Memory:
    """An outbox that keeps the contract of the real one."""

    def __init__(self) -> None:
        self.items: dict[str, OutboxItem] = {}
        self.message_ids: dict[str, str] = {}
        self.broken = False

    def put(self, item: OutboxItem) -> bool:
        if item.id in self.items:
            return False
        self.items[item.id] = item
        return True

    def claim(self, item: OutboxItem, lease_until: datetime) -> bool:
        kept = self.items[item.id]
        if (kept.state, kept.tries) != (item.state, item.tries):
            return False
        self.items[item.id] = replace(
            kept, state=LetterState.SENDING, tries=item.tries + 1, sends=item.sends + 1, due_at=lease_until
        )
        return True

    def record(self, item: OutboxItem, message_id: str = "") -> None:
        if self.broken:
            raise Unavailable
        kept = self.items[item.id]
        if (kept.state, kept.tries) == (LetterState.SENDING, item.tries):
            self.items[item.id] = replace(kept, state=item.state, sends=item.sends, due_at=item.due_at)
            self.message_ids[item.id] = message_id

    def due(self, now: datetime) -> Iterator[Event | OutboxItem]:
        yield from (item for item in list(self.items.values()) if item.due_at and item.due_at <= now)


@dataclass
class Ses:
    """Answers as told; then takes everything."""

    answers: list[type[Exception]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def send(self, letter: Letter) -> str:
        self.sent.append(letter.to)
        if self.answers and (answer := self.answers.pop(0)) is not Exception:
            raise answer
        return f"message-{len(self.sent)}"


class Office:
    """Everything together."""

    def __init__(self, *answers: type[Exception], heard: bool = False) -> None:
        self.outbox, self.ses = Memory(), Ses(list(answers))
        self.outcomes: list[LetterState] = []
        self.compose: Callable[[OutboxItem], Letter | None] = lambda item: Letter(
            id=item.id, kind=item.kind, to=item.to, subject="Hello", text="Hello", html="<p>Hello"
        )
        self.posting = Posting(
            outbox=self.outbox,
            post=self.ses,
            compose=dict.fromkeys(LetterKind, self._compose),
            outcome=lambda item: self.outcomes.append(item.state),
            heard=heard,
        )

    def _compose(self, item: OutboxItem) -> Letter | None:
        return self.compose(item)

    @property
    def item(self) -> OutboxItem:
        return self.outbox.items["letter"]

    def put(self) -> None:
        self.outbox.put(letter())

    def sweep(self) -> None:
        """What the schedule does."""
        for item in self.outbox.due(keys.now()):
            assert isinstance(item, OutboxItem)
            self.posting.send(item)


def letter(**changes: object) -> OutboxItem:
    made = OutboxItem(
        id="letter", kind=LetterKind.INVITATION, to="olive@coffee.example", state=LetterState.QUEUED,
        created_at=keys.now(), due_at=keys.now() + timedelta(minutes=2),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def put_and_send(office: Office) -> None:
    office.posting.put_and_send(letter(kind=LetterKind.ALERT), office.compose)


def send_queued(office: Office) -> None:
    office.put()
    office.posting.send(letter())


WAYS = pytest.mark.parametrize("begin", [put_and_send, send_queued])


@WAYS
@pytest.mark.parametrize(
    ("answer", "state", "sends", "due_in", "told"),
    [
        (Exception, LetterState.SENT, 1, None, [LetterState.SENT]),
        (MailRejected, LetterState.FAILED, 0, None, [LetterState.FAILED]),
        (MailRetry, LetterState.RETRY, 0, timedelta(seconds=30), []),
        (MailUnknown, LetterState.UNKNOWN, 1, UNKNOWN_AFTER, []),
    ],
)
def test_what_becomes_of_a_letter(
    begin: Callable[[Office], None],
    answer: type[Exception],
    state: LetterState,
    sends: int,
    due_in: timedelta | None,
    told: list[LetterState],
    clock: Clock,
) -> None:
    """Threats 38, 39. One request whatever the answer; only what is surely not taken counts as not sent."""
    office = Office(answer)
    begin(office)
    assert len(office.ses.sent) == 1
    assert (office.item.state, office.item.sends, office.item.tries) == (state, sends, 1)
    assert office.item.due_at == (clock.now + due_in if due_in else None)
    assert office.outcomes == told


@WAYS
def test_nobody_to_write_to(begin: Callable[[Office], None], clock: Clock) -> None:
    """Threat 20. A sign-in letter to a stranger ends here, and so does one whose subject has gone."""
    office = Office()
    office.compose = lambda _item: None
    begin(office)
    assert office.ses.sent == []
    assert (office.item.state, office.item.sends, office.item.due_at) == (LetterState.DROPPED, 0, None)


@pytest.mark.parametrize("state", [LetterState.QUEUED, LetterState.RETRY, LetterState.SENDING, LetterState.UNKNOWN])
def test_whoever_lost_the_claim_sends_nothing(state: LetterState, clock: Clock) -> None:
    """Threat 26."""
    office = Office()
    office.outbox.put(letter(state=state, tries=2))
    office.posting.send(letter(state=state, tries=1))
    assert office.ses.sent == []
    assert office.item.tries == 2


def test_the_same_event_again_sends_nothing(clock: Clock) -> None:
    """Threat 26. Whoever put the letter in sends it."""
    office = Office()
    for _ in range(3):
        put_and_send(office)
    assert len(office.ses.sent) == 1


def test_a_crash_while_sending_is_unknown(clock: Clock) -> None:
    """Threat 39. After the lease the sweep sends once more, and never a third time."""
    office = Office(KeyError, KeyError)
    for minutes in (0, 3):
        clock.forward(minutes=minutes)
        with pytest.raises(KeyError):
            put_and_send(office) if not minutes else office.sweep()
        assert office.item.state is LetterState.SENDING
    clock.forward(minutes=3)
    office.sweep()
    assert (office.item.state, office.item.due_at) == (LetterState.UNKNOWN, None)
    assert len(office.ses.sent) == 2
    assert office.outcomes == [LetterState.UNKNOWN]


def test_nobody_knows_twice(clock: Clock) -> None:
    """Threat 39. Not resolved within a quarter of an hour: once more, then left alone."""
    office = Office(MailUnknown, MailUnknown)
    put_and_send(office)
    clock.forward(minutes=14)
    office.sweep()
    assert len(office.ses.sent) == 1
    clock.forward(minutes=1)
    office.sweep()
    assert len(office.ses.sent) == 2
    clock.forward(days=1)
    office.sweep()
    clock.forward(days=1)
    office.sweep()
    assert len(office.ses.sent) == 2
    assert (office.item.state, office.item.due_at) == (LetterState.UNKNOWN, None)


def waits(office: Office, clock: Clock) -> list[timedelta]:
    """How long the letter waited, each time, until nothing was left to do."""
    found = []
    while office.item.due_at:
        found.append(office.item.due_at - clock.now)
        clock.now = office.item.due_at
        with suppress(KeyError):
            office.sweep()
    return found


def test_silence_says_that_ses_took_neither(clock: Clock) -> None:
    """Threat 39. Where SES tells of what it takes, an hour without a word after the second send allows a third."""
    office = Office(MailUnknown, MailUnknown, heard=True)
    put_and_send(office)
    assert waits(office, clock) == [UNKNOWN_AFTER, SILENCE]
    assert (office.item.state, office.item.sends) == (LetterState.SENT, 3)


def test_silence_allows_a_few_more_and_takes_longer_each_time(clock: Clock) -> None:
    """Threat 39. If it is us who do not hear, there must be an end."""
    office = Office(*[MailUnknown] * 20, heard=True)
    put_and_send(office)
    assert waits(office, clock) == [UNKNOWN_AFTER, *(SILENCE * 2**more for more in range(5))]
    assert len(office.ses.sent) == MOST_SENDS_HEARD
    assert (office.item.state, office.outcomes) == (LetterState.UNKNOWN, [LetterState.UNKNOWN])


def test_a_crash_over_the_second_send_is_followed_by_silence_too(clock: Clock) -> None:
    """Threat 39. A lease that ends says nothing of what SES took two minutes ago."""
    office = Office(MailUnknown, KeyError, heard=True)
    put_and_send(office)
    assert waits(office, clock) == [UNKNOWN_AFTER, LEASE, SILENCE]
    assert (office.item.state, office.item.sends) == (LetterState.SENT, 3)
    assert len(office.ses.sent) == 3


def test_a_refusal_after_the_silence_does_not_begin_it_anew(clock: Clock) -> None:
    """Threats 38, 39."""
    office = Office(MailUnknown, MailUnknown, MailRetry, heard=True)
    put_and_send(office)
    assert waits(office, clock) == [UNKNOWN_AFTER, SILENCE, timedelta(minutes=2)]
    assert (office.item.state, office.item.sends) == (LetterState.SENT, 3)


def test_known_after_all(clock: Clock) -> None:
    """Threat 39."""
    office = Office(MailUnknown)
    put_and_send(office)
    clock.forward(minutes=15)
    office.sweep()
    assert (office.item.state, office.item.sends) == (LetterState.SENT, 2)


def test_pauses_grow(clock: Clock) -> None:
    """Threat 38. 30 s, 1 min, 2 min … an hour; given up after thirty tries, and said so."""
    office = Office(*[MailRetry] * MOST_TRIES)
    send_queued(office)
    pauses: list[float] = []
    while office.item.due_at:
        pauses.append((office.item.due_at - clock.now).total_seconds())
        clock.now = office.item.due_at
        office.sweep()
    assert pauses[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[7:]) == {LONGEST_PAUSE.total_seconds()}
    assert len(office.ses.sent) == MOST_TRIES
    assert (office.item.state, office.outcomes) == (LetterState.FAILED, [LetterState.FAILED])


def test_throttled_and_then_sent(clock: Clock) -> None:
    """Threat 38."""
    office = Office(MailRetry, MailRetry)
    send_queued(office)
    for seconds in (30, 60):
        clock.forward(seconds=seconds)
        office.sweep()
    assert (office.item.state, office.item.sends, office.item.tries) == (LetterState.SENT, 1, 3)
    assert office.outcomes == [LetterState.SENT]


def test_a_lease_is_left_alone(clock: Clock) -> None:
    """Threat 26. Somebody is sending: the sweep looks on."""
    office = Office()
    office.outbox.put(letter(state=LetterState.SENDING, tries=1, sends=1, due_at=clock.now + LEASE))
    clock.forward(seconds=119)
    office.sweep()
    assert office.ses.sent == []


def test_sent_but_not_written_down(clock: Clock) -> None:
    """Threat 39. The outbox is down after the send: the lease ends, and one more letter goes, not two."""
    office = Office()
    office.outbox.broken = True
    with pytest.raises(Unavailable):
        put_and_send(office)
    for _ in range(4):
        clock.forward(minutes=3)
        office.outbox.broken = not office.outbox.broken
        try:
            office.sweep()
        except Unavailable:
            continue
    assert len(office.ses.sent) == 2


@given(
    st.lists(st.sampled_from([Exception, MailRetry, MailRejected, MailUnknown, KeyError]), max_size=12), st.booleans()
)
def test_at_most_one_letter_too_many(answers: list[type[Exception]], heard: bool) -> None:
    """Threats 38, 39. Whatever SES answers: of sends it may have taken, two at most; and the letter comes to an end.

    A few more, if its silence says that it took none of these.
    """
    moment = keys.now()
    with patch("chalicelib.keys.now", lambda: moment):
        office = Office(*answers, heard=heard)
        taken: list[type[Exception]] = []
        given_answers = list(answers)
        office.put()
        for _ in range(100):
            if office.item.due_at is None:
                break
            moment = max(moment, office.item.due_at)
            sent = len(office.ses.sent)
            with suppress(KeyError):
                office.sweep()
            if len(office.ses.sent) > sent:
                taken.append(given_answers.pop(0) if given_answers else Exception)
    assert office.item.due_at is None
    most = MOST_SENDS_HEARD if heard else MOST_SENDS
    assert sum(answer in {Exception, MailUnknown, KeyError} for answer in taken) <= most
    assert office.item.state in {LetterState.SENT, LetterState.FAILED, LetterState.UNKNOWN}
    assert len(office.outcomes) == 1
