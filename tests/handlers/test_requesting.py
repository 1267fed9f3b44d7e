"""Apps that have no way in yet, or that somebody else must let us into first: shown as what they are."""

import pytest

from tests.support.world import OWNER, PAT, World

APP = "touchbistro"
PANEL = f"/entities/acme/apps/{APP}"


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


def test_an_owner_asks_for_an_app(acme: World) -> None:
    owner, link = acme.visitor(), acme.link()
    assert "Not yet, but you can ask" in owner.get(link).text
    assert "TouchBistro has no way in yet" in owner.get(f"{link}/{APP}").text
    page = owner.submit(f"/{APP}")
    assert "Nothing was connected" in page.text
    assert "Pending" in owner.get(link).text
    assert acme.events()[0] == "app_requested"
    assert acme.connections() == []


def test_an_admin_sees_it_and_may_note_it(acme: World) -> None:
    admin = acme.admin()
    assert "By file or request" in admin.get("/entities/acme/available").text
    admin.get(PANEL)
    page = admin.submit("/wait")
    assert f"Pending: noted by {PAT}" in page.text
    assert "Pending" in admin.get("/entities/acme/available").text
    assert "TouchBistro was asked for" in admin.get("/entities/acme/history").text


def test_a_second_time_changes_nothing(acme: World) -> None:
    owner, link = acme.visitor(), acme.link()
    for _ in range(3):
        owner.get(f"{link}/{APP}")
        owner.submit(f"/{APP}")
    assert acme.events().count("app_requested") == 1


def test_a_replaced_link_asks_for_nothing(acme: World) -> None:
    owner, link = acme.visitor(), acme.link()
    acme.platform().post("/v1/entities/acme/link/regenerate")
    assert owner.post(f"{link}/{APP}").status == 404
    assert "app_requested" not in acme.events()


def test_what_can_be_connected_is_not_asked_for(acme: World) -> None:
    admin = acme.admin()
    admin.get(PANEL)
    form = next(form for form in admin.page.forms if form.action.endswith("/wait"))
    assert admin.post("/entities/acme/apps/square/wait", form.fields).status == 404
    assert "app_requested" not in acme.events()


def test_no_owner_is_invited_to_an_app_without_a_way_in(acme: World) -> None:
    body = {"app": APP, "email": OWNER, "requested_by": PAT}
    assert acme.platform().post("/v1/entities/acme/invitations", body).status == 422
