"""The life of a grant in tests: time that passes here and at the apps, readings, and what the vault holds."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain import Grant, Held
from local.simulators import Simulators
from tests.conftest import Clock
from tests.support.dance import connect
from tests.support.visitor import Answer
from tests.support.world import World

CREDENTIALS = "/v1/entities/{}/connections/{}/credentials"


class Books:
    """One entity with a connection, and a clock that the apps keep to as well."""

    def __init__(self, world: World, clock: Clock, app: str, **fields: str) -> None:
        self.world, self.clock, self.app, self.fields = world, clock, app, fields
        world.entity()
        self.connect()

    def connect(self, account: str | None = None) -> None:
        """Connected, or connected again."""
        connect(self.world, self.world.visitor(), self.world.link(), self.app, account=account, **self.fields)

    @property
    def id(self) -> str:
        """The connection's."""
        [found] = [one["id"] for one in self.world.connections() if one["app"] == self.app]
        return str(found)

    def read(self) -> Answer:
        """The credential, as the platform gets it."""
        return self.world.platform().get(CREDENTIALS.format("acme", self.id))

    def held(self) -> Held:
        """What the vault has."""
        found = wiring.storage().vault.get("acme", self.id)
        assert found
        return found

    def grant(self) -> Grant:
        """The same, opened."""
        held = self.held()
        return wiring.sealer().open(held.sealed, held)

    def item(self) -> dict[str, Any]:
        """The same as AWS has it."""
        [found] = self.world.vault.items()
        return found

    def later(self, **amount: float) -> None:
        """Time passes for us and for the apps."""
        before = self.clock.now
        self.clock.forward(**amount)
        self.world.apps.pass_time((self.clock.now - before).total_seconds())

    def hits(self, endpoint: str = "token") -> int:
        """What the app was asked."""
        return self.world.apps.count(self.app, endpoint)

    def works(self, token: str) -> bool:
        """Whether the app takes the token."""
        return any(one.access_token == token and one.active for one in self.world.apps.tokens(self.app))


def keep_alive(world: World, context: object = None) -> dict[str, int]:
    """The schedule's handler, as EventBridge calls it."""
    event = dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source"), "x")
    answer: dict[str, int] = world.app.handler_map["keep_alive"]({**event, "detail": {}, "resources": []}, context)
    return answer


def impatient(patch: pytest.MonkeyPatch) -> None:
    """Who waits for somebody looks again at once."""
    patch.setattr("chalicelib.services.waiting.time", SimpleNamespace(sleep=lambda _s: None, monotonic=time.monotonic))


def forget_trouble() -> None:
    """No app is known to be in trouble: what a process knows of that outlives a test."""
    known = wiring.breaking().known
    known.read_at, known.states = float("-inf"), {}
    known.mine.clear()


@pytest.fixture(autouse=True)
def closed(simulators: Simulators) -> Iterator[None]:
    """No app is known to be in trouble when a test ends. For the files that import it."""
    yield
    forget_trouble()
