"""An app that fails for many at once is left alone for a while, and pages say so."""

from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain import Account, Authority, Grant
from chalicelib.services import breaking
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.support.aws import error
from tests.support.grants import CREDENTIALS, Books, closed, forget_trouble, keep_alive
from tests.support.happening import unhurried
from tests.support.world import World

__all__ = ["closed"]


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    """One real connection, and as many besides as it takes, all of whose tokens have ended."""
    found = Books(world, clock, "square")
    world.entity("many", "Many LLC")
    entity = wiring.storage().entities.get("many")
    assert entity
    for number in range(breaking.MANY):
        secrets = {"access_token": "gone", "refresh_token": f"r{number}"}
        wiring.establishing().establish(
            "many", wiring.apps().providers["square"], Account(id=f"M{number}", name=f"Shop {number}"),
            Grant(secrets=secrets, expires_at=clock.now + timedelta(days=30)),
            by="connect link", authority=Authority(nonce=entity.link.nonce), attempt=None,
        )  # fmt: skip
    found.later(days=31)
    return found


def fail_for(books: Books, count: int, how: Misbehaviour = Misbehaviour.UNAVAILABLE) -> None:
    """The app fails for so many connections, one after the other."""
    books.world.apps.misbehave("square", "token", how, times=count)
    platform = books.world.platform()
    for connection in books.world.connections("many")[:count]:
        assert platform.get(CREDENTIALS.format("many", connection["id"])).status == 503


def test_few_that_fail_are_their_own_trouble(books: Books) -> None:
    fail_for(books, breaking.MANY - 1)
    assert books.read().status == 200


def test_many_that_fail_spare_the_app_the_rest(books: Books) -> None:
    fail_for(books, breaking.MANY)
    asked = books.hits()
    answer = books.read()
    assert (answer.status, books.hits()) == (503, asked)
    assert 0 < int(answer.headers["Retry-After"]) <= breaking.FIRST.total_seconds() + 1
    assert books.held().trouble.failures == 0


def test_another_app_is_not_meant(books: Books) -> None:
    fail_for(books, breaking.MANY)
    other = Books(books.world, books.clock, "etsy")
    other.later(hours=2)
    assert other.read().status == 200


def test_other_processes_learn_of_it(books: Books) -> None:
    fail_for(books, breaking.MANY)
    forget_trouble()
    asked = books.hits()
    assert (books.read().status, books.hits()) == (503, asked)


def test_after_the_pause_it_is_tried_again_and_all_is_well(books: Books) -> None:
    fail_for(books, breaking.MANY)
    books.later(seconds=breaking.FIRST.total_seconds() + 1)
    assert books.read().status == 200
    assert books.world.ephemeral.items("breaker") == []


def test_pauses_grow_while_it_fails(books: Books) -> None:
    pauses = []
    for _ in range(3):
        for item in books.world.vault.items():
            books.world.vault.put({name: value for name, value in item.items() if name != "retry_at"})
        fail_for(books, breaking.MANY)
        [item] = books.world.ephemeral.items("breaker")
        until = wiring.breaking().troubled()["square"]
        pauses.append(until - books.clock.now)
        books.later(seconds=pauses[-1].total_seconds() + 1)
    assert pauses == [breaking.FIRST, breaking.FIRST * 2, breaking.FIRST * 4]


def test_failures_that_are_far_apart_do_not_add_up(books: Books) -> None:
    fail_for(books, breaking.MANY - 1)
    books.later(minutes=3)
    books.world.apps.misbehave("square", "token", Misbehaviour.UNAVAILABLE)
    assert books.read().status == 503
    assert wiring.breaking().troubled() == {}


def test_a_client_that_is_not_known_spares_the_owners(books: Books) -> None:
    """Threat 31. Everything of the app would fail, and nobody's grant is over."""
    books.world.deliver()
    before = len(books.world.letters())
    fail_for(books, breaking.MANY, Misbehaviour.INVALID_CLIENT)
    asked = books.hits()
    assert (books.read().status, books.hits()) == (503, asked)
    assert len(books.world.deliver()) == before


def test_the_run_passes_such_apps_by(books: Books) -> None:
    fail_for(books, breaking.MANY)
    asked = books.hits()
    assert keep_alive(books.world)["due"] == 0
    assert books.hits() == asked


def test_pages_say_so(books: Books) -> None:
    quiet = books.world.admin().get("/entities/acme").text
    assert "is having trouble" not in quiet
    fail_for(books, breaking.MANY)
    admin, owner = books.world.admin(), books.world.visitor()
    for page in (
        admin.get("/entities/acme"),
        admin.get("/entities/acme/apps/square"),
        owner.get(f"{books.world.link()}/square"),
    ):
        assert "Square is having trouble; we try again at" in page.text
    for page in (admin.get("/entities/acme/apps/etsy"), owner.get(f"{books.world.link()}/etsy")):
        assert "is having trouble" not in page.text


def test_no_page_fails_for_this(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 34. What is not known is no trouble."""
    unhurried(monkeypatch)
    forget_trouble()
    books.world.aws.fail("BatchGetItem", error("ThrottlingException"), times=99)
    assert books.world.visitor().get(f"{books.world.link()}/square").status == 200
    assert books.read().status == 200


def test_pages_look_once_in_half_a_minute(books: Books) -> None:
    forget_trouble()
    owner, link = books.world.visitor(), books.world.link()
    before = len(books.world.aws.calls)
    for _ in range(3):
        owner.get(f"{link}/square")
    assert books.world.aws.calls[before:].count("BatchGetItem") == 1
