"""Disconnecting: whoever does it, the grant is of no use at once, is destroyed, and is given back to the app."""


import pytest

from tests.support.dance import connect
from tests.support.revoking import revoke, waiting
from tests.support.world import PAT, SAM, World

CONNECTION = "/v1/entities/{}/connections/{}"


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


@pytest.fixture
def square(world: World, link: str) -> str:
    """A fresh Square connection's id."""
    connect(world, world.visitor(), link, "square")
    world.deliver()
    return connection_of(world)["id"]


def connection_of(world: World, app: str = "square", entity_id: str = "acme") -> dict[str, str]:
    [found] = [one for one in world.connections(entity_id) if one["app"] == app]
    return found


def by_platform(world: World, connection_id: str, entity_id: str = "acme") -> int:
    return world.platform().request("DELETE", CONNECTION.format(entity_id, connection_id)).status


def test_an_admin_disconnects(world: World, square: str) -> None:
    """Asked first; then everything follows: status, history, letters, the vault, the app."""
    admin = world.admin()
    admin.get("/entities/acme")
    page = admin.get(f"/entities/acme/connections/{square}/disconnect")
    assert "Corner Café" in page.text
    assert connection_of(world)["status"] == "active"
    admin.submit("/disconnect")
    assert "The app is disconnected" in admin.page.text
    assert "Reconnect" in admin.page.text
    assert connection_of(world)["status"] == "disconnected"
    assert world.events()[0] == "disconnected"
    revoke(world)
    letters = [letter for letter in world.letters() if "is disconnected from" in letter["subject"]]
    assert sorted(letter["to"][0] for letter in letters) == [PAT, SAM]
    assert f"Disconnected by: {PAT}" in letters[0]["text"]
    assert world.vault.items() == []
    assert world.apps.count("square", "revoke") == 1
    assert not world.apps.tokens("square")[0].active
    assert waiting() == []
