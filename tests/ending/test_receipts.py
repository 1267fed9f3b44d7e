"""The owner's receipt: what it says, and what its link can do and cannot."""

import re

import pytest

from chalicelib import keys, wiring
from local.simulators.people import approve
from tests.conftest import Clock
from tests.ending.test_disconnecting import end, letters, of
from tests.support.aws import error
from tests.support.dance import come_back, connect, connect_now, left_for
from tests.support.happening import unhurried
from tests.support.revoking import revoke
from tests.support.world import BASE_URL, OWNER, PAT, SAM, SIGNING_KEYS, World, settings_with

SUBJECT = "Your Square account is connected to Acme Coffee LLC"


@pytest.fixture
def invited(world: World, clock: Clock) -> str:
    """Olive was asked by Pat and connected Square. The path of the link in her receipt."""
    world.entity()
    by_invitation(world)
    return link_in(world)


def by_invitation(world: World, email: str = OWNER) -> None:
    asked = {"app": "square", "email": email, "requested_by": PAT}
    url = world.platform().post("/v1/entities/acme/invitations", asked).json["url"]
    owner = world.visitor()
    owner.get(url)
    owner.submit("/square")
    come_back(owner, approve(left_for(owner)))
    assert owner.page.status == 200


def receipts(world: World) -> list[str]:
    return [one["text"] for one in world.deliver() if one["subject"] == SUBJECT]


def link_in(world: World) -> str:
    found = re.findall(rf"{BASE_URL}(/not-me/\S+)", receipts(world)[-1])
    assert len(found) == 1
    return str(found[0])


def changed(link: str, at: int) -> str:
    """The same link with another character in that place."""
    other = "A" if link[at] != "A" else "B"
    return link[:at] + other + link[at:][1:]


# The letter


def test_the_owner_gets_a_receipt(world: World, invited: str) -> None:
    """What, which account, for whom, who asked, how long, how to take it back."""
    [letter] = [one for one in world.letters(OWNER) if one["subject"] == SUBJECT]
    row = wiring.apps().providers["square"]
    for words in (
        "Corner Café",
        of(world)["account_id"],
        "Acme Coffee LLC",
        PAT,
        row.owner.lasts,
        row.owner.disconnect,
    ):
        assert words in letter["text"]
    assert all(one in letter["text"] for one in row.owner.reads)
    assert letter["to"] == [OWNER]
    assert not letter["cc"]
    assert letter["reply_to"] == PAT


def test_it_holds_nothing_that_connects_or_signs_in(world: World, invited: str) -> None:
    """Threat 10. Forwarded or copied, it can end this one connection and nothing else."""
    [text] = receipts(world)
    assert "/c/" not in text
    assert "/entities" not in text
    assert "/sign-in" not in text


def test_reconnecting_brings_another(world: World, clock: Clock, invited: str) -> None:
    clock.forward(minutes=5)
    by_invitation(world)
    assert len(receipts(world)) == 2


def test_nobody_whom_we_do_not_know_gets_one(world: World) -> None:
    """From the shared link, or by an admin; an owner who is an admin has the admins' letter."""
    world.entity()
    connect(world, world.visitor(), world.link(), "square")
    connect_now(world, world.admin(), "square")
    by_invitation(world, SAM)
    assert receipts(world) == []


def test_who_wants_no_letters_gets_none(world: World, clock: Clock) -> None:
    """They complained after they were asked, and before they connected."""
    world.entity()
    asked = {"app": "square", "email": OWNER, "requested_by": PAT}
    url = world.platform().post("/v1/entities/acme/invitations", asked).json["url"]
    world.deliver()
    wiring.suppressing().suppress(OWNER, complained=True, sent_at=clock.now)
    owner = world.visitor()
    owner.get(url)
    owner.submit("/square")
    come_back(owner, approve(left_for(owner)))
    assert of(world)["status"] == "active"
    assert receipts(world) == []


def test_a_receipt_that_waited_is_written_then(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES is busy; later the same letter goes, and its link works."""
    unhurried(monkeypatch)
    world.entity()
    by_invitation(world)
    world.aws.fail("SendEmail", error("TooManyRequestsException", 429), times=9)
    assert receipts(world) == []
    world.aws.heal()
    clock.forward(minutes=5)
    world.sweep()
    assert world.visitor().get(link_in(world)).status == 200


def test_a_receipt_that_waited_too_long_is_dropped(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection was ended meanwhile: there is nothing to be taken back."""
    unhurried(monkeypatch)
    world.entity()
    by_invitation(world)
    world.aws.fail("SendEmail", error("TooManyRequestsException", 429), times=9)
    world.deliver()
    world.aws.heal()
    end(world, of(world)["id"])
    clock.forward(minutes=5)
    world.sweep()
    assert receipts(world) == []


# The link


def test_opening_it_ends_nothing(world: World, invited: str) -> None:
    """Threat 14. Mail scanners open links, with GET and HEAD, again and again."""
    before = len(world.aws.calls)
    for method in ("GET", "HEAD", "GET"):
        answer = world.visitor().request(method, invited)
        assert answer.status == 200
    assert set(world.aws.calls[before:]) <= {"Query", "GetItem"}
    page = world.visitor().get(invited)
    assert "Corner Café" in page.text
    assert of(world)["status"] == "active"


def test_its_button_ends_the_connection(world: World, invited: str) -> None:
    """Threat 43. Without an account or a session; then the app is told, and the admins."""
    olive = world.visitor()
    olive.get(invited)
    page = olive.submit(invited)
    assert "is disconnected from Acme Coffee LLC" in page.text
    assert "tell the person who asked you" in page.text
    assert olive.cookies == {}
    revoke(world)
    assert letters(world) == [PAT, SAM]
    assert f"the receipt sent to {OWNER}" in world.letters(PAT)[-1]["text"]
    assert world.vault.items() == []
    assert world.apps.count("square", "revoke") == 1
    assert f"the receipt sent to {OWNER}" in world.admin().get("/entities/acme/history").text


def test_a_second_press_does_nothing_more(world: World, invited: str) -> None:
    """Threat 6."""
    olive = world.visitor()
    for _ in range(3):
        assert olive.post(invited).status == 200
    assert "is disconnected" in olive.get(invited).text
    assert olive.page.forms == []
    assert world.events().count("disconnected") == 1


def test_only_our_own_page_may_press_it(world: World, invited: str) -> None:
    """Threat 22."""
    for headers in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "", "origin": ""}):
        assert world.visitor().post(invited, **headers).status == 403
    assert of(world)["status"] == "active"


def test_a_forged_link_is_dead_before_anything_is_read(world: World, invited: str) -> None:
    """Threat 11. Every character counts, and the entity too; all dead links look the same."""
    before = len(world.aws.calls)
    start = invited.index("~") + 1
    forged = [changed(invited, at) for at in (*range(start, len(invited)), len("/not-me/"))]
    forged += [invited[:-1], f"{invited}A", "/not-me/x", "/not-me/%00", "/not-me/%ff", "/not-me/acme~"]
    forged += [invited.replace("/acme~", "/other~")]
    pages = [world.visitor().get(one) for one in forged] + [world.visitor().post(one) for one in forged]
    assert {(page.status, page.body) for page in pages} == {(404, pages[0].body)}
    assert world.aws.calls[before:] == []
    assert of(world)["status"] == "active"


def test_a_connect_link_is_no_receipt(world: World, invited: str) -> None:
    """Threat 11. Each has a label of its own in its MAC."""
    world.entity()
    segment = world.link().removeprefix("/c/")
    assert world.visitor().get(f"/not-me/{segment}").status == 404
    assert world.visitor().get(f"/c/{invited.removeprefix('/not-me/')}").status == 404


def test_it_works_for_thirty_days(world: World, clock: Clock, invited: str) -> None:
    """Threat 7."""
    clock.forward(days=29, hours=23)
    assert world.visitor().get(invited).status == 200
    clock.forward(hours=1)
    assert [world.visitor().get(invited).status, world.visitor().post(invited).status] == [404, 404]
    assert of(world)["status"] == "active"


def test_what_was_connected_again_is_out_of_its_reach(world: World, clock: Clock, invited: str) -> None:
    """Threat 6. It was pressed, and the owner connected anew: the old letter must not end that."""
    world.visitor().post(invited)
    clock.forward(minutes=1)
    by_invitation(world)
    assert [world.visitor().get(invited).status, world.visitor().post(invited).status] == [404, 404]
    assert of(world)["status"] == "active"


def test_connected_again_while_the_page_is_open(world: World, clock: Clock, invited: str) -> None:
    """Threat 6. The condition is in the transaction, not in what was read before."""
    found = wiring.receipts().open(invited.removeprefix("/not-me/"))
    clock.forward(minutes=1)
    by_invitation(world)
    by = "receipt sent to olive"
    assert not wiring.disconnecting().end(found.connection, by, not_after=found.event.at)
    assert of(world)["status"] == "active"


def test_it_outlives_a_regenerated_link_but_not_its_key(world: World, invited: str) -> None:
    """Threat 12. Regenerate is about connecting; a retired key ends what it made."""
    world.platform().post("/v1/entities/acme/link/regenerate")
    assert world.visitor().get(invited).status == 200
    settings_with(SIGNING_KEYS=f"2:{'ab' * 32},{SIGNING_KEYS}")
    assert world.visitor().get(invited).status == 200
    settings_with(SIGNING_KEYS=f"2:{'ab' * 32}")
    assert world.visitor().get(invited).status == 404


def test_a_link_about_another_event_is_dead(world: World, invited: str) -> None:
    """Made with our key, but about nothing that was connected."""
    [asked] = [one for one in wiring.storage().events.page("acme", "", 50) if one.kind == "owner_asked"]
    address = wiring.receipts().address(asked).removeprefix(BASE_URL)
    assert world.visitor().get(address).status == 404
    assert keys.is_id(asked.id)


# The same account elsewhere


def test_other_books_with_the_same_account_are_mentioned_not_named(world: World) -> None:
    """Threat 23. Whoever connects is warned, and learns nothing of the other entity."""
    world.entity()
    world.entity("other", "Umbrella Secrets LLC", ("mallory@other.example",))
    first = connect(world, world.visitor(), world.link("other"), "square")
    assert "other books" not in first.text
    second = connect(world, world.visitor(), world.link(), "square")
    assert "also connected to other books" in second.text
    assert "Umbrella" not in second.body
    assert "mallory" not in second.body
    again = connect(world, world.visitor(), world.link("other"), "square")
    assert "also connected to other books" in again.text


def test_one_s_own_books_and_ended_ones_are_no_other(world: World) -> None:
    world.entity()
    world.entity("other", "Other LLC")
    connect(world, world.visitor(), world.link("other"), "square")
    end(world, of(world, entity_id="other")["id"], "other")
    for _ in range(2):
        assert "other books" not in connect(world, world.visitor(), world.link(), "square").text


def test_another_account_or_app_is_no_other(world: World) -> None:
    world.entity()
    world.entity("other", "Other LLC")
    connect(world, world.visitor(), world.link("other"), "square")
    page = connect(world, world.visitor(), world.link(), "square", account="MLSIMMARKETHALL2")
    assert "other books" not in page.text
    assert "other books" not in connect(world, world.visitor(), world.link(), "stripe").text


def test_the_result_costs_one_read_more(world: World) -> None:
    world.entity()
    owner = world.visitor()
    connect(world, owner, world.link(), "square")
    attempt = world.ephemeral.items("attempt")[0]["pk"].removeprefix("ATTEMPT#")
    before = len(world.aws.calls)
    assert owner.get(f"/attempts/{attempt}").status == 200
    assert world.aws.calls[before:] == ["GetItem", "Query", "Query"]
