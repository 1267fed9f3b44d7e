"""Simulators of their own for each test: they start in a moment."""

from collections.abc import Iterator

import pytest

from local.simulators import Simulators
from tests.simulators.visiting import CLIENTS, VISITS, Visit
from tests.simulators.visits_of_books import ORDINARY


@pytest.fixture
def apps() -> Iterator[Simulators]:
    with Simulators(CLIENTS) as running:
        yield running


@pytest.fixture(params=(*VISITS, *ORDINARY), ids=lambda visit: visit.app)
def visit(request: pytest.FixtureRequest) -> Visit:
    found: Visit = request.param
    return found
