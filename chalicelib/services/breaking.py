"""An app that fails for many connections at once is left alone for a while, and pages say so.

What is known of other processes is up to half a minute old: a pause that begins a little late costs a few calls.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import keys, logs
from chalicelib.errors import AppWaits, Unavailable
from chalicelib.services.ports import Breakers

MANY = 10
"""Different connections, within ``WINDOW``. One shop that fails is that shop's trouble."""
WINDOW = timedelta(minutes=2)
FIRST = timedelta(minutes=1)
LONGEST = timedelta(minutes=30)
FRESH_SECONDS = 30


@dataclass(slots=True)
class _Known:
    read_at: float = float("-inf")
    states: Mapping[str, tuple[datetime | None, int]] = field(default_factory=dict)
    mine: set[str] = field(default_factory=set)
    """The apps that failed for this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """One for each process."""

    breakers: Breakers
    apps: tuple[str, ...]
    known: _Known = field(default_factory=_Known)

    def troubled(self) -> Mapping[str, datetime]:
        """The apps that are left alone, and until when. Nobody's page fails for this."""
        try:
            states = self._states()
        except Unavailable:
            return {}
        now = keys.now()
        return {app: until for app, (until, _) in states.items() if until and until > now}

    def check(self, app: str) -> None:
        """:raises AppWaits: while the app is left alone."""
        if until := self.troubled().get(app):
            raise AppWaits(seconds_until(until))

    def failed(self, app: str, connection_id: str) -> None:
        """The app failed for this connection. Should this be unknown, nothing is lost but a pause."""
        now = keys.now()
        self.known.mine.add(app)
        try:
            if self.breakers.failed(app, connection_id, now, WINDOW) < MANY:
                return
            until = now + min(FIRST * 2 ** min(self._opened(app), 10), LONGEST)
            if self.breakers.open(app, now, until):
                logs.event("breaker_opened", app=app, breaker_opened=1)
            self.known.read_at = float("-inf")
        except Unavailable:
            return

    def worked(self, app: str) -> None:
        """The app answered. Only whoever knows of trouble has to say so."""
        if app not in self.known.mine and not self._opened(app):
            return
        self.known.mine.discard(app)
        try:
            self.breakers.close(app)
        except Unavailable:
            return
        self.known.states = {name: state for name, state in self.known.states.items() if name != app}

    def _opened(self, app: str) -> int:
        return self.known.states.get(app, (None, 0))[1]

    def _states(self) -> Mapping[str, tuple[datetime | None, int]]:
        if time.monotonic() - self.known.read_at > FRESH_SECONDS:
            self.known.states = self.breakers.of(self.apps, keys.now())
            self.known.read_at = time.monotonic()
        return self.known.states


def seconds_until(at: datetime) -> int:
    """Whole seconds, at least one."""
    return max(1, int((at - keys.now()).total_seconds()) + 1)
