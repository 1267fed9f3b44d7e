"""A connection that needs attention: one event, one letter to each, a way to mend it, and what mends it."""

import json

import pytest

from chalicelib import wiring
from chalicelib.domain import GrantStatus
from chalicelib.services import mail_events
from local.simulators import Misbehaviour
from local.simulators.people import approve
from tests.conftest import Clock
from tests.support import ses
from tests.support.aws import error, time_out
from tests.support.dance import come_back, left_for
from tests.support.grants import Books, closed
from tests.support.happening import together, unhurried
from tests.support.visitor import Answer, Visitor
from tests.support.world import OWNER, PAT, SAM, World

__all__ = ["closed"]
OTHER = "MLSIMMARKETHALL2"


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    return Books(world, clock, "square")


def broken(books: Books) -> Books:
    """The owner took the access back at the app, and somebody read."""
    books.later(days=31)
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_GRANT)
    assert books.read().status == 409
    return books


def letters_about(books: Books, words: str) -> list[str]:
    return sorted(letter["to"][0] for letter in books.world.deliver() if words in letter["subject"])


def test_everybody_hears_of_it_once(books: Books) -> None:
    """Threat 31."""
    broken(books)
    for _ in range(3):
        assert books.read().status == 409
    books.world.sweep()
    assert letters_about(books, "has to be connected again") == [PAT, SAM]
    assert books.world.events()[0] == "needs_attention"
    [connection] = books.world.connections()
    assert connection["status"] == "needs_attention"


def test_many_readers_of_a_dead_grant_make_one_event(books: Books) -> None:
    """Threat 31. Whoever comes first marks it; the others see it."""
    books.later(days=31)
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_GRANT, times=99)
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", books.world.platform()
    assert {answer.status for answer in together(lambda: platform.get(path), times=12)} == {409}
    assert books.world.events().count("needs_attention") == 1


def test_a_broken_connection_asks_the_app_nothing(books: Books) -> None:
    broken(books)
    asked = books.hits()
    assert [books.read().status for _ in range(3)] == [409] * 3
    assert books.hits() == asked


def test_the_letter_leads_to_the_apps_page(books: Books) -> None:
    broken(books)
    books.world.deliver()
    [letter] = [one for one in books.world.letters(PAT) if "has to be connected again" in one["subject"]]
    assert f"/entities/acme/apps/square?mend={books.id}" in letter["text"]
    assert "Corner Café" in letter["text"]
    assert "taken back" in letter["text"]


def invited(world: World, email: str = OWNER) -> None:
    """Connected by an invitation to this address."""
    asked = {"app": "square", "email": email, "requested_by": PAT}
    url = world.platform().post("/v1/entities/acme/invitations", asked).json["url"]
    owner = world.visitor()
    owner.get(url)
    owner.submit("/square")
    come_back(owner, approve(left_for(owner)))
    assert owner.page.status == 200


def test_the_owner_whom_we_know_hears_of_it(books: Books) -> None:
    """With the link that they had, to that app."""
    invited(books.world)
    broken(books)
    assert letters_about(books, "has to be connected again") == [OWNER, PAT, SAM]
    [letter] = [one for one in books.world.letters(OWNER) if "has to be connected again" in one["subject"]]
    assert f"{books.world.link()}/square?mend={books.id}" in letter["text"]
    assert "/entities/" not in letter["text"]


def test_a_replaced_link_is_not_handed_to_who_had_the_old_one(books: Books) -> None:
    """Threat 12. Regenerating ends a link; a letter must not bring the new one."""
    invited(books.world)
    books.later(minutes=1)
    books.world.platform().post("/v1/entities/acme/link/regenerate")
    broken(books)
    books.world.deliver()
    [letter] = [one for one in books.world.letters(OWNER) if "has to be connected again" in one["subject"]]
    assert books.world.link() not in letter["text"]
    assert "link that you had was replaced" in letter["text"]


def test_an_owner_who_is_an_admin_gets_one_letter(books: Books) -> None:
    invited(books.world, SAM)
    broken(books)
    assert letters_about(books, "has to be connected again") == [PAT, SAM]


def test_who_asked_for_no_more_letters_gets_none(books: Books) -> None:
    invited(books.world)
    books.world.deliver()
    wiring.suppressing().suppress(OWNER, complained=True, sent_at=books.clock.now)
    broken(books)
    assert letters_about(books, "has to be connected again") == [PAT, SAM]


def test_a_letter_that_waited_is_written_then(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES is busy; the sweep sends later, to each what is theirs."""
    unhurried(monkeypatch)
    invited(books.world)
    books.world.deliver()
    books.world.aws.fail("SendEmail", error("TooManyRequestsException", 429), times=9)
    broken(books)
    books.world.deliver()
    books.world.aws.heal()
    books.later(minutes=5)
    books.world.sweep()
    assert letters_about(books, "has to be connected again") == [OWNER, PAT, SAM]
    [letter] = [one for one in books.world.letters(OWNER) if "has to be connected again" in one["subject"]]
    assert "/entities/" not in letter["text"]


def test_what_was_mended_meanwhile_is_not_asked_for(books: Books) -> None:
    broken(books)
    books.connect()
    assert letters_about(books, "has to be connected again") == []


# The console


def test_the_console_shows_it_and_the_way(books: Books) -> None:
    broken(books)
    admin = books.world.admin()
    page = admin.get("/entities/acme")
    assert "Needs attention" in page.text
    [way] = [link for link in page.links if "mend=" in link]
    page = admin.get(way)
    assert "Connect Corner Café again" in page.text
    admin.submit("/connect")
    page = come_back(admin, approve(left_for(admin)))
    assert "is connected to Acme Coffee LLC" in page.text
    assert "Needs attention" not in admin.get("/entities/acme").text
    assert books.read().status == 200


def test_a_mended_connection_keeps_its_id_and_its_letter_says_so(books: Books) -> None:
    before = books.id
    broken(books)
    books.world.deliver()
    books.later(seconds=1)
    books.connect()
    assert books.id == before
    assert books.held().status is GrantStatus.ACTIVE
    assert books.world.events()[0] == "reconnected"
    assert books.read().status == 200
    [letter] = [one for one in books.world.deliver() if "is connected again" in one["subject"] and PAT in one["to"]]
    assert "works again" in letter["text"]


def test_a_reconnect_of_what_worked_does_not_say_so(books: Books) -> None:
    books.connect()
    [letter] = [one for one in books.world.deliver() if "is connected again" in one["subject"] and PAT in one["to"]]
    assert "works again" not in letter["text"]


def test_the_owners_page_says_so(books: Books) -> None:
    broken(books)
    owner = books.world.visitor()
    assert "Connect again" in owner.get(books.world.link()).text
    assert "has to be connected again" in owner.get(f"{books.world.link()}/square").text


# Another account comes back


def mended_with(books: Books, account: str) -> tuple[Visitor, Answer]:
    """The owner follows the letter's link, and signs in at the app with this account."""
    owner = books.world.visitor()
    owner.get(f"{books.world.link()}/square?mend={books.id}")
    owner.submit("/square")
    return owner, come_back(owner, approve(left_for(owner), account=account))


def test_the_right_account_is_not_asked_about(books: Books) -> None:
    broken(books)
    _, page = mended_with(books, "MLSIMCORNERCAFE1")
    assert "is connected to Acme Coffee LLC" in page.text
    assert books.read().status == 200


def test_another_account_is_asked_about_and_nothing_is_touched(books: Books) -> None:
    broken(books)
    kept = books.item()
    owner, page = mended_with(books, OTHER)
    assert "another account than Corner Café" in page.text
    assert [one["status"] for one in books.world.connections()] == ["needs_attention"]
    assert books.item() == kept
    owner.submit(owner.page.forms[-1].action.rpartition("/attempts")[2], account=OTHER)
    statuses = {one["account_id"]: one["status"] for one in books.world.connections()}
    assert statuses == {"MLSIMCORNERCAFE1": "needs_attention", OTHER: "active"}


def test_no_is_an_answer(books: Books) -> None:
    """The other account's grant goes back to the app, as nothing lives by it."""
    broken(books)
    owner, _ = mended_with(books, OTHER)
    form = owner.page.forms[-1]
    owner.post(form.action, {"none": "1"})
    assert [one["account_id"] for one in books.world.connections()] == ["MLSIMCORNERCAFE1"]
    assert not [one for one in books.world.apps.tokens("square") if one.account_id == OTHER and one.active]


def test_a_word_that_names_no_connection_only_asks(books: Books) -> None:
    """Anybody can write an id into a form; nothing comes of it but the question."""
    owner = books.world.visitor()
    owner.get(f"{books.world.link()}/square?mend={'a' * 32}")
    owner.submit("/square")
    page = come_back(owner, approve(left_for(owner), account=OTHER))
    assert "Is this the account for Acme Coffee LLC?" in page.text
    assert "another account than" not in page.text


def test_pasted_keys_of_another_account_are_asked_about(world: World) -> None:
    world.entity()
    admin = world.admin()
    admin.get(f"/entities/acme/apps/chargebee?mend={'a' * 32}")
    assert "mend" not in admin.page.forms[-1].fields
    path = "/entities/acme/apps/chargebee/connect"
    form = next(form for form in admin.page.forms if form.action.endswith("/connect"))
    typed = {"site": "acme", "api_key": "test_SimulatedChargebeeKey", "mend": "a" * 32}
    admin.post(path, form.fields | typed)
    assert "Is this the account for Acme Coffee LLC?" in admin.follow().text
    assert world.connections() == []


# Faults


@pytest.mark.parametrize("after", [False, True])
def test_an_outage_while_marking_comes_to_the_same(
    books: Books, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Threats 30, 34. Whether the transaction was written is not known; the next reading finds out, or does it."""
    unhurried(monkeypatch)
    books.later(days=31)
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_GRANT, times=9)
    books.world.aws.fail(
        "TransactWriteItems", time_out, times=3, after=after, when=lambda body: "needs_attention" in body
    )
    assert books.read().status in {409, 503}
    books.later(minutes=1)
    assert books.read().status == 409
    assert books.world.events().count("needs_attention") == 1
    assert letters_about(books, "has to be connected again") == [PAT, SAM]


def test_news_of_such_a_letter_is_taken(books: Books) -> None:
    """Threat 40."""
    broken(books)
    books.world.deliver()
    heard = mail_events.read(json.dumps(ses.event("Delivery", ses.mail(books.world, PAT))))
    assert heard
    wiring.mail_events().hear(heard)
    [item] = [one for one in books.world.core.items("outbox") if one["kind"] == "attention" and one["to"] == PAT]
    assert item["delivery"] == "delivered"
