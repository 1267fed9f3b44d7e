"""What holds for every app of the catalogue alike, each against a simulator stricter than the app."""

import pytest

from chalicelib.providers.base import Provider
from tests.contract.ways import ROWS, Way
from tests.support.world import World

every = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


@every
def test_it_is_connected(acme: World, row: Provider) -> None:
    """Threats 25 and 43: sealed, told, named; the tokens are where nobody reads them."""
    page = Way(acme, row).connect()
    assert page.status == 200
    (connection,) = acme.connections()
    assert "is connected to Acme Coffee LLC" in page.text
    assert connection["app"] == row.slug
    assert connection["account_name"] in page.text
