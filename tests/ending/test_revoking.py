"""Giving a grant back: tried until the app has been told, and the vault is empty whatever comes of it."""

import base64
import json
from datetime import timedelta
from unittest.mock import patch

import pytest

from chalicelib import wiring
from chalicelib.domain import SealedGrant, ending
from chalicelib.errors import NotKept, Unavailable
from chalicelib.services import revoking
from chalicelib.storage.vault import Vault
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.ending.test_disconnecting import end, of, path
from tests.support.aws import error, time_out
from tests.support.dance import connect
from tests.support.grants import Books
from tests.support.happening import unhurried
from tests.support.revoking import drain, revoke, take, waiting
from tests.support.world import World, forget


@pytest.fixture
def books(world: World, clock: Clock) -> Books:
    return Books(world, clock, "square")


def ended(books: Books) -> Books:
    """Disconnected; the first message waits in the queue."""
    assert end(books.world, books.id).status == 200
    books.world.deliver()
    return books


# The app fails


@pytest.mark.parametrize("how", [Misbehaviour.UNAVAILABLE, Misbehaviour.RATE_LIMITED, Misbehaviour.REDIRECT_302])
def test_the_vault_is_empty_though_the_app_fails(books: Books, how: Misbehaviour) -> None:
    """Threat 43. 500 and the like: the grant is gone from the vault, and the app is told later, once."""
    books.world.apps.misbehave("square", "revoke", how)
    revoke(ended(books).world)
    assert books.world.vault.items() == []
    assert books.world.apps.count("square", "revoke") == 1
    assert books.world.apps.tokens("square")[0].active
    [(delay, message)] = waiting()
    assert (delay, message["tries"]) == (60, 1)
    revoke(books.world, rounds=1)
    assert books.world.apps.count("square", "revoke") == 2
    assert not books.world.apps.tokens("square")[0].active
    assert waiting() == []


def test_the_pauses_grow_and_end_after_a_day(books: Books) -> None:
    """Threat 43. Given up, and said: in the history and by a metric that an alarm hears."""
    books.world.apps.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE, times=9_999)
    revoke(ended(books).world)
    delays, began = [], books.clock.now
    while held := waiting():
        [(delay, _)] = held
        delays.append(delay)
        books.clock.forward(seconds=delay)
        revoke(books.world, rounds=1)
    assert delays[:6] == [60, 120, 240, 480, 900, 900]
    assert set(delays[5:]) == {900}
    assert timedelta(days=1) <= books.clock.now - began < timedelta(days=1, minutes=16)
    assert books.world.events()[0] == "revocation_failed"
    assert books.world.vault.items() == []
    assert "could not be told" in books.world.admin().get("/entities/acme/history").text


def test_giving_up_is_counted(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    books.world.apps.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE, times=9)
    revoke(ended(books).world)
    books.clock.forward(days=2)
    revoke(books.world, rounds=1)
    lines = [json.loads(r.getMessage()) for r in caplog.records if '"revocations_given_up"' in r.getMessage()]
    assert [line["revocations_given_up"] for line in lines] == [1]
    assert lines[0]["_aws"]["CloudWatchMetrics"]
    assert waiting() == []


def test_an_app_that_says_when_is_asked_then(books: Books) -> None:
    books.world.apps.misbehave("square", "revoke", Misbehaviour.RATE_LIMITED, times=2)
    revoke(ended(books).world)
    [(delay, _)] = waiting()
    assert 60 <= delay <= 900


def test_a_grant_that_is_over_is_not_asked_about_again(books: Books) -> None:
    """Threat 31. The owner had taken it back at the app: there is nothing to be told."""
    books.world.apps.misbehave("square", "revoke", Misbehaviour.INVALID_GRANT)
    revoke(ended(books).world)
    assert waiting() == []
    assert books.world.apps.count("square", "revoke") == 1


def test_our_own_trouble_with_the_app_is_not_the_grants(books: Books) -> None:
    """Threat 31. ``invalid_client`` is for the operator to mend; then the app is told."""
    books.world.apps.misbehave("square", "revoke", Misbehaviour.INVALID_CLIENT)
    revoke(ended(books).world)
    assert len(waiting()) == 1
    revoke(books.world, rounds=1)
    assert not books.world.apps.tokens("square")[0].active


# Tokens that have ended


def test_a_token_that_has_ended_is_renewed_to_be_given_back(world: World, clock: Clock) -> None:
    """Zettle ends a grant by a token that still works."""
    books = Books(world, clock, "zettle")
    books.later(days=3)
    revoke(ended(books).world)
    assert world.vault.items() == []
    assert waiting() == []
    assert not any(token.active for token in world.apps.tokens("zettle"))
    assert world.apps.count("zettle", "token") == 2


def test_what_was_renewed_is_kept_for_the_next_try(world: World, clock: Clock) -> None:
    """Threat 30. Zettle's refresh tokens work once: the next try needs what the last one was given."""
    books = Books(world, clock, "zettle")
    books.later(days=3)
    ended(books)
    revoke(world, rounds=1)
    [first] = drain()
    # The refused try with the old token, the renewal, then an outage.
    world.apps.misbehave("zettle", "revoke", Misbehaviour.INVALID_GRANT)
    world.apps.misbehave("zettle", "revoke", Misbehaviour.UNAVAILABLE)
    take(world, first)
    [second] = drain()
    assert second["sealed"] != first["sealed"]
    take(world, second)
    assert not any(token.active for token in world.apps.tokens("zettle"))
    assert world.apps.count("zettle", "token") == 2


def test_a_renewal_that_fails_is_tried_again(world: World, clock: Clock) -> None:
    books = Books(world, clock, "zettle")
    books.later(days=3)
    world.apps.misbehave("zettle", "token", Misbehaviour.UNAVAILABLE)
    revoke(ended(books).world)
    assert len(waiting()) == 1
    revoke(world, rounds=1)
    assert not any(token.active for token in world.apps.tokens("zettle"))


def test_a_grant_that_cannot_be_renewed_is_over(world: World, clock: Clock) -> None:
    books = Books(world, clock, "zettle")
    books.later(days=3)
    world.apps.misbehave("zettle", "token", Misbehaviour.INVALID_GRANT)
    revoke(ended(books).world)
    assert waiting() == []


def test_a_renewal_that_is_under_way_is_waited_for(books: Books) -> None:
    """What it brings is what has to be given back."""
    from chalicelib import keys
    from chalicelib.outbound.sealing import Sealer

    held = books.held()
    vault = wiring.storage().vault
    leased = vault.lease(held, "an-owner", keys.now(), keys.now() + timedelta(seconds=30))
    assert leased
    ended(books)
    revoke(books.world, rounds=1)
    [(delay, message)] = waiting()
    assert (delay, message["sealed"]) == (30, "")
    assert len(books.world.vault.items()) == 1
    sealer: Sealer = wiring.sealer()
    newer = sealer.seal(sealer.open(held.sealed, held), held)
    assert vault.save(leased, "an-owner", newer, keys.now())
    books.clock.forward(seconds=30)
    revoke(books.world, rounds=1)
    [(_, message)] = waiting()
    assert base64.b64decode(message["sealed"]) == newer.ciphertext
    assert books.world.vault.items() == []
    assert books.read().status == 404


# Our own parts fail


def test_a_queue_that_is_away_delays_nothing_but_itself(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 43. The event stays due until the message is sent: the sweep sends it."""
    unhurried(monkeypatch)
    assert end(books.world, books.id).status == 200
    assert books.read().status == 404
    books.world.aws.fail("SendMessage", error("ServiceUnavailable", 503), times=99)
    books.world.deliver()
    assert waiting() == []
    books.world.aws.heal()
    books.later(minutes=3)
    books.world.sweep()
    revoke(books.world)
    assert books.world.apps.count("square", "revoke") == 1
    assert books.world.vault.items() == []


def test_a_message_that_comes_twice_is_acted_on_once(books: Books) -> None:
    """Threat 26. SQS delivers at least once; so does the stream."""
    ended(books)
    [message] = drain()
    take(books.world, message)
    take(books.world, message)
    [sealed] = drain()
    take(books.world, sealed)
    assert books.world.apps.count("square", "revoke") == 1
    take(books.world, sealed)
    assert waiting() == []
    assert not books.world.apps.tokens("square")[0].active


def test_killed_after_the_grant_is_in_the_queue(books: Books) -> None:
    """Threat 43. Before it is out of the vault: the message comes again, and both are done."""
    ended(books)
    [message] = drain()
    with patch.object(Vault, "destroy", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        take(books.world, message)
    assert len(books.world.vault.items()) == 1
    take(books.world, message)
    assert books.world.vault.items() == []
    for sealed in drain():
        take(books.world, sealed)
    assert not books.world.apps.tokens("square")[0].active
    assert waiting() == []


def test_killed_while_the_app_is_told(books: Books) -> None:
    """Threat 43. Nobody knows whether the app heard: SQS hands the message out once more."""
    ended(books)
    revoke(books.world, rounds=1)
    [sealed] = drain()
    with patch.object(revoking, "_say", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        take(books.world, sealed)
    take(books.world, sealed)
    assert waiting() == []
    assert not books.world.apps.tokens("square")[0].active


def test_a_vault_that_is_away_loses_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 34. The invocation fails, and SQS brings the message again."""
    unhurried(monkeypatch)
    ended(books)
    [message] = drain()
    books.world.aws.fail("GetItem", error("InternalServerError", 500), times=9)
    with pytest.raises(Unavailable):
        take(books.world, message)
    books.world.aws.heal()
    take(books.world, message)
    assert books.world.vault.items() == []


def test_kms_away_the_grant_waits_sealed(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 33. Nothing is opened, nothing is lost; told when KMS is back."""
    unhurried(monkeypatch)
    forget()
    books.world.aws.fail("Decrypt", error("KMSInternalException", 500), times=99)
    revoke(ended(books).world)
    assert books.world.vault.items() == []
    assert books.world.apps.count("square", "revoke") == 0
    [(_, message)] = waiting()
    assert base64.b64decode(message["sealed"])
    books.world.aws.heal()
    revoke(books.world, rounds=1)
    assert books.world.apps.count("square", "revoke") == 1
    assert not books.world.apps.tokens("square")[0].active


@pytest.mark.parametrize("after", [False, True])
def test_a_disconnect_that_nobody_knows_of(books: Books, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Threat 34. The transaction times out, done or not: the next click comes to the same."""
    unhurried(monkeypatch)
    books.world.aws.fail("TransactWriteItems", time_out, times=3, after=after)
    answer = books.world.platform().request("DELETE", path(books.id))
    assert answer.status in {200, 503}
    books.world.aws.heal()
    assert end(books.world, books.id).json["status"] == "disconnected"
    assert books.world.events().count("disconnected") == 1
    revoke(books.world)
    assert books.world.apps.count("square", "revoke") == 1


# What travels


def test_messages_hold_no_secret_that_is_not_sealed(books: Books) -> None:
    """Threats 25, 35. Ids, and the grant as it lay in the vault; a stranger's message opens nothing."""
    token = books.grant().secrets["access_token"]
    ended(books)
    [first] = drain()
    assert set(first) == {"entity_id", "id", "app", "account_id", "tell", "tries", "since", "sealed", "erasure"}
    assert first["sealed"] == ""
    take(books.world, first)
    [second] = drain()
    assert token not in json.dumps(second)
    assert token.encode() not in base64.b64decode(second["sealed"])
    books.world.entity("other", "Other LLC")
    strangers = ending.loaded(json.dumps({**second, "entity_id": "other"}))
    with pytest.raises(NotKept):
        wiring.sealer().open(SealedGrant(ciphertext=strangers.sealed), strangers)


def test_a_large_grant_fits_into_a_message(world: World, clock: Clock) -> None:
    """Threat 35. SQS takes 256 KB; an app's whole answer has 64."""
    world.apps.misbehave("square", "token", Misbehaviour.BIG_TOKEN)
    books = Books(world, clock, "square")
    revoke(ended(books).world)
    assert world.apps.count("square", "revoke") == 1
    assert world.vault.items() == []


def test_disconnecting_costs_little(world: World, clock: Clock) -> None:
    """The admin waits for a Query and a transaction, and no app."""
    books = Books(world, clock, "square")
    world.deliver()
    connection_id, before = books.id, len(world.aws.calls)
    world.platform().request("DELETE", path(connection_id))
    assert world.aws.calls[before:] == ["Query", "TransactWriteItems", "Query"]
    assert of(world)["status"] == "disconnected"


def test_two_entities_of_one_account_are_told_apart(world: World, clock: Clock) -> None:
    """The one that goes is the one that was meant."""
    books = Books(world, clock, "square")
    world.entity("other", "Other LLC")
    connect(world, world.visitor(), world.link("other"), "square")
    revoke(ended(books).world)
    assert [item["entity_id"] for item in world.vault.items()] == ["other"]
