"""Renewing: at most once, kept before use, never another's overwritten. Threats 29 and 30 of docs/security.md."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from chalicelib import wiring
from chalicelib.domain import GrantStatus, Trouble
from chalicelib.services import refreshing
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.support.grants import Books, closed
from tests.support.happening import together, unhurried
from tests.support.stalled import Stalled, in_background
from tests.support.world import World

__all__ = ["closed"]
ROTATING = "squarespace_commerce"


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    """A connection whose refresh tokens work once: used twice, everything of that consent stops."""
    return Books(world, clock, ROTATING)


def test_a_fresh_token_is_not_renewed(books: Books) -> None:
    before = books.grant()
    asked = books.hits()
    assert books.read().json["access_token"] == before.secrets["access_token"]
    assert books.hits() == asked


def test_an_ended_one_is(books: Books) -> None:
    """Threat 29. Kept before it is handed out; the refresh token with it."""
    before = books.grant()
    books.later(hours=2)
    answer = books.read()
    kept = books.grant()
    assert answer.status == 200
    assert answer.json["access_token"] == kept.secrets["access_token"] != before.secrets["access_token"]
    assert kept.secrets["refresh_token"] != before.secrets["refresh_token"]
    assert books.works(kept.secrets["access_token"])
    assert books.read().json == answer.json


def test_renewed_before_it_ends(books: Books) -> None:
    before = books.grant()
    books.later(minutes=24)
    assert books.read().json["access_token"] == before.secrets["access_token"]
    books.later(minutes=2)
    assert books.read().json["access_token"] != before.secrets["access_token"]


def test_fifty_readers_of_an_ended_token_renew_it_once(books: Books) -> None:
    """Threat 29. Every one of them gets the new one, and it works."""
    books.later(hours=2)
    asked, path = books.hits(), f"/v1/entities/acme/connections/{books.id}/credentials"
    platform = books.world.platform()
    answers = together(lambda: platform.get(path), times=50)
    assert {answer.status for answer in answers} == {200}
    [token] = {answer.json["access_token"] for answer in answers}
    assert books.hits() == asked + 1
    assert books.works(token)
    assert books.held().lease_until is None


def test_several_rounds_of_many_readers(books: Books) -> None:
    """Threat 29. Each end is one renewal, whoever comes first."""
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", books.world.platform()
    for round_number in range(1, 4):
        books.later(hours=1)
        asked = books.hits()
        assert {answer.status for answer in together(lambda: platform.get(path), times=8)} == {200}
        assert (books.hits() - asked, round_number) == (1, round_number)


@pytest.fixture
def stalled() -> Iterator[Stalled]:
    with Stalled.first() as found:
        yield found


def test_a_reader_waits_for_whoever_renews(books: Books, stalled: Stalled) -> None:
    """Threat 29. It gets what they got, and asks nobody."""
    books.later(hours=2)
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", books.world.platform()
    asked = books.hits()
    first = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    second = in_background(lambda: platform.get(path))
    stalled.go.set()
    assert first.result(20).json == second.result(20).json
    assert books.hits() == asked + 1


def test_while_the_old_one_works_nobody_waits(books: Books, stalled: Stalled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 29. Minutes before the end the old token is as good."""
    waited: list[object] = []

    def wait(patience: object) -> bool:
        waited.append(patience)
        return False

    monkeypatch.setattr("chalicelib.services.waiting.Patience.wait", wait)
    old = books.grant().secrets["access_token"]
    books.later(minutes=26)
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", books.world.platform()
    first = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    assert platform.get(path).json["access_token"] == old
    stalled.go.set()
    assert first.result(20).json["access_token"] != old
    assert waited == []


def test_who_stalls_past_their_lease_changes_nothing(world: World, clock: Clock, stalled: Stalled) -> None:
    """Threat 29. Neither released nor overwritten: the next holder's grant stays."""
    books = Books(world, clock, "square")
    books.later(days=31)
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", world.platform()
    first = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    clock.forward(seconds=refreshing.LEASE.total_seconds() + 1)
    second = platform.get(path)
    kept = books.item()
    stalled.go.set()
    late = first.result(20)
    assert (second.status, late.status) == (200, 200)
    assert books.item() == kept
    assert late.json["access_token"] == second.json["access_token"] == books.grant().secrets["access_token"]


def test_who_stalls_cannot_release_the_next_holders_lease(books: Books) -> None:
    """Threat 29."""
    vault, held = wiring.storage().vault, books.held()
    now = books.clock.now
    assert vault.lease(held, "first", now, now + timedelta(seconds=30))
    later = now + timedelta(seconds=31)
    assert vault.lease(held, "second", later, later + timedelta(seconds=30))
    vault.release(held, "first")
    vault.fail(held, "first", held.trouble, None)
    assert books.item()["lease_owner"] == "second"
    assert vault.lease(held, "third", later, later + timedelta(seconds=30)) is None


def test_a_reconnect_during_a_renewal_wins(books: Books, stalled: Stalled) -> None:
    """Threat 29. The grant that the owner gave meanwhile stays, and is what the reader gets."""
    books.later(hours=2)
    path, platform = f"/v1/entities/acme/connections/{books.id}/credentials", books.world.platform()
    first = in_background(lambda: platform.get(path))
    assert stalled.answered.wait(10)
    books.connect()
    new = books.grant()
    stalled.go.set()
    assert first.result(20).json["access_token"] == new.secrets["access_token"]
    assert books.grant() == new
    assert books.works(new.secrets["access_token"])


def test_neither_the_lease_alone_nor_the_version_alone_lets_anybody_write(books: Books) -> None:
    """Threat 29. Both, or nothing is kept."""
    vault, held, now = wiring.storage().vault, books.held(), books.clock.now
    leased = vault.lease(held, "mine", now, now + timedelta(seconds=30))
    assert leased
    sealed = replace(held.sealed, ciphertext=b"other")
    for other, owner in ((replace(leased, version="older"), "mine"), (leased, "another's")):
        assert vault.save(other, owner, sealed, now) is None
        vault.fail(other, owner, Trouble(failures=9), None)
        vault.release(other, owner)
    assert books.held() == leased
    assert vault.save(leased, "mine", sealed, now)


class Killed(BaseException):
    """The process ends here."""


def killed_after_the_answer(books: Books) -> None:
    """The app has answered, and nothing was written."""

    def killed(*_args: object) -> None:
        raise Killed

    with patch.object(type(wiring.storage().vault), "save", killed), pytest.raises(Killed):
        wiring.refreshing().valid(books.held())


def test_killed_between_answer_and_writing(books: Books) -> None:
    """Threat 30. The refresh token was used and its successor is lost: attention, one letter each, and no loop."""
    books.world.deliver()
    letters = len(books.world.letters())
    books.later(hours=2)
    killed_after_the_answer(books)
    books.later(minutes=1)
    asked = books.hits()
    answers = [books.read() for _ in range(5)]
    assert {(answer.status, answer.json["reason"]) for answer in answers} == {(409, "revoked")}
    assert books.hits() == asked + 1
    assert books.held().status is GrantStatus.NEEDS_ATTENTION
    assert books.world.connections()[0]["status"] == "needs_attention"
    assert books.world.events().count("needs_attention") == 1
    assert len(books.world.deliver()) == letters + 2


def test_killed_where_refresh_tokens_last(world: World, clock: Clock) -> None:
    """Threat 30. Nothing is lost: the next reader renews."""
    books = Books(world, clock, "square")
    books.later(days=31)
    killed_after_the_answer(books)
    books.later(minutes=1)
    assert books.read().status == 200


def test_nobody_asks_while_a_dead_holders_lease_lasts(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 30. It cannot be told from one that still works; who waits is told when to come again."""
    monkeypatch.setattr("chalicelib.services.waiting.Patience.wait", lambda _self: False)
    books.later(hours=2)
    killed_after_the_answer(books)
    asked = books.hits()
    answer = books.read()
    assert (answer.status, books.hits()) == (503, asked)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_write_whose_answer_was_lost_is_ours(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threats 29, 34. Our own repeat finds the new version, which is named by us."""
    unhurried(monkeypatch)
    from tests.support.aws import time_out

    books.later(hours=2)
    books.world.aws.fail("UpdateItem", time_out, after=True, when=lambda body: "lease_owner" in body)
    books.world.aws.fail("UpdateItem", time_out, after=True, when=lambda body: "refreshed_at" in body)
    wiring.breaking().troubled()
    asked, path = books.hits(), f"/v1/entities/acme/connections/{books.id}/credentials"
    before = len(books.world.aws.calls)
    answer = books.world.platform().get(path)
    assert answer.status == 200
    calls = [call for call in books.world.aws.calls[before:] if call in {"GetItem", "UpdateItem"}]
    assert calls == ["GetItem", *["UpdateItem"] * 4], "no need to look who wrote it"
    assert answer.json["access_token"] == books.grant().secrets["access_token"]
    assert books.hits() == asked + 1


def test_a_token_in_the_answer_only_is_used_by_nobody(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 30. What could not be written is not handed out."""
    unhurried(monkeypatch)
    from tests.support.aws import error

    monkeypatch.setattr("chalicelib.services.waiting.Patience.wait", lambda _self: False)
    books.later(hours=2)
    books.world.aws.fail("UpdateItem", error("ThrottlingException"), times=99, when=lambda body: "refreshed_at" in body)
    assert books.read().status == 503


def test_without_kms_the_app_is_not_asked(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threats 30, 33. The key that will seal the answer comes first, so KMS cannot cost a grant."""
    unhurried(monkeypatch)
    from tests.support.aws import error

    books.later(hours=2)
    books.world.aws.fail("GenerateDataKey", error("KMSInternalException", 500), times=9)
    asked = books.hits()
    assert books.read().status == 503
    assert books.hits() == asked
    books.world.aws.heal()
    assert books.read().status == 200


def test_a_renewal_adds_four_calls_and_one_of_the_apps(books: Books) -> None:
    """Lease, the old key (here at hand), the next key, the writing; and twice a minute whether an app is in trouble."""
    books.read()
    books.later(hours=2)
    wiring.breaking().troubled()
    asked, path = books.hits(), f"/v1/entities/acme/connections/{books.id}/credentials"
    called = len(books.world.aws.calls)
    assert books.world.platform().get(path).status == 200
    assert books.world.aws.calls[called:] == ["GetItem", "UpdateItem", "GenerateDataKey", "UpdateItem"]
    assert books.hits() == asked + 1


def test_an_app_that_fails_is_met_with_the_old_token_while_it_lasts(books: Books) -> None:
    old = books.grant().secrets["access_token"]
    books.later(minutes=26)
    books.world.apps.misbehave(ROTATING, "token", Misbehaviour.UNAVAILABLE)
    assert books.read().json["access_token"] == old
    books.later(minutes=3, seconds=30)
    assert books.held().trouble.failures == 1
