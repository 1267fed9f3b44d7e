"""What holds for every app of the catalogue alike, each against a simulator stricter than the app."""

import pytest

from chalicelib.providers.base import Provider
from local.simulators import Misbehaviour
from tests.contract.ways import GOING, ROWS, Way
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


going = pytest.mark.parametrize("row", GOING, ids=lambda row: row.slug)


def nothing_came_of_it(acme: World) -> None:
    assert acme.connections() == []
    assert acme.vault.items() == []


@going
def test_whoever_cancels_connects_nothing(acme: World, row: Provider) -> None:
    way = Way(acme, row)
    way.come_back(way.cancelled())
    nothing_came_of_it(acme)
    assert acme.apps.count(row.slug, "token") == 0


@going
def test_another_browser_cannot_finish(acme: World, row: Provider) -> None:
    """Threat 2. The code is not even redeemed."""
    way = Way(acme, row)
    way.come_back(way.approved(), acme.visitor())
    nothing_came_of_it(acme)


@going
@pytest.mark.parametrize("how", [Misbehaviour.HTML, Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.REDIRECT_307])
def test_a_wrong_token_answer_connects_nothing(acme: World, row: Provider, how: Misbehaviour) -> None:
    """Threat 36. One request, nothing stored, no redirect followed."""
    way = Way(acme, row)
    back = way.approved()
    acme.apps.misbehave(row.slug, "token", how)
    way.come_back(back)
    nothing_came_of_it(acme)
    assert acme.apps.count(row.slug, "token") == 1
