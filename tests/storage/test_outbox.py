"""Letters to be sent, sessions and sign-in links; and what the stream hands back of them."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain import Authority, Event, EventKind, LetterKind, LetterState, OutboxItem
from chalicelib.storage.images import noun
from tests.storage.making import AT, PAT, at_once, connection, entity, event, sealed, session, storage
from tests.support.aws import time_out
from tests.support.world import World

LEASE = AT + timedelta(minutes=2)


def letter(**changes: Any) -> OutboxItem:
    made = OutboxItem(
        id="letter", kind=LetterKind.INVITATION, to="olive@coffee.example", state=LetterState.QUEUED,
        entity_id="acme", subject_id="subject", created_at=AT, due_at=AT,
    )  # fmt: skip
    return replace(made, **changes)


def due(after: timedelta = timedelta()) -> list[Any]:
    return [found.id for found in storage().outbox.due(AT + after)]


def test_a_letter_is_put_in_once(world: World) -> None:
    """Threat 26."""
    results = at_once(8, lambda _: storage().outbox.put(letter()))
    assert sorted(results) == [False] * 7 + [True]


def test_of_eight_at_once_one_takes_it_up(world: World) -> None:
    """Threat 26."""
    storage().outbox.put(letter())
    results = at_once(8, lambda _: storage().outbox.claim(letter(), LEASE))
    assert sorted(results) == [False] * 7 + [True]
    (row,) = world.core.items("outbox")
    assert (row["state"], row["tries"], row["sends"]) == ("sending", 1, 1)


def test_what_is_not_there_is_not_taken_up(world: World) -> None:
    assert not storage().outbox.claim(letter(), LEASE)
    assert world.core.items() == []


def test_sign_in_letters_belong_to_no_entity(world: World) -> None:
    alone = letter(kind=LetterKind.SIGN_IN, entity_id="", subject_id="", to=PAT)
    assert storage().outbox.put(alone)
    assert [row["pk"] for row in world.core.items()] == [f"A#{PAT}"]
    assert [found.entity_id for found in storage().outbox.due(AT) if isinstance(found, OutboxItem)] == [""]


@pytest.mark.parametrize("state", [LetterState.SENT, LetterState.FAILED, LetterState.DROPPED])
def test_what_is_over_is_not_due_any_more(world: World, state: LetterState) -> None:
    storage().outbox.put(letter())
    storage().outbox.claim(letter(), LEASE)
    storage().outbox.record(letter(state=state, tries=1, sends=1, due_at=None), "message-1")
    (row,) = world.core.items("outbox")
    assert (row["state"], row["message_id"]) == (state.value, "message-1")
    assert "due_at" not in row
    assert "due_shard" not in row
    assert due(timedelta(days=9)) == []


def test_a_letter_is_due_when_its_time_has_come(world: World) -> None:
    storage().outbox.put(letter())
    assert due(-timedelta(seconds=1)) == []
    assert due() == ["letter"]
    storage().outbox.claim(letter(), LEASE)
    assert due() == []
    assert due(timedelta(minutes=2)) == ["letter"]
    later = AT + timedelta(minutes=15)
    storage().outbox.record(letter(state=LetterState.UNKNOWN, tries=1, sends=1, due_at=later))
    assert due(timedelta(minutes=14)) == []
    assert due(timedelta(minutes=15)) == ["letter"]


def test_only_the_holder_writes_down_what_became_of_it(world: World) -> None:
    """Threat 26. A lease that somebody else has taken over is not overwritten."""
    storage().outbox.put(letter())
    storage().outbox.claim(letter(), LEASE)
    storage().outbox.claim(letter(state=LetterState.SENDING, tries=1, sends=1), LEASE)
    storage().outbox.record(letter(state=LetterState.SENT, tries=1, sends=1, due_at=None))
    (row,) = world.core.items("outbox")
    assert (row["state"], row["tries"]) == ("sending", 2)


def test_events_are_due_until_they_are_settled(world: World) -> None:
    """Threat 27. What the stream forgets, the sweep finds: of each there is something to be told."""
    world.entity()
    happened = event(EventKind.CONNECTED)
    kept = storage().entities.get("acme")
    assert kept
    storage().connections.establish(connection(), sealed(), happened, Authority(nonce=kept.link.nonce), None)
    soon, later = happened.at + timedelta(minutes=1), happened.at + timedelta(minutes=3)
    assert list(storage().outbox.due(soon)) == []
    found = {found.id: found for found in storage().outbox.due(later)}
    assert found[happened.id] == happened
    assert [kind for kind in world.events() if kind == "admin_added"] == ["admin_added"] * 2
    assert len(found) == len(world.events())
    for one in found.values():
        assert isinstance(one, Event)
        storage().events.settled(one)
    assert list(storage().outbox.due(later)) == []
    assert storage().events.get("acme", happened.id) == happened


def test_what_cannot_leave_lets_others_pass(world: World) -> None:
    """Letters that are due have their turn, however many events wait for a bus that is away."""
    entity()
    [happened] = storage().events.page("acme", "", 9)
    storage().events.postponed(happened, happened.at + timedelta(minutes=10))
    assert happened not in list(storage().outbox.due(happened.at + timedelta(minutes=9)))
    assert happened in list(storage().outbox.due(happened.at + timedelta(minutes=10)))


def test_settling_what_has_gone_makes_nothing(world: World) -> None:
    storage().events.settled(event())
    storage().events.postponed(event(), AT)
    assert world.core.items() == []


# Sessions and sign-in links


def test_sessions(world: World) -> None:
    """Threat 21. Ended on the server, and a late touch does not wake it."""
    made = session()
    assert storage().sessions.get(made.id_hash) == made
    storage().sessions.touch(made.id_hash, AT + timedelta(hours=1))
    kept = storage().sessions.get(made.id_hash)
    assert kept
    assert kept.last_seen_at == AT + timedelta(hours=1)
    storage().sessions.end(made.id_hash)
    storage().sessions.touch(made.id_hash, AT + timedelta(hours=2))
    assert storage().sessions.get(made.id_hash) is None
    assert world.ephemeral.items() == []


def test_of_eight_at_once_one_signs_in(world: World) -> None:
    storage().sign_ins.put("hash", PAT, AT + timedelta(minutes=15))
    assert storage().sign_ins.peek("hash", AT) == PAT
    results = at_once(8, lambda _: storage().sign_ins.consume("hash", AT))
    assert sorted(results) == [False] * 7 + [True]
    assert storage().sign_ins.peek("hash", AT) is None


def test_a_sign_in_link_ends_though_its_row_lingers(world: World) -> None:
    """Threat 7."""
    storage().sign_ins.put("hash", PAT, AT + timedelta(minutes=15))
    late = AT + timedelta(minutes=15)
    assert storage().sign_ins.peek("hash", late) is None
    assert not storage().sign_ins.consume("hash", late)
    assert not storage().sign_ins.consume("unknown", AT)


# What the stream hands over


def images(world: World) -> list[Mapping[str, Any]]:
    """The records as moto's stream gives them; ``world.records`` keeps them in Lambda's form."""
    world.deliver()
    return [record["dynamodb"]["NewImage"] for record in world.records if record["eventName"] == "INSERT"]


def test_events_and_letters_come_back_from_the_stream_as_they_were_stored(world: World) -> None:
    """The round trip: stored, streamed, read."""
    world.entity()
    asked = {"app": "square", "email": "olive@coffee.example", "requested_by": PAT, "note": "Please"}
    assert world.platform().post("/v1/entities/acme/invitations", asked).status == 201
    found = [noun(image) for image in images(world)]
    events = {one.id: one for one in found if isinstance(one, Event)}
    letters = [one for one in found if isinstance(one, OutboxItem)]
    assert events == {one.id: one for one in storage().events.page("acme", "", 100)}
    assert [(one.kind, one.to, one.state, one.entity_id) for one in letters] == [
        (LetterKind.INVITATION, "olive@coffee.example", LetterState.QUEUED, "acme")
    ]


def test_everything_else_of_ours_is_known_and_passed_over(world: World) -> None:
    """Threat 28. Entity, members, invitations: no letters, and nothing to park."""
    world.entity()
    kinds = {image["type"]["S"]: noun(image) for image in images(world)}
    assert {kind for kind, found in kinds.items() if found is None} == {"entity", "member", "membership"}


@pytest.mark.parametrize("binary", [b"\x00\xff\x10", base64.b64encode(b"\x00\xff\x10").decode()])
def test_binary_comes_as_bytes_or_as_text(binary: object) -> None:
    image = {
        "pk": {"S": "E#acme"}, "sk": {"S": "1"}, "type": {"S": "entity"}, "name": {"S": "Acme"},
        "created_at": {"S": "2026-11-22T12:00:00.000000+0000"}, "nonce": {"B": binary}, "key_id": {"N": "1"},
        "generation": {"N": "1"}, "link_created_at": {"S": "2026-11-22T12:00:00.000000+0000"}, "admins": {"N": "1"},
        "asked": {"M": {}},
    }  # fmt: skip
    assert noun(image) is None


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"pk": {"S": "E#acme"}},
        {"type": {"S": "unheard-of"}, "pk": {"S": "x"}, "sk": {"S": "y"}},
        {"type": {"S": "event"}, "pk": {"S": "E#acme"}, "sk": {"S": "5#x"}},
        {"type": {"S": "event"}, "pk": {"N": "1"}},
        {"type": {"S": "entity"}, "nonce": {"B": "*** no base64 ***"}},
        {"pk": {"S": "a", "N": "1"}},
        {"pk": {}},
    ],
)
def test_what_nobody_can_read_is_an_error(image: Mapping[str, Any]) -> None:
    """Threat 27. Said, so that the handler can park it."""
    with pytest.raises(Exception) as said:
        noun(image)
    assert not isinstance(said.value, AssertionError)


def test_parking_keeps_where_and_why_and_nothing_else(world: World) -> None:
    """Threats 25, 27."""
    storage().events.park("12345", "ValueError", AT)
    storage().events.park("12345", "ValueError", AT)
    storage().events.park("", "KeyError", AT)
    parked = world.core.items("parked")
    assert {item["why"] for item in parked} == {"ValueError", "KeyError"}
    assert len(parked) == 2
    assert all(set(item) == {"pk", "sk", "type", "why", "at"} for item in parked)


def test_a_put_whose_answer_was_lost_is_finished_by_the_sweep(world: World) -> None:
    """Threat 39. Nobody may believe that they hold it; the lease ends, and then somebody does."""
    world.aws.fail("PutItem", time_out, after=True)
    item = letter(state=LetterState.SENDING, tries=1, sends=1, due_at=LEASE)
    assert not storage().outbox.put(item)
    assert due(timedelta(minutes=2)) == ["letter"]
