from collections.abc import Iterator

import pytest

from benchmarks.meter import metered
from benchmarks.stage import Stage
from local.simulators import Simulators
from tests.support.world import world


@pytest.fixture
def stage(simulators: Simulators) -> Iterator[Stage]:
    with metered() as meter, world(simulators) as ready:
        yield Stage(ready, meter)
