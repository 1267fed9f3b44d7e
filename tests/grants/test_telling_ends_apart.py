"""Only a definite end is one: threat 31 of docs/security.md."""

import json
from datetime import timedelta

import pytest

from chalicelib import keys, wiring
from chalicelib.domain import GrantStatus, Trouble
from chalicelib.errors import AppDown, AppProblem, AppRefused, AppRejectedUs
from chalicelib.services import backing_off
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.support.grants import Books, closed
from tests.support.world import World

__all__ = ["closed"]
PASSING = (
    Misbehaviour.UNAVAILABLE,
    Misbehaviour.RATE_LIMITED,
    Misbehaviour.HTML,
    Misbehaviour.JSON_LIST,
    Misbehaviour.NO_ACCESS_TOKEN,
    Misbehaviour.TOKEN_TYPE_MAC,
    Misbehaviour.ERROR_WITH_200,
    Misbehaviour.TOO_BIG,
    Misbehaviour.REDIRECT_307,
)


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    found = Books(world, clock, "square")
    found.later(days=31)
    return found


def again(books: Books) -> None:
    """The pause is over."""
    retry_at = books.held().trouble.retry_at
    assert retry_at
    books.later(seconds=(retry_at - books.clock.now).total_seconds() + 1)


@pytest.mark.parametrize("how", PASSING, ids=lambda how: how.name.lower())
def test_what_passes_is_no_end(books: Books, how: Misbehaviour) -> None:
    """Threat 31. Three times in a row, then it works again, and nobody had a letter."""
    books.world.apps.misbehave("square", "token", how, times=3)
    asked = books.hits()
    for failures in (1, 2, 3):
        answer = books.read()
        assert (answer.status, answer.json["type"]) == (503, "urn:client-connect:problem:app_down")
        assert int(answer.headers["Retry-After"]) > 0
        assert books.held().trouble.failures == failures
        again(books)
    assert books.read().status == 200
    assert books.hits() == asked + 4
    assert books.held().trouble == Trouble()
    assert books.held().status is GrantStatus.ACTIVE
    assert "needs_attention" not in books.world.events()


def test_nobody_asks_before_the_pause_is_over(books: Books) -> None:
    """Threat 31. However many read."""
    books.world.apps.misbehave("square", "token", Misbehaviour.UNAVAILABLE)
    asked = books.hits()
    assert [books.read().status for _ in range(4)] == [503] * 4
    assert books.hits() == asked + 1


def test_what_the_app_asks_for_is_kept_to(books: Books) -> None:
    """Threat 31. Retry-After, also where chance would have come earlier."""
    down = AppDown("429")
    down.retry_after = 3600
    trouble = backing_off.worse(Trouble(), down, books.clock.now)
    assert trouble.retry_at
    assert trouble.retry_at >= books.clock.now + timedelta(hours=1)


def test_pauses_grow_to_hours_and_a_day_has_its_limit() -> None:
    """Threat 31. Full jitter; whatever chance says, at most so many tries a day."""
    now = began = keys.now()
    trouble, pauses = Trouble(), []
    while now < began + timedelta(days=10):
        trouble = backing_off.worse(trouble, AppDown("503"), now)
        assert trouble.retry_at
        assert trouble.retry_at >= now
        pauses.append(trouble.retry_at - now)
        now = max(trouble.retry_at, now + timedelta(seconds=1))
    assert max(pauses[:3]) <= timedelta(minutes=2)
    assert max(pauses) <= timedelta(hours=24)
    assert max(pauses) > timedelta(hours=1)
    assert trouble.failures <= backing_off.DAILY * 11
    assert backing_off.final(trouble, now) is False


def test_a_grant_that_is_over_needs_attention_at_once(books: Books) -> None:
    """Threat 31. ``invalid_grant``."""
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_GRANT)
    answer = books.read()
    assert (answer.status, answer.json["type"]) == (409, "urn:client-connect:problem:needs_attention")
    assert answer.json["reason"] == "revoked"
    assert "Connect the app again" in answer.json["detail"]
    assert books.held().status is GrantStatus.NEEDS_ATTENTION


def test_a_client_that_is_not_known_is_the_operators(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 31. Their alarm, a long pause, and no owner's letter."""
    books.world.deliver()
    before = len(books.world.letters())
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_CLIENT)
    assert books.read().status == 503
    [line] = [json.loads(r.getMessage()) for r in caplog.records if '"refresh_failed"' in r.getMessage()]
    assert line["client_rejected"] == 1
    assert {metric["Metrics"][0]["Name"] for metric in line["_aws"]["CloudWatchMetrics"]} >= {"client_rejected"}
    held = books.held()
    assert (held.status, held.trouble.refused) == (GrantStatus.ACTIVE, 0)
    assert held.trouble.retry_at
    assert held.trouble.retry_at >= books.clock.now + timedelta(minutes=59)
    assert len(books.world.deliver()) == before


def test_a_no_that_lasts_for_days_needs_attention(books: Books) -> None:
    """Threat 31. Not every app has words for an end. It takes days and several tries, so that an outage is none."""
    refused = AppRefused("400", "odd")
    now, trouble = books.clock.now, Trouble()
    for _ in range(backing_off.REFUSED_TIMES - 1):
        trouble = backing_off.worse(trouble, refused, now)
    later = now + backing_off.REFUSED_FOR
    assert not backing_off.final(trouble, later)
    trouble = backing_off.worse(trouble, refused, later)
    assert backing_off.final(trouble, later)
    assert not backing_off.final(trouble, later - timedelta(minutes=1))


@pytest.mark.parametrize("problem", [AppDown("503"), AppRejectedUs("401", "invalid_client")])
def test_an_outage_never_ends_a_grant(problem: AppProblem) -> None:
    """Threat 31. However long."""
    now = keys.now()
    trouble = Trouble()
    for day in range(100):
        trouble = backing_off.worse(trouble, problem, now + timedelta(days=day))
    assert not backing_off.final(trouble, now + timedelta(days=100))


def test_a_refused_grant_ends_after_days_at_the_edge(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 31. The whole way: a code that nobody knows, again and again."""
    monkeypatch.setattr("chalicelib.outbound.web.error_code", lambda _found: "odd" if isinstance(_found, dict) else "")
    books.world.apps.misbehave("square", "token", Misbehaviour.INVALID_GRANT, times=99)
    statuses = []
    while (status := books.read().status) == 503:
        statuses.append(status)
        again(books)
        books.later(hours=12)
    assert status == 409
    assert books.read().json["reason"] == "refused"
    assert len(statuses) >= backing_off.REFUSED_TIMES - 1


def test_nothing_to_renew_with_is_an_end(world: World, clock: Clock) -> None:
    """Threat 31. What ended and cannot be renewed needs its owner."""
    books = Books(world, clock, "square")
    held = books.held()
    from dataclasses import replace

    grant = replace(books.grant(), secrets={"access_token": "a"})
    sealed = wiring.sealer().seal(grant, held)
    now = clock.now
    leased = wiring.storage().vault.lease(held, "test", now, now + timedelta(seconds=30))
    assert leased
    wiring.storage().vault.save(leased, "test", sealed, now)
    assert books.read().status == 200
    books.later(days=31)
    assert books.read().json["reason"] == "ended"
