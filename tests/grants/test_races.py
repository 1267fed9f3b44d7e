"""What happens to a grant at the same time: ended, lost or in trouble while somebody works on it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import wiring
from chalicelib.domain import GrantStatus, Reason, Trouble
from chalicelib.errors import AppDown, AppRefused, GrantDead
from chalicelib.providers import renewing
from chalicelib.services import backing_off, refreshing
from chalicelib.services.waiting import Patience
from tests.conftest import Clock
from tests.support.aws import error
from tests.support.grants import CREDENTIALS, Books, closed, keep_alive
from tests.support.happening import unhurried
from tests.support.stalled import Stalled, in_background
from tests.support.world import World

__all__ = ["closed"]


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    return Books(world, clock, "squarespace_commerce")


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    with Stalled.first() as found:
        yield found


def end(books: Books) -> None:
    """The platform ends the connection."""
    answer = books.world.platform().request("DELETE", f"/v1/entities/acme/connections/{books.id}")
    assert answer.status in {200, 202, 204}, answer.body


def test_ended_while_it_is_renewed_is_handed_to_nobody(books: Books, stalled: Stalled) -> None:
    """Threat 43. What the app gave meanwhile is kept only to be revoked."""
    path, platform = CREDENTIALS.format("acme", books.id), books.world.platform()
    books.later(hours=2)
    reading = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    end(books)
    stalled.go.set()
    assert reading.result(20).status == 404
    [item] = books.world.vault.items()
    assert item["status"] == "revoking"
    books.world.deliver()
    assert platform.get(path).status == 404


def test_who_stalls_past_the_lease_and_hears_no_hands_out_nothing(
    books: Books, stalled: Stalled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threats 29, 31. Neither is the connection marked: the next holder is at it, and their answer counts."""
    path, platform = CREDENTIALS.format("acme", books.id), books.world.platform()
    books.later(hours=2)
    stalled.then = GrantDead("400", "invalid_grant")
    first = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    books.clock.forward(seconds=refreshing.LEASE.total_seconds() + 1)
    held, now = books.held(), books.clock.now
    assert wiring.storage().vault.lease(held, "next", now, now + timedelta(seconds=30))
    stalled.go.set()
    assert first.result(20).status == 503
    assert books.held().status is GrantStatus.ACTIVE
    assert books.item()["lease_owner"] == "next"
    assert books.world.events().count("needs_attention") == 0


def test_what_is_over_is_never_due_again(books: Books) -> None:
    """Somebody who read it before writes late; nothing would ever take it out of the index."""
    vault, now = wiring.storage().vault, books.clock.now
    held = books.held()
    leased = vault.lease(held, "late", now, now + timedelta(seconds=30))
    assert leased
    assert wiring.attending().mark(held, Reason.DENIED)
    vault.plan(held, now)
    vault.note(held, now, 0, now)
    assert "due_at" not in books.item()
    books.connect()
    held = books.held()
    assert vault.lease(held, "later", now, now + timedelta(seconds=30))
    end(books)
    vault.fail(held, "later", Trouble(failures=1), now)
    assert "due_at" not in books.item()
    assert keep_alive(books.world)["due"] == 0


def test_ended_while_the_run_is_at_it_is_no_crash(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 43."""

    renewed = renewing.renewed

    def ended(*args: Any) -> object:
        end(books)
        return renewed(*args)

    books.later(days=5, minutes=1)
    with patch.object(renewing, "renewed", ended):
        assert keep_alive(books.world)["done"] == 1
    assert not [one for one in caplog.records if '"crash"' in one.getMessage()]


def test_one_that_breaks_while_dynamodb_is_away_costs_the_others_nothing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat 34. What cannot even be put off stays due."""
    unhurried(monkeypatch)
    monkeypatch.setattr(Patience, "wait", lambda _self: False)
    books.later(days=5, minutes=1)
    item = books.item()
    books.world.vault.put({**item, "sealed": b"\x09" + bytes(item["sealed"].value)[1:]})
    books.world.aws.fail("UpdateItem", error("ThrottlingException"), times=99, when=lambda body: "due_shard" in body)
    assert keep_alive(books.world) == {"due": 1, "done": 1, "failed": 1}
    books.world.aws.heal()
    assert keep_alive(books.world)["due"] == 1


def test_an_app_that_is_left_alone_does_not_stand_in_front_of_the_others(books: Books) -> None:
    """However many of its grants are due, and for however long."""
    books.later(days=5, minutes=1)
    item = books.item()
    for number in range(5):
        other = {**item, "connection_id": f"{number:032}", "app": "square", "due_at": item["due_at"] - 9_999}
        books.world.vault.put(other)
    with (
        patch("chalicelib.storage.vault.PER_SHARD", 3),
        patch.object(type(wiring.breaking()), "troubled", lambda _self: {"square": books.clock.now}),
    ):
        assert [found.app for found in wiring.keeping().due()] == ["squarespace_commerce"]


def test_an_outage_is_no_part_of_a_no(books: Books) -> None:
    """Threat 31. Days without an answer, then refusals within the hour: six of them are not three days of them."""
    now, trouble = books.clock.now, Trouble()
    for hour in range(0, 80, 8):
        trouble = backing_off.worse(trouble, AppDown("503"), now + timedelta(hours=hour))
    back = now + timedelta(hours=80)
    for minute in range(backing_off.REFUSED_TIMES + 2):
        trouble = backing_off.worse(trouble, AppRefused("400", "odd"), back + timedelta(minutes=minute))
        assert not backing_off.final(trouble, back + timedelta(minutes=minute))
    assert trouble.refused_since == back
    assert backing_off.final(trouble, back + backing_off.REFUSED_FOR)


def test_since_when_it_refuses_is_kept(books: Books) -> None:
    """Threat 31. Until it works again."""
    vault, held, now = wiring.storage().vault, books.held(), books.clock.now
    assert vault.lease(held, "mine", now, now + timedelta(seconds=30))
    vault.fail(held, "mine", Trouble(failures=1, refused=1, since=now, refused_since=now, retry_at=now), now)
    assert books.held().trouble.refused_since == now
    books.later(hours=2)
    assert books.read().status == 200
    assert books.held().trouble == Trouble()
