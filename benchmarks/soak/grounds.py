"""Where a soak stands: on storage in memory, or on moto."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from benchmarks.soak import ideal
from benchmarks.soak.lessons import Lesson
from benchmarks.soak.memory import Memory
from benchmarks.soak.plan import Plan, planned
from benchmarks.soak.sealing import Open
from benchmarks.soak.sides import Sides
from benchmarks.soak.soaking import Clock, Post, Soak, on_this_clock
from benchmarks.stage import Stages
from chalicelib import wiring
from chalicelib.domain import EventKind
from tests.support.world import World, forget

RARELY = timedelta(hours=6)
"""How often the schedules run on moto, where a run with nothing to do costs sixteen calls."""


def in_memory(lessons: Sequence[Lesson], count: int, days: int, seed: int, every: timedelta = ideal.RUN) -> Soak:
    """A soak that has been run. ``every``: how often the schedules run."""
    import app

    memory = Memory()
    nouns = ("vault", "attention", "breakers", "connections", "entities", "members", "events", "suppressions", "outbox")
    stored = replace(wiring.storage(), **{noun: getattr(memory, noun) for noun in nouns})

    def news() -> None:
        for event in list(memory.kept.waiting.values()):
            wiring.alerting().on_event(event)
            stored.events.settled(event)

    forget()
    sealer = Open()
    with patch.object(wiring, "storage", lambda: stored), patch.object(wiring, "sealer", lambda: sealer):
        return _run(_made(planned(lessons, count, days, seed), app.app.handler_map, news, every))


def on_moto(stages: Stages, lessons: Sequence[Lesson], count: int, days: int, seed: int) -> Soak:
    """The same on the real storage and the real sealer, against moto."""
    with stages() as stage:
        forget()
        world, plan = stage.world, planned(lessons, count, days, seed)
        soak = _made(plan, world.app.handler_map, lambda: _passed_on(world), RARELY)
        return _run(soak)


def _made(plan: Plan, handlers: Any, news: Callable[[], None], every: timedelta) -> Soak:
    clock, chance = Clock(), random.Random(plan.days)  # noqa: S311 - a plan, no secret
    return Soak(
        plan=plan,
        sides=Sides(plan, clock, chance),
        clock=clock,
        post=Post(chance),
        news=news,
        handlers=handlers,
        every=every,
    )


def _run(soak: Soak) -> Soak:
    with on_this_clock(soak), _unlogged():
        soak.run()
        soak.settle()
    forget()
    return soak


def _passed_on(world: World) -> None:
    """No stream: the sweep does it all. Who read when is forgotten first, as moto weighs all that it holds."""
    tables = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    readings = tables["ephemeral"].items
    for key in [key for key in readings if str(key.value).startswith("READING#")]:
        del readings[key]
    for rows in tables["core"].items.values():
        for key in [key for key, row in rows.items() if _says(row, EventKind.CREDENTIALS_READ)]:
            del rows[key]
    if tables["core"].stream_shard:
        tables["core"].stream_shard.items.clear()
    world.sweep()


def _says(row: Any, kind: EventKind) -> bool:
    return "kind" in row.attrs and row.attrs["kind"].value == kind.value


@contextmanager
def _unlogged() -> Iterator[None]:
    """A line for each of half a million readings says nothing more than one."""
    import logging

    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
