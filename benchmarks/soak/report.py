"""The soak's figures beside what they must be."""

import time
from collections.abc import Iterator

from benchmarks.report import Cell, Section
from benchmarks.soak import grounds, ideal
from benchmarks.soak.lessons import Lesson, learn
from benchmarks.soak.plan import DAYS
from benchmarks.soak.soaking import Soak
from benchmarks.stage import Stages

COUNT, ON_MOTO, SEED = 5_000, 100, 20_270_104
MOST_SECONDS = 600
MOST_A_DAY = {"renewals": 20, "looks": 24}
"""Tried in vain, for one connection."""
HEAD = ("", "is", "must be", "")
NOTE = """Each connection of the whole catalogue is read once a day at a time of its own, half of them within ten minutes of
the night, a tenth not at all until the last day; the schedules run every five minutes (on moto every six hours). Two
apps of three have outages, limits, nonsense, refusals and days on which they do not know us; refresh tokens rotate
and end, owners take access back and connect again, consents end by the calendar, SES is busy. All from one seed. What
is needed is worked out from the plan alone (ideal.py)."""

type Figure = tuple[str, int, int, bool]
"""Name, what it is, what it must be, and whether less is as good."""


def sections(stages: Stages) -> Iterator[Section]:
    """In memory, then on moto; both together within the time that there is."""
    began = time.monotonic()
    lessons = learn(stages)
    soak = grounds.in_memory(lessons, COUNT, DAYS, SEED)
    yield _section(f"Soak: {COUNT:,} connections, {DAYS} days, in memory", soak, began)
    soak = grounds.on_moto(stages, lessons, ON_MOTO, DAYS, SEED)
    yield _section(f"Soak: {ON_MOTO} connections, {DAYS} days, on moto", soak, began)


def _section(title: str, soak: Soak, began: float) -> Section:
    figures = [*measured(soak), ("seconds, all told", int(time.monotonic() - began), MOST_SECONDS, True)]
    rows: list[list[Cell]] = [
        [name, f"{found:,}", f"{'≤ ' if less else ''}{wanted:,}", "OVER" if _missed(found, wanted, less=less) else ""]
        for name, found, wanted, less in figures
    ]
    shown: list[list[Cell]] = [[name, f"{count:,}", "", ""] for name, count in _shown(soak).items()]
    over = [
        f"{title}: {name} is {found:,}" for name, found, wanted, less in figures if _missed(found, wanted, less=less)
    ]
    return Section(title=title, note=NOTE, head=HEAD, rows=[*rows, *shown], over=over)


def over(soak: Soak) -> list[str]:
    """What is not as it must be."""
    return [name for name, found, wanted, less in measured(soak) if _missed(found, wanted, less=less)]


def _missed(found: int, wanted: int, *, less: bool) -> bool:
    return found > wanted if less else found != wanted


def measured(soak: Soak) -> list[Figure]:
    """Everything that has a bound."""
    plan, sides = soak.plan, soak.sides
    quiet = [planned for planned in plan.connections if _quiet(soak, planned.lesson) and planned.ended_at is None]
    calm = [planned for planned in quiet if planned.consent_ends is None or planned.consent_ends >= plan.end]
    sent = soak.post.count()
    return [
        ("grants lost by our doing", soak.lost, 0, False),
        ("refresh tokens used twice", sides.counts["refresh tokens used twice"], 0, False),
        ("renewals without need", sides.counts["renewals without need"], 0, False),
        (
            f"renewals of {len(calm):,} without trouble",
            sum(sides.renewals[planned.number] for planned in calm),
            sum(ideal.renewals(planned, plan, soak.every) for planned in calm),
            False,
        ),
        *(
            (f"most {kind} in vain, of one in a day", _most(soak, kind), most, True)
            for kind, most in MOST_A_DAY.items()
        ),
        ("asked before the app wanted to be", sides.counts["asked before the app wanted to be"], 0, False),
        ("tokens handed out that were none", soak.answers["not good"], 0, False),
        ("told to connect again, wrongly", soak.answers["needs attention, wrongly"], 0, False),
        ("ended, and nobody was told", soak.unfound, 0, False),
        *(
            (f"letters: {kind.replace('_', ' ')}", sent[kind], wanted, False)
            for kind, wanted in sorted(ideal.letters(plan).items())
        ),
        ("letters: others", sum(sent.values()) - sum(sent[kind] for kind in ideal.letters(plan)), 0, False),
    ]


def _shown(soak: Soak) -> dict[str, int]:
    return {
        "readings answered with a good token": soak.answers["good"],
        "readings answered: later": soak.answers["later"],
        "readings answered: needs attention": soak.answers["needs attention"],
        "renewals": soak.sides.renewals.total(),
        "requests at the apps": soak.sides.counts["requests"],
        "of these in trouble": soak.sides.counts["troubles"],
    }


def _most(soak: Soak, kind: str) -> int:
    return max((count for (tried, _, _), count in soak.sides.tries.items() if tried == kind), default=0)


def _quiet(soak: Soak, lesson: Lesson) -> bool:
    return lesson.row.slug not in soak.plan.troubles
