"""An entity, a receiver with a public address, and a webhook that leads there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pytest

from tests.handlers.described import Api, api
from tests.support.webhooks import PATH, URL, Receiver, drain, internet, listening
from tests.support.world import World


@dataclass
class Hooked:
    """``acme`` has a webhook, and what led to it has left."""

    world: World
    receiver: Receiver
    secret: str
    resolving: list[list[str]]

    @cached_property
    def api(self) -> Api:
        return api(self.world)


@pytest.fixture(scope="session")
def server() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def receiver(server: Receiver) -> Receiver:
    for seen in (server.posted, server.answers, server.headers, server.connections):
        seen.clear()
    return server


@pytest.fixture
def hooked(world: World, receiver: Receiver) -> Iterator[Hooked]:
    world.entity()
    with internet(receiver) as resolving:
        made = api(world).put(PATH, {"url": URL})
        assert made.status == 201, made.body
        world.deliver()
        drain()
        yield Hooked(world, receiver, made.json["secret"], resolving)
