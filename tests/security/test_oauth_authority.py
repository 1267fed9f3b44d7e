"""The right by which an attempt was begun must still be there when it ends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.storage.entities import Entities
from local.simulators.people import approve, deny
from tests.support import dance
from tests.support.visitor import Visitor
from tests.support.world import PAT, SAM, World

REVOCABLE = ("square", "stripe", "shopify")


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


def kept_nothing(world: World) -> bool:
    return world.connections() == [] and world.vault.items() == [] and world.deliver() == []


# The link, 12


@pytest.mark.parametrize("app", dance.OAUTH_APPS)
def test_a_link_replaced_meanwhile_makes_no_connection(world: World, link: str, app: str) -> None:
    """Threat 12. Start, regenerate, callback: nothing is kept, and what can be revoked is."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, app, **dance.filled(app, {})))
    world.platform().post("/v1/entities/acme/link/regenerate")
    page = dance.come_back(owner, callback)
    assert "link was replaced" in page.text
    assert link not in page.body
    assert world.link() not in page.body
    assert kept_nothing(world)
    (token,) = world.apps.tokens(app)
    assert token.active is (app not in REVOCABLE)
    assert world.apps.count(app, "revoke") == (1 if app in REVOCABLE else 0)
    assert world.events()[:2] == ["connection_failed", "link_regenerated"]


def test_a_link_replaced_during_the_exchange_makes_no_connection(world: World, link: str) -> None:
    """Threat 12. The check is in the transaction that writes the connection, not before it."""
    from chalicelib.outbound.sealing import Sealer

    seal = Sealer.seal

    def late(sealer: Sealer, *args: object) -> object:
        world.platform().post("/v1/entities/acme/link/regenerate")
        return seal(sealer, *args)  # type: ignore[arg-type]

    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    with patch.object(Sealer, "seal", late):
        page = dance.come_back(owner, callback)
    assert "link was replaced" in page.text
    assert kept_nothing(world)
    assert not world.apps.tokens("square")[0].active


def test_a_replaced_link_begins_nothing(world: World, link: str) -> None:
    """Threat 12."""
    owner = world.visitor()
    owner.get(f"{link}/square")
    world.platform().post("/v1/entities/acme/link/regenerate")
    owner.submit("/square")
    assert owner.page.status == 404
    assert "does not work" in owner.page.text
    assert world.ephemeral.items("attempt") == []
    assert owner.cookies == {}


def test_two_regenerates_at_once_make_one_link(world: World, link: str) -> None:
    """Threat 12. Both have read the old one before either writes; both are told the link that is."""
    replace_link, both_have_read = Entities.replace_link, Barrier(2, timeout=20)

    def together(self: Entities, *what: Any) -> None:
        both_have_read.wait()
        replace_link(self, *what)

    with patch.object(Entities, "replace_link", together), ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: world.platform().post("/v1/entities/acme/link/regenerate"), range(2)))
    assert {answer.status for answer in answers} == {200}
    (url,) = {answer.json["url"] for answer in answers}
    assert url.endswith(world.link())
    assert world.events().count("link_regenerated") == 1
    assert world.visitor().get(url).status == 200
    assert world.visitor().get(link).status == 404


def test_connected_apps_stay_connected(world: World, link: str) -> None:
    """Threat 12. Regenerate ends the link, not what was given by it."""
    dance.connect(world, world.visitor(), link, "square")
    world.platform().post("/v1/entities/acme/link/regenerate")
    assert len(world.connections()) == 1
    assert world.apps.tokens("square")[0].active
    assert "Corner Café" in world.visitor().get(world.link()).text


# The admin and their session


def began(world: World, app: str = "square", email: str = PAT) -> tuple[Visitor, str]:
    admin = world.admin(email)
    return admin, approve(dance.start_now(admin, "acme", app, **dance.filled(app, {})))


@pytest.mark.parametrize("app", REVOCABLE)
def test_an_admin_removed_meanwhile_connects_nothing(world: World, link: str, app: str) -> None:
    """Threats 12 and 23."""
    admin, callback = began(world, app)
    assert world.platform().put("/v1/entities/acme", {"name": "Acme Coffee LLC", "admins": [SAM]}).status == 200
    page = dance.come_back(admin, callback)
    assert "no longer an admin" in page.text
    assert "Acme" not in page.text
    assert kept_nothing(world)
    assert not world.apps.tokens(app)[0].active


@pytest.mark.parametrize("app", REVOCABLE)
def test_a_session_that_ended_meanwhile_connects_nothing(world: World, link: str, app: str) -> None:
    """Threat 21. Signed out in another tab; the cookie is still in this one."""
    admin, callback = began(world, app)
    held = dict(admin.cookies)
    admin.get("/entities")
    admin.submit("/sign-out")
    admin.cookies = held
    page = dance.come_back(admin, callback)
    assert "not signed in any more" in page.text
    assert kept_nothing(world)
    assert not world.apps.tokens(app)[0].active


def test_without_the_cookie_the_session_is_not_asked(world: World, link: str) -> None:
    """Threat 1. Signed out, cookie and all."""
    admin, callback = began(world)
    admin.get("/entities")
    admin.submit("/sign-out")
    assert dance.come_back(admin, callback).status == 400
    assert world.apps.count("square", "token") == 0
    assert kept_nothing(world)


@pytest.mark.parametrize("email", [PAT, SAM])
def test_another_session_does_not_finish_it(world: World, link: str, email: str) -> None:
    """Threats 1 and 21. Even of the same admin: signing in anew replaces the session."""
    admin, callback = began(world)
    url = world.platform().post("/v1/entities/acme/console-sessions", {"email": email}).json["url"]
    admin.get(url)
    admin.submit(url.rpartition("/")[2])
    assert admin.page.status == 200
    assert dance.come_back(admin, callback).status == 400
    assert world.apps.count("square", "token") == 0
    assert kept_nothing(world)


def test_an_owner_s_cookie_does_not_finish_an_admin_s_attempt(world: World, link: str) -> None:
    """Threat 1. Nor an admin's an owner's."""
    admin, callback = began(world)
    owner = world.visitor()
    owners = approve(dance.start(owner, link, "square"))
    assert dance.come_back(owner, callback).status == 400
    assert dance.come_back(admin, owners).status == 400
    assert kept_nothing(world)


def test_an_admin_who_holds_a_link_too_uses_it_as_anyone(world: World, link: str) -> None:
    admin = world.admin()
    dance.connect(world, admin, link, "square")
    assert world.connections()[0]["connected_by"] == "connect link"


def test_regenerating_does_not_stop_an_admin(world: World, link: str) -> None:
    admin, callback = began(world)
    world.platform().post("/v1/entities/acme/link/regenerate")
    assert dance.come_back(admin, callback).status == 200
    assert world.connections()[0]["connected_by"] == f"admin {PAT}"


def test_an_admin_who_cancels_comes_back_to_the_app(world: World, link: str) -> None:
    """Threat 9."""
    admin = world.admin()
    page = dance.come_back(admin, deny(dance.start_now(admin, "acme", "square")))
    assert "You cancelled" in page.text
    assert "/entities/acme/apps/square" in page.links


@pytest.mark.parametrize("app", ["chargebee"])
def test_a_key_form_s_app_has_no_callback(world: World, link: str, app: str) -> None:
    admin, callback = began(world)
    assert admin.get(dance.path_of(callback).replace("square", app)).status == 400
