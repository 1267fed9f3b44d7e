"""What ninety days need, from the plan and what the apps say of their tokens: written down once more, without our code.

The margins are docs/design.md's: a token is renewed when less than the row's margin is left of it, or half its life;
a refresh token that a new one replaces a third of its life before its end, ten days at the most and not on the day it
came; what the app wishes itself; a look once a week.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.soak.lessons import Lesson
from benchmarks.soak.plan import START, Plan, Planned

EARLY, PAUSE, WEEK = timedelta(days=10), timedelta(days=1), timedelta(days=7)
RUN = timedelta(minutes=5)
REMINDERS = (30, 7, 1)
ADMINS = 2
_NEVER = datetime.max.replace(tzinfo=START.tzinfo)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The newest, as the app has them."""

    issued_at: datetime = START
    access_ends: datetime | None = None
    refresh_at: datetime = START
    """When the refresh token came."""
    refresh_ends: datetime | None = None


def issued(lesson: Lesson, before: Tokens, now: datetime) -> Tokens:
    """The next; a refresh token that is not replaced keeps its end, unless using it is enough."""
    new = lesson.rotates or lesson.slides or before.access_ends is None
    life = lesson.refresh_life
    return Tokens(
        issued_at=now,
        access_ends=now + lesson.access_life if lesson.access_life else None,
        refresh_at=now if new else before.refresh_at,
        refresh_ends=(now + life if life else None) if new else before.refresh_ends,
    )


def stale(lesson: Lesson, tokens: Tokens, now: datetime) -> bool:
    """Whether the access token is about to end."""
    if tokens.access_ends is None or lesson.access_life is None:
        return False
    return now >= tokens.access_ends - min(lesson.row.margin, lesson.access_life / 2)


def alive_at(lesson: Lesson, tokens: Tokens) -> datetime:
    """When it has to be renewed though nobody asks."""
    times, row = [_NEVER], lesson.row
    if row.renewal and row.renewal.every:
        times.append(tokens.issued_at + row.renewal.every)
    if lesson.rotates and tokens.refresh_ends:
        life = tokens.refresh_ends - tokens.refresh_at
        times.append(max(tokens.refresh_ends - min(EARLY, life / 3), tokens.refresh_at + PAUSE))
    return min(times)


def wanted(lesson: Lesson, tokens: Tokens, now: datetime) -> bool:
    """Whether there is a reason to renew."""
    a_moment = timedelta(seconds=2)  # what an app says in whole seconds
    return stale(lesson, tokens, now + a_moment) or now + a_moment >= alive_at(lesson, tokens)


def renewals(planned: Planned, plan: Plan, every: timedelta = RUN) -> int:
    """So many does a connection need whose app is always there, and whose owner changes nothing.

    ``every``: how often somebody looks after what nobody asks for; one thing for each grant, each time.
    """
    lesson, tokens, count = planned.lesson, issued(planned.lesson, Tokens(), planned.connected_at), 0
    look = planned.connected_at + WEEK
    readings, run = [*planned.readings(plan.days), _NEVER], START - every
    while True:
        ran, run = run, max(_next_run(min(look, alive_at(lesson, tokens)), every), run + every)
        at = min(run, readings[0])
        if at >= plan.end:
            return count
        if at == readings[0]:
            readings.pop(0)
            due, run = stale(lesson, tokens, at), ran
        elif alive_at(lesson, tokens) <= at:
            due = True
        else:
            due, look = stale(lesson, tokens, at), at + WEEK
        if due:
            tokens, count = issued(lesson, tokens, at), count + 1


def _next_run(due: datetime, every: timedelta) -> datetime:
    """The first at or after it. The table keeps whole seconds."""
    seconds = max((due - START).total_seconds(), 0)
    runs = -(-int(seconds) // int(every.total_seconds()))
    return START + runs * every if due < _NEVER else _NEVER


def letters(plan: Plan) -> Counter[str]:
    """By kind: so many and no more."""
    found: Counter[str] = Counter()
    for planned in plan.connections:
        to = ADMINS + bool(planned.invited)
        over = [planned.ended_at, planned.consent_ends]
        found["attention"] += to * sum(1 for at in over if at and at < plan.end)
        found["consent_ending"] += to * _reminders(planned, plan)
        if planned.reconnected_at and planned.reconnected_at < plan.end:
            found["alert"] += ADMINS
            found["receipt"] += bool(planned.invited)
    return found


def _reminders(planned: Planned, plan: Plan) -> int:
    """Of those before the first run only the nearest is sent."""
    if planned.consent_ends is None:
        return 0
    times = [planned.consent_ends - timedelta(days=days) for days in REMINDERS]
    return any(at <= START for at in times) + sum(START < at < plan.end for at in times)
