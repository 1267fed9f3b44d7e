"""Disconnecting: whoever does it, the grant is of no use at once, is destroyed, and is given back to the app."""

import pytest

from tests.conftest import Clock
from tests.handlers.described import api
from tests.support.dance import OAUTH_APPS, SHOP, connect, connect_now
from tests.support.happening import together
from tests.support.revoking import revoke, waiting
from tests.support.visitor import Answer
from tests.support.world import PAT, SAM, World

REVOCABLE = ("square", "stripe", "shopify")


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


@pytest.fixture
def square(world: World, link: str) -> str:
    """A fresh Square connection's id."""
    connect(world, world.visitor(), link, "square")
    world.deliver()
    return of(world)["id"]


def of(world: World, app: str = "square", entity_id: str = "acme") -> dict[str, str]:
    """The connection of an app, of which there is one."""
    [found] = [one for one in world.connections(entity_id) if one["app"] == app]
    return found


def path(connection_id: str, entity_id: str = "acme") -> str:
    return f"/v1/entities/{entity_id}/connections/{connection_id}"


def end(world: World, connection_id: str, entity_id: str = "acme") -> Answer:
    """By the platform."""
    return api(world).request("DELETE", path(connection_id, entity_id))


def letters(world: World) -> list[str]:
    return sorted(one["to"][0] for one in world.deliver() if "is disconnected from" in one["subject"])


def test_an_admin_disconnects(world: World, square: str) -> None:
    """Asked first; then everything follows: status, history, letters, the vault, the app."""
    admin = world.admin()
    admin.get("/entities/acme")
    assert f"/entities/acme/connections/{square}/disconnect" in admin.page.links
    page = admin.get(f"/entities/acme/connections/{square}/disconnect")
    assert "Corner Café" in page.text
    assert of(world)["status"] == "active"
    admin.submit("/disconnect")
    assert "The app is disconnected" in admin.page.text
    assert "Reconnect" in admin.page.text
    assert of(world)["status"] == "disconnected"
    assert world.events()[0] == "disconnected"
    revoke(world)
    assert letters(world) == [PAT, SAM]
    assert f"Disconnected by: {PAT}" in world.letters(PAT)[-1]["text"]
    assert world.vault.items() == []
    assert world.apps.count("square", "revoke") == 1
    assert not world.apps.tokens("square")[0].active
    assert waiting() == []


def test_the_platform_disconnects(world: World, square: str) -> None:
    answer = end(world, square)
    assert (answer.status, answer.json["status"]) == (200, "disconnected")
    newest = world.platform().get("/v1/entities/acme/events").json["items"][0]
    assert (newest["kind"], newest["actor"], newest["detail"]) == ("disconnected", "platform local", "Corner Café")
    revoke(world)
    assert letters(world) == [PAT, SAM]
    assert world.apps.count("square", "revoke") == 1


def test_a_scope_of_its_own(world: World, square: str) -> None:
    """Threat 23. And only one's own entities."""
    assert api(world, "connections:read", "credentials:read").request("DELETE", path(square)).status == 403
    world.entity("other", "Other LLC")
    assert end(world, square, "other").status == 404
    assert [end(world, name).status for name in ("0" * 32, "x", "%00")] == [404] * 3
    assert of(world)["status"] == "active"
    stranger = world.admin(entity_id="other")
    for target in (f"/entities/acme/connections/{'0' * 32}/disconnect", "/entities/acme/connections/x/disconnect"):
        assert stranger.get(target).status == 404
    assert stranger.get(f"/entities/other/connections/{square}/disconnect").status == 404


def test_a_stranger_s_admin_ends_nothing(world: World, square: str) -> None:
    """Threat 23."""
    world.entity("other", "Other LLC", ("mallory@other.example",))
    mallory = world.admin("mallory@other.example", "other")
    mallory.get("/entities/other")
    csrf = next(form.fields["csrf"] for form in mallory.page.forms if "csrf" in form.fields)
    for entity_id in ("acme", "other"):
        target = f"/entities/{entity_id}/connections/{square}/disconnect"
        assert mallory.post(target, {"csrf": csrf}).status == 404
    assert of(world)["status"] == "active"


def test_nobody_gets_a_credential_from_then_on(world: World, square: str) -> None:
    """Before the queue has moved at all: the vault's item says so itself."""
    assert world.platform().get(f"{path(square)}/credentials").status == 200
    end(world, square)
    assert world.vault.items() != []
    assert world.platform().get(f"{path(square)}/credentials").status == 404
    revoke(world)
    assert world.platform().get(f"{path(square)}/credentials").status == 404


def test_a_second_click_ends_nothing_more(world: World, square: str) -> None:
    """Threat 6. Nor do both at once: one event, one letter to each, one revocation."""
    admin = world.admin()
    admin.get(f"/entities/acme/connections/{square}/disconnect")
    form = next(form for form in admin.page.forms if form.action.endswith("/disconnect"))
    for _ in range(2):
        assert admin.post(form.action, form.fields).status == 303
    assert end(world, square).json["status"] == "disconnected"
    revoke(world, rounds=3)
    assert world.events().count("disconnected") == 1
    assert letters(world) == [PAT, SAM]
    assert world.apps.count("square", "revoke") == 1


def test_two_at_once_make_one_end(world: World, square: str) -> None:
    """Threat 6."""
    platform = world.platform()
    answers = together(lambda: platform.request("DELETE", path(square)), times=4)
    assert {(answer.status, answer.json["status"]) for answer in answers} == {(200, "disconnected")}
    assert world.events().count("disconnected") == 1


def test_a_replaced_link_changes_nothing_about_it(world: World, square: str) -> None:
    """Threat 12. The page was open while the link was regenerated: what the admin sees is the connection."""
    admin = world.admin()
    admin.get(f"/entities/acme/connections/{square}/disconnect")
    world.platform().post("/v1/entities/acme/link/regenerate")
    admin.submit("/disconnect")
    assert of(world)["status"] == "disconnected"


def test_it_is_shown_as_disconnected_and_not_counted(world: World, square: str, link: str) -> None:
    """My apps has it, with a way back; pages for owners and the progress count what lives."""
    end(world, square)
    admin = world.admin()
    page = admin.get("/entities/acme")
    assert "Disconnected" in page.text
    assert f"/entities/acme/apps/square?mend={square}" in page.links
    assert f"/entities/acme/connections/{square}/disconnect" not in page.links
    assert admin.get(f"/entities/acme/connections/{square}/disconnect").status == 404
    assert "Disconnected" in admin.get("/entities/acme/apps/square").text
    assert "Corner Café" not in world.visitor().get(link).text
    assert "Corner Café" not in world.visitor().get(f"{link}/square").text
    assert "Corner Café" not in admin.get("/entities/acme/available").text


@pytest.mark.parametrize("app", OAUTH_APPS)
def test_reconnecting_keeps_the_id(world: World, link: str, app: str) -> None:
    """And gives a working credential; the old grant is gone."""
    connect(world, world.visitor(), link, app)
    before = of(world, app)["id"]
    end(world, before)
    revoke(world)
    connect(world, world.visitor(), link, app)
    again = of(world, app)
    assert (again["id"], again["status"]) == (before, "active")
    assert world.events()[0] == "reconnected"
    token = world.platform().get(f"{path(before)}/credentials").json["access_token"]
    assert any(one.access_token == token and one.active for one in world.apps.tokens(app))


@pytest.mark.parametrize("app", OAUTH_APPS)
def test_every_app_s_grant_is_destroyed_and_given_back(world: World, link: str, app: str) -> None:
    """Once, where the app has a way; otherwise it is destroyed all the same."""
    connect(world, world.visitor(), link, app)
    end(world, of(world, app)["id"])
    revoke(world)
    assert world.vault.items() == []
    assert world.apps.count(app, "revoke") == (1 if app in REVOCABLE else 0)
    assert waiting() == []


def test_another_account_of_the_app_lives_on(world: World, link: str) -> None:
    connect(world, world.visitor(), link, "shopify")
    connect(world, world.visitor(), link, "shopify", tenant="other-shop.myshopify.com")
    first = next(one["id"] for one in world.connections() if one["account_id"] == SHOP)
    end(world, first)
    revoke(world)
    living = [one for one in world.apps.tokens("shopify") if one.active]
    assert [token.account_id for token in living] == ["other-shop.myshopify.com"]
    assert len(world.vault.items()) == 1


def test_the_same_account_in_other_books_lives_on(world: World, square: str) -> None:
    """Square ends all that an account granted us: so it is not asked to, while other books need it. Then it is."""
    world.entity("other", "Other LLC")
    connect(world, world.visitor(), world.link("other"), "square")
    end(world, square)
    revoke(world)
    assert world.apps.count("square", "revoke") == 0
    assert len(world.vault.items()) == 1
    assert world.platform().get(f"{path(of(world, entity_id='other')['id'], 'other')}/credentials").status == 200
    end(world, of(world, entity_id="other")["id"], "other")
    revoke(world)
    assert world.apps.count("square", "revoke") == 1
    assert world.vault.items() == []


def test_connected_again_before_the_app_was_told(world: World, square: str, link: str) -> None:
    """The revocation comes late, and would end the new grant as well."""
    end(world, square)
    connect(world, world.visitor(), link, "square")
    revoke(world)
    assert world.apps.count("square", "revoke") == 0
    assert of(world)["status"] == "active"
    assert world.platform().get(f"{path(square)}/credentials").status == 200


def test_connected_again_between_the_two_messages(world: World, square: str, link: str) -> None:
    end(world, square)
    revoke(world, rounds=1)
    assert world.vault.items() == []
    connect(world, world.visitor(), link, "square")
    revoke(world, rounds=2)
    assert world.apps.count("square", "revoke") == 0
    assert world.platform().get(f"{path(square)}/credentials").status == 200


def test_what_needs_attention_can_be_disconnected(world: World, square: str, clock: Clock) -> None:
    from chalicelib import wiring
    from chalicelib.domain import Reason

    held = wiring.storage().vault.get("acme", square)
    assert held
    assert wiring.attending().mark(held, Reason.REVOKED)
    assert end(world, square).json["status"] == "disconnected"
    assert world.platform().get(f"{path(square)}/credentials").status == 404
    world.deliver()
    assert [one for one in world.letters() if "has to be connected again" in one["subject"]] == []


def test_a_connection_whose_grant_was_lost_can_be_ended(world: World, square: str) -> None:
    world.vault.table.delete_item(Key={"entity_id": "acme", "connection_id": square})
    assert end(world, square).json["status"] == "disconnected"
    assert world.vault.items() == []
    revoke(world)
    assert letters(world) == [PAT, SAM]


def test_an_admin_who_connected_it_can_end_it(world: World, link: str) -> None:
    admin = world.admin()
    connect_now(world, admin, "square")
    admin.get(f"/entities/acme/connections/{of(world)['id']}/disconnect")
    admin.submit("/disconnect")
    assert of(world)["status"] == "disconnected"
