"""What is to happen in ninety days, from one seed: readings, owners who take access back, apps in trouble."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from benchmarks.soak.lessons import Lesson
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism

START = datetime(2027, 1, 4, tzinfo=UTC)
DAYS = 90
CALM_DAYS = 5
"""At the end, so that what can recover has."""
QUIET_EVERY = 3
"""Of so many apps one has no trouble: there the ideal can be counted to the renewal."""
ENDED_SHARE, RECONNECT_SHARE, INVITED_SHARE, UNREAD_SHARE, OLD_SHARE = 0.03, 0.5, 0.5, 0.1, 0.3
RECONNECT_AFTER = timedelta(days=12)
NIGHT = timedelta(hours=2)
"""When the platform reads half of all, within ten minutes."""


class How(Enum):
    """An app's trouble."""

    DOWN = auto()
    SLOW_DOWN = auto()
    """429, with ``Retry-After``."""
    NONSENSE = auto()
    """200, and a page instead of an answer."""
    REFUSING = auto()
    """A no that says nothing of the grant."""
    US = auto()
    """It does not know our client. Where keys were pasted it is them that it does not know: that is an end."""
    BLIP = auto()
    """One request in three fails."""


@dataclass(frozen=True, slots=True)
class Trouble:
    how: How
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One connection."""

    number: int
    lesson: Lesson
    entity_id: str
    connected_at: datetime
    invited: str
    reads_at: timedelta | None
    """Each day; ``None``: nobody reads it, but for the last day."""
    ended_at: datetime | None = None
    """The owner takes the access back at the app, which tells nobody."""
    reconnected_at: datetime | None = None

    @property
    def app(self) -> str:
        return self.lesson.row.slug

    @property
    def consent_ends(self) -> datetime | None:
        """The app's own calendar."""
        lasts = self.lesson.row.consent_lasts
        return self.connected_at + lasts if lasts else None

    def over(self, at: datetime) -> bool:
        """Whether the app takes nothing of it any more, by the plan."""
        taken = self.ended_at is not None and at >= self.ended_at
        again = self.reconnected_at is not None and at >= self.reconnected_at
        return (taken and not again) or (self.consent_ends is not None and at >= self.consent_ends)

    def readings(self, days: int) -> Iterator[datetime]:
        """When the platform asks for its credential; never at the same second of two days."""
        chance = random.Random(self.number)  # noqa: S311 - a plan, no secret
        for day in range(days):
            at = START + timedelta(days=day) + (self.reads_at or NIGHT) + timedelta(seconds=chance.uniform(0, 300))
            if self.reads_at is not None or day == days - 1:
                yield at


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    days: int
    connections: Sequence[Planned]
    troubles: dict[str, list[Trouble]]

    @property
    def end(self) -> datetime:
        return START + timedelta(days=self.days)


def planned(lessons: Sequence[Lesson], count: int, days: int, seed: int) -> Plan:
    """The same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a plan, no secret
    shuffled = list(lessons)
    chance.shuffle(shuffled)
    troubled = [lesson.row for number, lesson in enumerate(shuffled) if number % QUIET_EVERY]
    return Plan(
        days=days,
        connections=[_connection(chance, number, lessons, days) for number in range(count)],
        troubles={
            row.slug: [one for one in _troubles(chance, days, long=number % 7 == 0) if _can_have(row, one.how)]
            for number, row in enumerate(troubled)
        },
    )


def _can_have(row: Provider, how: How) -> bool:
    return how is not How.US or row.mechanism is not Mechanism.KEY_FORM


def _connection(chance: random.Random, number: int, lessons: Sequence[Lesson], days: int) -> Planned:
    lesson, entity_id = lessons[number % len(lessons)], f"books-{number // len(lessons):04d}"
    connected_at = START - timedelta(seconds=chance.uniform(0, 7 * 86_400))
    lasts, ended_at, reconnected_at = lesson.row.consent_lasts, None, None
    if lasts and not lesson.rotates and chance.random() < OLD_SHARE:
        connected_at = START - lasts + timedelta(days=chance.uniform(1, days * 0.9))
    elif chance.random() < ENDED_SHARE:
        ended_at = START + timedelta(days=chance.uniform(1, max(days - CALM_DAYS - 21, 2)))
        reconnected_at = ended_at + RECONNECT_AFTER if chance.random() < RECONNECT_SHARE else None
    at_night = timedelta(seconds=chance.uniform(0, 600)) + NIGHT
    return Planned(
        number=number,
        lesson=lesson,
        entity_id=entity_id,
        connected_at=connected_at,
        invited=f"owner-{number}@shop.example" if chance.random() < INVITED_SHARE else "",
        reads_at=None
        if chance.random() < UNREAD_SHARE
        else chance.choice([at_night, timedelta(seconds=chance.uniform(0, 86_000))]),
        ended_at=ended_at,
        reconnected_at=reconnected_at,
    )


def _troubles(chance: random.Random, days: int, *, long: bool) -> Iterator[Trouble]:
    """An app's: outages of minutes and hours, now and then one of days; nothing in the last days."""
    calm = max(days - CALM_DAYS, 1)
    hours = {How.DOWN: 10, How.SLOW_DOWN: 2, How.NONSENSE: 1, How.REFUSING: 2, How.US: 3, How.BLIP: 12}
    for how, most in hours.items():
        for _ in range(max(1, days // 30)):
            begins = START + timedelta(days=chance.uniform(0, calm - 1))
            yield Trouble(how, begins, begins + timedelta(hours=chance.uniform(0.1, most)))
    if long:
        begins = START + timedelta(days=chance.uniform(0, max(calm - 3, 0.1)))
        yield Trouble(How.DOWN, begins, begins + timedelta(days=2))
