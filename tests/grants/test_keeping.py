"""The scheduled run: grants that nobody asks for are kept, checked, and their owners reminded in time."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from chalicelib import keys, wiring
from chalicelib.domain import DueGrant, GrantStatus, Held, SealedGrant, Trouble
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.services import timetable
from chalicelib.services.keeping import fair
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.support.aws import error, time_out
from tests.support.grants import Books, closed, keep_alive
from tests.support.happening import unhurried
from tests.support.world import OWNER, PAT, SAM, World

__all__ = ["closed"]


@pytest.fixture
def squarespace(world: World, clock: Clock) -> Books:
    """Its refresh tokens live for seven days."""
    return Books(world, clock, "squarespace_commerce")


def test_nothing_is_due_at_first(squarespace: Books) -> None:
    asked = squarespace.hits()
    assert keep_alive(squarespace.world) == {"due": 0, "done": 0, "failed": 0}
    assert squarespace.hits() == asked


def test_a_refresh_token_with_a_week_to_live_outlives_a_year(squarespace: Books) -> None:
    """Nobody ever reads, and it works at the end. Even if only every other day is one with a run."""
    for _ in range(365 // 2):
        squarespace.later(days=2)
        assert keep_alive(squarespace.world)["failed"] == 0
    assert squarespace.read().status == 200
    assert squarespace.held().status is GrantStatus.ACTIVE
    assert squarespace.hits() <= 365 / 5 * 2.5


def test_without_the_run_it_would_not(squarespace: Books) -> None:
    squarespace.later(days=8)
    assert squarespace.read().status == 409


def test_what_is_read_every_day_is_not_renewed_besides(squarespace: Books) -> None:
    """The readings themselves keep it alive."""
    for _ in range(20):
        squarespace.later(days=1)
        keep_alive(squarespace.world)
        squarespace.read()
    checks = 20 // 7 + 1
    assert squarespace.hits() <= 1 + 20 + checks


def test_an_index_that_is_behind_costs_a_look(squarespace: Books) -> None:
    """What is done is decided by the grant itself."""
    vault, held = wiring.storage().vault, squarespace.held()
    vault.plan(held, squarespace.clock.now)
    asked = squarespace.hits()
    assert keep_alive(squarespace.world) == {"due": 1, "done": 1, "failed": 0}
    assert keep_alive(squarespace.world)["due"] == 0
    assert squarespace.hits() == asked


def test_an_app_that_fails_is_tried_again_later(squarespace: Books) -> None:
    squarespace.later(days=5, minutes=1)
    squarespace.world.apps.misbehave("squarespace_commerce", "token", Misbehaviour.UNAVAILABLE, times=2)
    assert keep_alive(squarespace.world) == {"due": 1, "done": 1, "failed": 1}
    asked = squarespace.hits()
    for _ in range(12):
        squarespace.later(minutes=5)
        keep_alive(squarespace.world)
    assert squarespace.held().trouble == Trouble()
    assert squarespace.hits() == asked + 2


def test_a_dead_grant_is_found_by_the_run(squarespace: Books) -> None:
    """Threat 31. One letter each; and no more runs for it."""
    squarespace.later(days=5, minutes=1)
    squarespace.world.apps.misbehave("squarespace_commerce", "token", Misbehaviour.INVALID_GRANT)
    keep_alive(squarespace.world)
    assert squarespace.held().status is GrantStatus.NEEDS_ATTENTION
    squarespace.later(days=30)
    assert keep_alive(squarespace.world)["due"] == 0
    about = [one["to"][0] for one in squarespace.world.deliver() if "has to be connected again" in one["subject"]]
    assert sorted(about) == [PAT, SAM]


def test_a_run_that_died_is_finished_by_the_next(squarespace: Books) -> None:
    """Threat 30. Its lease passes; what the app gave it is lost, and somebody hears of that once."""

    class Killed(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise Killed

    squarespace.later(days=5, minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(wiring.storage().vault), "save", killed)
        with pytest.raises(Killed):
            keep_alive(squarespace.world)
    for _ in range(3):
        squarespace.later(minutes=5)
        keep_alive(squarespace.world)
    assert squarespace.held().status is GrantStatus.NEEDS_ATTENTION
    assert squarespace.world.events().count("needs_attention") == 1


def test_one_that_breaks_does_not_hold_up_the_others(world: World, clock: Clock) -> None:
    """A grant sealed in a format that nobody knows is loud, is lost to nobody, and waits its turn."""
    books = Books(world, clock, "squarespace_commerce")
    item = books.item()
    world.vault.put({**item, "sealed": b"\x09" + bytes(item["sealed"].value)[1:]})
    world.entity("other", "Other LLC")
    from tests.support.dance import connect

    connect(world, world.visitor(), world.link("other"), "squarespace_commerce")
    books.later(days=5, minutes=1)
    assert keep_alive(world) == {"due": 2, "done": 2, "failed": 1}
    [broken] = [one for one in world.vault.items() if one["entity_id"] == "acme"]
    assert bytes(broken["sealed"].value)[1:] == bytes(item["sealed"].value)[1:]
    assert broken["status"] == "active"
    assert keep_alive(world)["due"] == 0


def test_a_run_ends_in_time_and_the_next_goes_on(world: World, clock: Clock) -> None:
    books = Books(world, clock, "squarespace_commerce")
    world.entity("other", "Other LLC")
    from tests.support.dance import connect

    connect(world, world.visitor(), world.link("other"), "squarespace_commerce")
    books.later(days=5, minutes=1)
    left = iter((90_000, 10_000))
    hasty = SimpleNamespace(
        function_name="keep_alive", aws_request_id="x", get_remaining_time_in_millis=lambda: next(left)
    )
    assert keep_alive(world, hasty) == {"due": 2, "done": 1, "failed": 0}
    assert keep_alive(world) == {"due": 1, "done": 1, "failed": 0}


def test_nothing_is_ever_scanned(squarespace: Books) -> None:
    squarespace.later(days=5, minutes=1)
    before = len(squarespace.world.aws.calls)
    keep_alive(squarespace.world)
    assert "Scan" not in squarespace.world.aws.calls[before:]
    assert squarespace.world.aws.calls[before:].count("Query") == 16


@pytest.mark.parametrize("answer", [error("ThrottlingException"), time_out, error("InternalServerError", 500)])
def test_an_outage_of_ours_leaves_it_due(squarespace: Books, monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    """Threat 34."""
    unhurried(monkeypatch)
    squarespace.later(days=5, minutes=1)
    squarespace.world.aws.fail("UpdateItem", answer, times=99)  # type: ignore[arg-type]
    assert keep_alive(squarespace.world)["failed"] == 1
    squarespace.world.aws.heal()
    squarespace.later(minutes=5)
    assert keep_alive(squarespace.world) == {"due": 1, "done": 1, "failed": 0}


# Fairness


def due(app: str, entity: str, number: int, minutes: int = 0) -> DueGrant:
    at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=minutes)
    return DueGrant(app=app, entity_id=entity, id=f"{app}-{entity}-{number}", due_at=at)


def test_a_large_entity_does_not_keep_the_others_waiting() -> None:
    many = [due("square", "large", number) for number in range(50)]
    few = [due("square", "small", 1, minutes=9), due("etsy", "small", 2, minutes=9)]
    first = fair([*many, *few])[:4]
    assert {found.entity_id for found in first} == {"large", "small"}
    assert {found.app for found in first} == {"square", "etsy"}


def test_every_round_has_each_app_once() -> None:
    found = fair(due(app, f"e{number % 7}", number) for number in range(30) for app in ("square", "etsy", "ebay"))
    for start in range(0, 90, 3):
        assert {one.app for one in found[start : start + 3]} == {"square", "etsy", "ebay"}
    assert len({one.id for one in found}) == 90
    assert max(Counter(one.entity_id for one in found[:21]).values()) <= 3


def test_who_waits_longest_comes_first() -> None:
    found = fair([due("square", "a", 1, minutes=5), due("square", "b", 2, minutes=1), due("square", "c", 3, minutes=3)])
    assert [one.entity_id for one in found] == ["b", "c", "a"]


# The consent's calendar


def amazon(world: World, clock: Clock) -> Books:
    return Books(world, clock, "amazon_seller", tenant="us")


def reminders(books: Books) -> list[str]:
    return sorted(
        f"{one['to'][0]} {one['subject']}"
        for one in books.world.deliver()
        if "has to be connected again" in one["subject"]
    )


def test_reminders_come_30_7_and_1_days_before_and_not_after(world: World, clock: Clock) -> None:
    """Each once, to each admin; a run every hour of the last weeks, and of the first days afterwards."""
    books = amazon(world, clock)
    world.deliver()
    books.later(days=330)
    keep_alive(world)
    told: dict[int, list[str]] = {}
    for hour in range(0, 24 * 40, 6):
        before = len(reminders(books))
        keep_alive(world)
        new = reminders(books)
        if len(new) != before:
            told[365 - 330 - hour // 24] = new[before:]
        books.later(hours=6)
    assert [days for days in told if days <= 35] == [30, 7, 1]
    subjects = reminders(books)
    assert len(subjects) == 6
    for words in ("within 30 days", "within 7 days", "by tomorrow"):
        assert sorted(one.split(" ")[0] for one in subjects if words in one) == [PAT, SAM]
    assert books.world.events().count("consent_ending") == 3


def test_a_reconnect_begins_the_calendar_anew(world: World, clock: Clock) -> None:
    books = amazon(world, clock)
    books.later(days=336)
    keep_alive(world)
    assert world.events().count("consent_ending") == 1
    books.connect()
    for _ in range(40):
        books.later(days=1)
        keep_alive(world)
    assert world.events().count("consent_ending") == 1
    books.later(days=296)
    keep_alive(world)
    assert world.events().count("consent_ending") == 2


def test_a_run_that_is_late_sends_one_and_not_two(world: World, clock: Clock) -> None:
    """Nobody wants the letter of 30 days and that of 7 at once."""
    books = amazon(world, clock)
    books.later(days=360)
    for _ in range(3):
        keep_alive(world)
    assert world.events().count("consent_ending") == 1
    assert "within 7 days" in str(reminders(books))


def test_a_run_that_comes_too_late_says_nothing(world: World, clock: Clock) -> None:
    books = amazon(world, clock)
    books.later(days=366)
    keep_alive(world)
    assert world.events().count("consent_ending") == 0


def test_two_runs_at_once_remind_once(world: World, clock: Clock) -> None:
    """EventBridge may call twice."""
    from tests.support.happening import together

    books = amazon(world, clock)
    books.later(days=336)
    together(lambda: keep_alive(world), times=4)
    assert world.events().count("consent_ending") == 1


def test_the_owner_is_reminded_too(world: World, clock: Clock) -> None:
    from local.simulators.people import approve
    from tests.support.dance import come_back, left_for

    world.entity()
    asked = {"app": "amazon_seller", "email": OWNER, "requested_by": PAT}
    owner = world.visitor()
    owner.get(world.platform().post("/v1/entities/acme/invitations", asked).json["url"])
    owner.submit("/amazon_seller", tenant="us")
    come_back(owner, approve(left_for(owner)))
    clock.forward(days=336)
    world.apps.pass_time(336 * 86_400)
    keep_alive(world)
    [letter] = [one for one in world.deliver() if "within 30 days" in one["subject"] and OWNER in one["to"]]
    assert f"{world.link()}/amazon_seller?mend=" in letter["text"]


# Checks


def test_a_connection_is_looked_at_once_a_week(world: World, clock: Clock) -> None:
    books = Books(world, clock, "stripe")
    asked = books.hits("identity")
    for _ in range(28):
        books.later(days=1)
        assert keep_alive(world)["failed"] == 0
    assert books.hits("identity") == asked + 4
    assert books.held().status is GrantStatus.ACTIVE


def test_access_taken_back_in_silence_is_found(world: World, clock: Clock) -> None:
    """Tokens that never end are never renewed: only a look shows that they are over. Three days in a row."""
    books = Books(world, clock, "stripe")
    for token in world.apps._state.tokens:
        token.active = False
    statuses = []
    for _ in range(11):
        books.later(days=1)
        keep_alive(world)
        statuses.append(books.held().status)
    assert statuses[6:8] == [GrantStatus.ACTIVE] * 2
    assert statuses[-1] is GrantStatus.NEEDS_ATTENTION
    assert books.read().json["reason"] == "refused"


def test_one_no_is_forgiven(world: World, clock: Clock) -> None:
    books = Books(world, clock, "stripe")
    [token] = [one for one in world.apps._state.tokens if one.app == "stripe"]
    token.active = False
    books.later(days=7, minutes=1)
    keep_alive(world)
    assert books.held().refusals == 1
    token.active = True
    books.later(days=1)
    keep_alive(world)
    assert books.held().refusals == 0
    books.later(days=1)
    assert keep_alive(world)["due"] == 0


def test_an_app_that_is_down_is_no_no(world: World, clock: Clock) -> None:
    books = Books(world, clock, "stripe")
    world.apps.misbehave("stripe", "identity", Misbehaviour.UNAVAILABLE, times=3)
    books.later(days=7, minutes=1)
    asked = books.hits("identity")
    for _ in range(6):
        keep_alive(world)
        books.later(hours=1)
    assert books.held().refusals == 0
    assert books.hits("identity") == asked + 4


def test_a_grant_for_less_is_shown_as_limited(world: World, clock: Clock) -> None:
    """Threat 44. At connecting already; in the API and in the console."""
    from unittest.mock import patch

    with (
        patch("chalicelib.services.scopes.missing", lambda _row, _grant: ("PAYOUTS_READ",)),
        patch("chalicelib.services.establishing.missing", lambda _row, _grant: ("PAYOUTS_READ",)),
    ):
        books = Books(world, clock, "square")
    [connection] = world.connections()
    assert connection["limited"] == ["PAYOUTS_READ"]
    page = world.admin().get("/entities/acme")
    assert "Limited" in page.text
    assert "PAYOUTS_READ" in page.text
    assert "Reconnect" in page.text
    books.later(days=7, minutes=1)
    assert [keep_alive(world)["done"] for _ in range(3)] == [1, 1, 0], "renewed, then looked at"
    assert world.connections()[0]["limited"] == []
    assert "Limited" not in world.admin().get("/entities/acme").text


def test_scopes_that_an_app_takes_away_show_at_the_next_look(world: World, clock: Clock) -> None:
    """Threat 44."""
    books = Books(world, clock, "squarespace_commerce")
    assert world.connections()[0]["limited"] == []
    held = books.held()
    grant = replace(books.grant(), scopes=("website.orders.read",))
    leased = wiring.storage().vault.lease(held, "test", clock.now, clock.now + timedelta(seconds=9))
    assert leased
    wiring.storage().vault.save(leased, "test", wiring.sealer().seal(grant, held), clock.now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.providers.renewing.merged", lambda _old, new, **_: replace(new, scopes=grant.scopes))
        books.later(days=8)
        wiring.storage().vault.plan(books.held(), clock.now)
        with pytest.MonkeyPatch.context() as alive:
            alive.setattr(timetable, "keep_alive_at", lambda _row, _held: None)
            for token in world.apps._state.tokens:
                token.refresh_expires_at = None
            keep_alive(world)
    assert world.connections()[0]["limited"] == [
        "website.transactions.read",
        "website.products.read",
        "website.inventory.read",
    ]


# When something is due


def held(app: str, now: datetime, **changes: object) -> Held:
    kept = Held(
        entity_id="acme", id="a" * 32, app=app, account_id="x", sealed=SealedGrant(ciphertext=b""),
        granted_at=now, refreshed_at=now, checked_at=now,
    )  # fmt: skip
    return replace(kept, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("row", PROVIDERS.values(), ids=lambda row: row.slug)
def test_something_is_always_due_some_day_and_never_at_once(row: object) -> None:
    """Threat 32. Whatever an app says of lifetimes."""
    now = keys.now()
    for seconds in (0, 1, 60, 10**6, 10**9):
        end = now + timedelta(seconds=seconds)
        sealed = SealedGrant(ciphertext=b"", expires_at=end, refresh_expires_at=end)
        found = held(row.slug, now, sealed=sealed)  # type: ignore[attr-defined]
        at = timetable.due_at(row, found, now)  # type: ignore[arg-type]
        renews = row.renewal is not None or row.mint is not None  # type: ignore[attr-defined]
        assert at >= now + timedelta(days=1) if renews else at >= now
        assert at <= now + timetable.CHECK_EVERY


def test_a_token_that_lives_for_moments_is_not_renewed_by_every_reading() -> None:
    """Threat 32. Half its life is enough."""
    now = keys.now()
    sealed = SealedGrant(ciphertext=b"", expires_at=now + timedelta(seconds=90))
    found = held("square", now, sealed=sealed)
    assert not timetable.stale(PROVIDERS["square"], found, now + timedelta(seconds=30))
    assert timetable.stale(PROVIDERS["square"], found, now + timedelta(seconds=50))
