"""Apps that have no way in yet, or that somebody else must let us into first: shown as what they are."""

from unittest.mock import patch

import pytest

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from chalicelib.services import key_forms
from chalicelib.services.redeeming import minted
from local.simulators import Misbehaviour
from tests.contract.ways import Way
from tests.support.logged import lines
from tests.support.world import OWNER, PAT, World

APP = "touchbistro"
PANEL = f"/entities/acme/apps/{APP}"
REQUESTED = [row for row in PROVIDERS.values() if row.mechanism is Mechanism.REQUEST]
requested = pytest.mark.parametrize("row", REQUESTED, ids=lambda row: row.slug)


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


def asked_for(world: World, entity_id: str = "acme") -> list[tuple[str, str]]:
    """Who asked for which app, newest first."""
    found = world.platform().get(f"/v1/entities/{entity_id}/events?limit=100").json["items"]
    return [(event["app"], event["actor"]) for event in found if event["kind"] == "app_requested"]


@requested
def test_an_owner_asks_for_an_app(acme: World, row: Provider) -> None:
    owner, link = acme.visitor(), acme.link()
    assert "Not yet, but you can ask" in owner.get(link).text
    assert "has no way in yet" in owner.get(f"{link}/{row.slug}").text
    page = owner.submit(f"/{row.slug}")
    assert "Nothing was connected" in page.text
    assert "Pending" in owner.get(link).text
    assert asked_for(acme) == [(row.slug, "connect link")]
    assert acme.connections() == []


def test_a_links_holder_asks_for_its_own_entity_only(acme: World) -> None:
    """Threat 23."""
    acme.entity("beta", "Beta Ltd")
    owner, link = acme.visitor(), acme.link("beta")
    owner.get(f"{link}/{APP}")
    owner.submit(f"/{APP}", entity_id="acme", app="square")
    assert (asked_for(acme), asked_for(acme, "beta")) == ([], [(APP, "connect link")])
    assert "Pending" not in owner.get(acme.link()).text


def test_a_link_alone_notes_nothing_of_what_can_be_connected(acme: World) -> None:
    """Threat 24. The form of another app begins that app's own way, and nothing is pending."""
    owner, link = acme.visitor(), acme.link()
    owner.get(f"{link}/{APP}")
    form = next(form for form in owner.page.forms if form.action.endswith(APP))
    for app, status in (("square", 200), ("uber_eats", 404), ("nothing", 404)):
        assert owner.post(form.action.replace(APP, app), form.fields).status == status
    assert asked_for(acme) == []


def test_two_who_ask_for_the_same_are_noted_once(acme: World) -> None:
    """The first of them: an owner, then an admin, whose form was open by then."""
    admin, owner, link = acme.admin(), acme.visitor(), acme.link()
    admin.get(PANEL)
    form = next(form for form in admin.page.forms if form.action.endswith("/wait"))
    owner.get(f"{link}/{APP}")
    owner.submit(f"/{APP}")
    assert admin.post(form.action, form.fields).status == 303
    assert asked_for(acme) == [(APP, "connect link")]
    assert "Pending: noted by the connect link" in admin.get(PANEL).text


# Apps that can be connected, once somebody has let us in there


def not_let_in(world: World, row: Provider) -> Way:
    """Everything was right, but for the app, which has yet to be told about us."""
    way = Way(world, row)
    if row.slug == "uber_eats":
        page = way.finish(way.ready())
        page = way.visitor.submit(way.question().action)
    else:
        world.apps.misbehave(row.slug, "identity", Misbehaviour.FORBIDDEN)
        page = way.finish(way.ready())
    assert page.status == (409 if row.mechanism is Mechanism.KEY_FORM else 200)
    assert f"{row.name} has not let us in yet" in page.text
    assert "Nothing was connected and nothing was stored." in page.text
    assert row.steps[0].split(",")[0] in page.text
    return way


NOT_YET = [PROVIDERS[slug] for slug in ("mindbody", "paypal", "uber_eats")]


@pytest.mark.parametrize("row", NOT_YET, ids=lambda row: row.slug)
def test_an_app_that_does_not_let_us_in_is_pending(
    acme: World, caplog: pytest.LogCaptureFixture, row: Provider
) -> None:
    """Whatever its way: noted once, with who tried; the console shows it, and the next try may connect."""
    caplog.clear()
    who = "connect link" if row.ask_owner else f"admin {PAT}"
    not_let_in(acme, row)
    assert [(line["cause"], line["app"]) for line in lines(caplog, "connection_failed")] == [("not_enabled", row.slug)]
    assert asked_for(acme) == [(row.slug, who)]
    assert (acme.connections(), acme.vault.items()) == ([], [])
    assert "Pending: noted by" in acme.admin().get(f"/entities/acme/apps/{row.slug}").text
    not_let_in(acme, row)
    assert len(asked_for(acme)) == 1
    Way(acme, row).connect()
    (connection,) = acme.connections()
    assert connection["app"] == row.slug


def test_pasted_keys_are_noted_as_pending_for_an_admin_too(acme: World) -> None:
    """And the keys are nowhere."""
    row, admin = PROVIDERS["paypal"], acme.admin()
    acme.apps.misbehave("paypal", "identity", Misbehaviour.FORBIDDEN)
    typed = Way(acme, row).ready().values
    admin.get("/entities/acme/apps/paypal")
    page = admin.submit("/connect", **{field.name: typed[field.name] for field in row.fields})
    assert (page.status, "has not let us in yet" in page.text) == (409, True)
    assert "/entities/acme/apps/paypal" in page.links
    assert asked_for(acme) == [("paypal", f"admin {PAT}")]
    stored = str(acme.core.items()) + str(acme.ephemeral.items()) + page.body
    assert not any(typed[field.name] in stored for field in row.fields if field.secret)


def test_a_link_that_was_replaced_meanwhile_notes_nothing(acme: World) -> None:
    """Threat 12. The app's answer is slow, and the link is regenerated while it is waited for."""

    def late(*args: object) -> object:
        acme.platform().post("/v1/entities/acme/link/regenerate")
        return minted(*args)  # type: ignore[arg-type]

    with patch.object(key_forms, "minted", late):
        not_let_in(acme, PROVIDERS["paypal"])
    assert asked_for(acme) == []


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
