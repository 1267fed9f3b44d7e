"""Entities to export and to erase, made once in a process: from then on each test comes back to that moment."""

import pytest

from tests.conftest import Clock
from tests.erasing.full import Erasable, Full, Small
from tests.support.moment import Moment
from tests.support.world import World

_moments: dict[type[Erasable], Moment] = {}


def _ready(kind: type[Erasable], world: World, clock: Clock) -> Erasable:
    found = kind(world, clock)
    if kind in _moments:
        _moments[kind].back()
    else:
        found.make()
        _moments[kind] = Moment(world)
    return found


@pytest.fixture
def full(world: World, clock: Clock) -> Erasable:
    return _ready(Full, world, clock)


@pytest.fixture
def small(world: World, clock: Clock) -> Erasable:
    return _ready(Small, world, clock)
