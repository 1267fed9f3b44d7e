"""Ninety days in minutes: the product itself on a clock that jumps, with storage in memory or on moto."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks.soak import ideal
from benchmarks.soak.plan import START, Plan, Planned
from benchmarks.soak.sides import Sides
from chalicelib import keys, wiring
from chalicelib.domain import Account, Authority, ConnectLink, Entity, EventKind, Grant, GrantStatus, Letter, Member
from chalicelib.errors import AppWaits, MailRetry, NeedsAttention
from chalicelib.services.establishing import connection_id
from chalicelib.services.events import event
from chalicelib.services.keeping import Keeping
from chalicelib.services.redeeming import identified

NONCE = b"\x01" * 16
BUSY_SHARE = 0.02
"""Of the letters that SES does not take at once."""

type Step = tuple[datetime, int, Callable[[], None]]


@dataclass(slots=True)
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Post:
    """SES: counts what it takes, and is too busy now and then."""

    chance: random.Random
    busy: float = 0.0
    sent: list[str] = field(default_factory=list)

    def send(self, letter: Letter) -> str:
        if self.chance.random() < self.busy:
            raise MailRetry
        self.sent.append(letter.kind.value)
        return "x"

    def count(self) -> Counter[str]:
        """By kind."""
        return Counter(self.sent)


@dataclass(slots=True)
class Soak:
    """One run. ``news`` hands on what the stream would; ``every`` is how often the schedules run."""

    plan: Plan
    sides: Sides
    clock: Clock
    post: Post
    news: Callable[[], None]
    handlers: dict[str, Any]
    every: timedelta = ideal.RUN
    answers: Counter[str] = field(default_factory=Counter)
    by_id: dict[tuple[str, str], Planned] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    lost: int = 0
    unfound: int = 0

    def run(self) -> None:
        """Connect them all, then let the days pass."""
        for planned in sorted(self.plan.connections, key=lambda one: one.connected_at):
            self.clock.now = planned.connected_at
            self._connect(planned)
        self.clock.now = START
        self.news()
        self.post.sent.clear()
        self.post.busy = BUSY_SHARE
        for at, _, step in heapq.merge(self._schedule(), self._readings(), self._owners()):
            self.clock.now = at
            step()

    def _connect(self, planned: Planned) -> None:
        stored = wiring.storage()
        if stored.entities.get(planned.entity_id) is None:
            stored.entities.create(*_entity(planned.entity_id, self.clock.now))
        row, grant = planned.lesson.row, self.sides.give(planned)
        if planned.number not in self.accounts:
            self.accounts[planned.number] = self._named(planned, grant)
        with patch("chalicelib.services.establishing.Connection", _invited(planned)):
            wiring.establishing().establish(
                planned.entity_id, row, self.accounts[planned.number], grant,
                by="connect link", authority=Authority(nonce=NONCE), attempt=None,
            )  # fmt: skip
        self.by_id[planned.entity_id, self._id(planned)] = planned

    def _named(self, planned: Planned, grant: Grant) -> Account:
        """As the app names it; some are named by their keys, which are others for each. A look compares."""
        self.sides.asking, lesson = planned, planned.lesson
        if lesson.row.check is not None:
            return lesson.account
        call = wiring.apps().call(lesson.row, wiring.web(), words={**grant.extra, "account_id": lesson.account.id})
        found = identified(call, grant, {})
        return next((account for account in found if account.id == lesson.account.id), found[0])

    def _id(self, planned: Planned) -> str:
        return connection_id(planned.entity_id, planned.app, self.accounts[planned.number].id)

    def _schedule(self) -> Iterator[Step]:
        at = START
        while at < self.plan.end:
            yield at, 0, self._keep_alive
            if at.hour % 6 == 0 and at.minute == 0:
                yield at, 1, self._sweep
            at += self.every
        yield self.plan.end - timedelta(seconds=1), 2, self._sweep

    def _readings(self) -> Iterator[Step]:
        return heapq.merge(*(self._readings_of(planned) for planned in self.plan.connections))

    def _readings_of(self, planned: Planned) -> Iterator[Step]:
        for at in planned.readings(self.plan.days):
            yield at, 10 + planned.number, lambda: self._read(planned)

    def _owners(self) -> Iterator[Step]:
        again = [(one.reconnected_at, one) for one in self.plan.connections if one.reconnected_at]
        for at, planned in sorted(again, key=lambda pair: pair[0]):
            yield at, 3, lambda planned=planned: self._reconnect(planned)  # type: ignore[misc]

    def _reconnect(self, planned: Planned) -> None:
        self._connect(planned)
        self.news()

    def _keep_alive(self) -> None:
        self.handlers["keep_alive"](_SCHEDULED, None)
        self.news()

    def _sweep(self) -> None:
        for found in wiring.alerting().due():
            wiring.alerting().finish(found)

    def _read(self, planned: Planned) -> None:
        self.sides.asking = planned
        try:
            found = wiring.crediting().credential(planned.entity_id, self._id(planned), "platform")
        except NeedsAttention:
            self.answers["needs attention"] += 1
            self.answers["needs attention, wrongly"] += not planned.over(self.clock.now)
        except AppWaits:
            self.answers["later"] += 1
        else:
            handed = dict(found.fields) or {"access_token": found.access_token}
            good = self.sides.good(planned, handed)
            self.answers["good"] += good
            self.answers["not good"] += not good and not planned.over(self.clock.now)

    def keep(self, keeping: Keeping, due: Any, keep: Callable[..., bool]) -> bool:
        """Notes for whom the run is at work."""
        self.sides.asking = self.by_id[due.entity_id, due.id]
        return keep(keeping, due)

    def settle(self) -> None:
        """What became of each of them, here and at the app."""
        self.clock.now = self.plan.end
        for planned in self.plan.connections:
            held = wiring.storage().vault.get(planned.entity_id, self._id(planned))
            assert held
            over, needs = planned.over(self.clock.now), held.status is GrantStatus.NEEDS_ATTENTION
            self.lost += not over and (needs or self.sides.lost(planned))
            self.unfound += over and not needs


_SCHEDULED = {
    **dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source"), "x"),
    "detail": {},
    "resources": [],
}


def _entity(entity_id: str, at: datetime) -> tuple[Entity, list[Member], list[Any]]:
    link = ConnectLink(entity_id=entity_id, nonce=NONCE, key_id=1, generation=1, created_at=at)
    made = Entity(id=entity_id, name="Acme Coffee LLC", link=link, created_at=at)
    members = [
        Member(entity_id=entity_id, email=f"admin-{number}@{entity_id}.example", added_at=at, added_by="platform soak")
        for number in range(ideal.ADMINS)
    ]
    return made, members, [event(entity_id, EventKind.ENTITY_CREATED, "platform soak")]


def _invited(planned: Planned) -> Callable[..., Any]:
    """The connection of somebody who came by an invitation, without the invitation."""
    from chalicelib.domain import Connection

    return lambda **fields: Connection(**fields | {"invited": planned.invited})


@contextmanager
def on_this_clock(soak: Soak) -> Iterator[None]:
    """The product asks this clock, these apps and this SES; it never waits, as it is alone."""
    keep = Keeping.keep
    seconds = SimpleNamespace(monotonic=lambda: soak.clock().timestamp())
    posting = replace(wiring.posting(), post=soak.post)
    with ExitStack() as stack:
        for patched in (
            patch.object(keys, "now", soak.clock),
            patch("chalicelib.services.breaking.time", seconds),
            patch("chalicelib.services.waiting.time", seconds),
            patch.object(wiring.web(), "_sent", soak.sides.sent),
            patch.object(wiring, "posting", lambda: posting),
            patch.object(Keeping, "keep", lambda keeping, due: soak.keep(keeping, due, keep)),
        ):
            stack.enter_context(patched)
        yield
