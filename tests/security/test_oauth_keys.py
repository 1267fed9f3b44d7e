"""An app that is connected by keys that a signed-in admin pastes."""

import pytest

from chalicelib import wiring
from chalicelib.domain import SealedGrant
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.security.test_oauth_apps import everything_stored
from tests.support.visitor import Answer, Visitor
from tests.support.world import PAT, SAM, World

KEY = "test_SimulatedChargebeeKey"
WRONG = "test_SentinelThatIsNoGoodKey"
PANEL = "/entities/acme/apps/chargebee"


@pytest.fixture
def admin(world: World) -> Visitor:
    world.entity()
    return world.admin()


def paste(admin: Visitor, key: str = KEY, site: str = "acme", **more: str) -> Answer:
    admin.get(PANEL)
    return admin.submit("/connect", site=site, api_key=key, **more)


def test_a_good_key_is_checked_and_sealed(world: World, admin: Visitor) -> None:
    """Threat 42. Asked of the app before anything is stored."""
    page = paste(admin)
    assert page.status == 200
    assert "acme is connected to Acme Coffee LLC" in page.text
    (connection,) = world.connections()
    assert (connection["account_id"], connection["connected_by"]) == ("acme", f"admin {PAT}")
    assert world.apps.count("chargebee", "identity") == 1
    assert {letter["to"][0] for letter in world.deliver()} == {PAT, SAM}
    sealed = SealedGrant(ciphertext=bytes(world.vault.items()[0]["sealed"].value))
    grant = wiring.establishing().sealer.open(sealed, wiring.storage().connections.of("acme")[0])
    assert grant.secrets == {"api_key": KEY}


@pytest.mark.parametrize("key", [KEY, WRONG])
def test_a_key_is_nowhere_to_be_found(
    world: World, admin: Visitor, key: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Threats 25 and 42. Not in pages, tables, stream records, letters, the API or logs; nor in the app's address."""
    pages = paste(admin, key).body + admin.get(PANEL).body + admin.get("/entities/acme/history").body
    letters = str(world.deliver())
    api = str(world.connections()) + world.platform().get("/v1/entities/acme/events").body
    logs = caplog.text + "".join(capfd.readouterr())
    assert key not in pages + letters + api + logs + everything_stored(world) + str(world.records)
    assert all(key not in hit.path + str(hit.query) for hit in world.apps.hits)


def test_a_wrong_key_is_a_clear_error_and_stores_nothing(world: World, admin: Visitor) -> None:
    """Threat 42. What is no secret stays in the form."""
    page = paste(admin, WRONG)
    assert page.status == 400
    assert "The app did not accept this" in page.text
    form = next(form for form in page.forms if form.action.endswith("/connect"))
    assert (form.fields["site"], form.fields["api_key"]) == ("acme", "")
    assert world.connections() == []
    assert world.vault.items() == []
    assert world.deliver() == []
    assert paste(admin).status == 200


@pytest.mark.parametrize("how", [Misbehaviour.UNAVAILABLE, Misbehaviour.HTML, Misbehaviour.REDIRECT_302])
def test_an_app_that_is_down_is_said_to_be(world: World, admin: Visitor, how: Misbehaviour) -> None:
    """Threats 36 and 42."""
    world.apps.misbehave("chargebee", "identity", how, to="https://evil.example/")
    page = paste(admin)
    assert page.status == 502
    assert "does not answer" in page.text
    assert PANEL in page.links
    assert world.connections() == []


def test_a_key_in_the_address_is_refused(world: World, admin: Visitor) -> None:
    """Threat 42. Addresses end up in logs and histories."""
    admin.get(PANEL)
    form = next(form for form in admin.page.forms if form.action.endswith("/connect"))
    good = {**form.fields, "site": "acme", "api_key": KEY}
    for tail, fields in ((f"api_key={KEY}&site=acme", form.fields), (f"api_key={KEY}", good), ("anything=", good)):
        answer = admin.post(f"{form.action}?{tail}", fields)
        assert answer.status == 400
        assert KEY not in answer.body
    assert KEY not in admin.get(f"{PANEL}?api_key={KEY}").body
    assert world.apps.count("chargebee", "identity") == 0


@pytest.mark.parametrize(
    "key", ["", "zq9-zq9", "x" * 201, "white space", "quote\"'><script>", "a\r\nX: y" + "b" * 20, "ключ" * 5]
)
def test_what_is_no_key_is_asked_of_nobody(world: World, admin: Visitor, key: str) -> None:
    """Threat 42."""
    page = paste(admin, key)
    assert page.status == 400
    assert len(key) < 5 or key not in page.body
    assert world.apps.count("chargebee", "identity") == 0


@pytest.mark.parametrize(
    "site",
    [
        *("evil.example", "acme.chargebee.com.evil.example", "acme.chargebee.com@evil.example", "acme@evil.example"),
        *(
            "127.0.0.1",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "acme/../..",
            "acme#",
            "acme?x=",
            "acme:8080",
        ),
        *("", "-acme", "acme-", "a" * 64, "ac me", "ac\nme", "acme\\evil", "ácme", "{tenant}", "%2e%2e"),
    ],
)
def test_a_site_is_a_name_and_nothing_else(world: World, admin: Visitor, site: str) -> None:
    """Threat 15. A host is built from it."""
    page = paste(admin, site=site)
    assert page.status == 400
    assert world.apps.hits == []
    assert world.connections() == []


@pytest.mark.parametrize("site", ["acme", "ACME", " acme ", "acme.chargebee.com", "https://acme.chargebee.com/"])
def test_a_site_may_be_typed_as_people_do(world: World, admin: Visitor, site: str) -> None:
    """Threat 15."""
    assert paste(admin, site=site).status == 200
    assert world.connections()[0]["account_id"] == "acme"


def test_pasting_again_is_a_reconnect(world: World, admin: Visitor) -> None:
    paste(admin)
    (before,) = world.connections()
    paste(admin)
    assert [connection["id"] for connection in world.connections()] == [before["id"]]
    assert world.events()[0] == "reconnected"


def test_the_form_is_no_place_to_guess_keys(world: World, admin: Visitor) -> None:
    """Threat 19."""
    statuses = [paste(admin, WRONG).status for _ in range(21)]
    assert statuses == [400] * 20 + [429]
    assert world.apps.count("chargebee", "identity") == 20


def test_an_owner_pastes_a_key_from_the_link(world: World) -> None:
    """Threat 42. As good as an admin's: checked, sealed, told; attributed to what is known."""
    world.entity()
    owner = world.visitor()
    owner.get(f"{world.link()}/chargebee")
    page = owner.submit("/chargebee", site="acme", api_key=KEY)
    assert "acme is connected to Acme Coffee LLC" in page.text
    assert KEY not in page.body
    (connection,) = world.connections()
    assert (connection["account_id"], connection["connected_by"]) == ("acme", "connect link")
    assert {letter["to"][0] for letter in world.deliver()} == {PAT, SAM}


def test_an_owners_wrong_key_is_a_clear_error(world: World) -> None:
    """Threat 42. Nothing is stored, and a dead link takes no keys."""
    world.entity()
    owner, link = world.visitor(), world.link()
    owner.get(f"{link}/chargebee")
    page = owner.submit("/chargebee", site="acme", api_key=WRONG)
    assert page.status == 400
    assert WRONG not in page.body
    assert "The app did not accept this" in page.text
    world.platform().post("/v1/entities/acme/link/regenerate")
    dead = owner.post(f"{link}/chargebee", {"site": "acme", "api_key": KEY})
    assert dead.status == 404
    assert (world.vault.items(), world.connections(), world.apps.count("chargebee", "identity")) == ([], [], 1)


def test_a_link_is_no_place_to_guess_keys(world: World) -> None:
    """Threat 19. Per link and address."""
    world.entity()
    owner, link = world.visitor(), world.link()
    statuses = []
    for _ in range(21):
        owner.get(f"{link}/chargebee")
        statuses.append(owner.submit("/chargebee", site="acme", api_key=WRONG).status)
    assert statuses == [400] * 20 + [429]


def test_who_may_not_may_not(world: World, admin: Visitor, clock: Clock) -> None:
    """Threats 21 to 23. Removed, signed out, without the form's own token."""
    admin.get(PANEL)
    form = next(form for form in admin.page.forms if form.action.endswith("/connect"))
    filled = {**form.fields, "site": "acme", "api_key": KEY}
    assert admin.post(form.action, {**filled, "csrf": ""}).status == 403
    assert world.visitor().post(form.action, filled).status == 401
    world.platform().put("/v1/entities/acme", {"name": "Acme Coffee LLC", "admins": [SAM]})
    assert admin.post(form.action, filled).status == 404
    clock.forward(hours=13)
    assert admin.post(form.action, filled).status == 401
    assert world.apps.count("chargebee", "identity") == 0
    assert world.connections() == []


def test_an_admin_removed_during_the_check_keeps_nothing(world: World, admin: Visitor) -> None:
    """Threat 23. The transaction checks the membership."""
    from unittest.mock import patch

    from chalicelib.outbound.sealing import Sealer

    seal = Sealer.seal

    def late(sealer: Sealer, *args: object) -> object:
        world.platform().put("/v1/entities/acme", {"name": "Acme Coffee LLC", "admins": [SAM]})
        return seal(sealer, *args)  # type: ignore[arg-type]

    with patch.object(Sealer, "seal", late):
        assert "You are not signed in any more" in paste(admin).text
    assert world.connections() == []
    assert world.vault.items() == []
