"""What the stream may do to us, and what we make of it: rows 26 to 28 of docs/security.md."""

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from chalicelib import keys, wiring
from chalicelib.domain import LetterKind, LetterState, OutboxItem
from local.pump import Pump, SourceMapping
from tests.conftest import Clock
from tests.support.aws import Answer, error, time_out
from tests.support.happening import connected, together, unhurried
from tests.support.visitor import Visitor
from tests.support.world import OWNER, PAT, SAM, World

UNAVAILABLE = error("InternalServerError", 500)


def records(world: World) -> list[dict[str, Any]]:
    """Everything that is in the stream and was not read before, delivered to nobody."""
    stream = world.pump._stream
    assert stream is not None
    return stream.read()


def happened(world: World, **what: str) -> dict[str, Any]:
    """A connection, and the stream record of its event."""
    records(world)
    connected(**what)
    return next(record for record in records(world) if kind_of(record) == "event")


def kind_of(record: dict[str, Any]) -> str:
    return str(record["dynamodb"].get("NewImage", {}).get("type", {}).get("S", ""))


def batch(*found: dict[str, Any]) -> dict[str, Any]:
    """A batch as Lambda makes it: sequence numbers rise."""
    given = [copy.deepcopy(record) for record in found]
    for number, record in enumerate(given):
        record["dynamodb"]["SequenceNumber"] = str(100 + number)
    return {"Records": given}


def sent_to(world: World) -> list[str]:
    return sorted(address for letter in world.letters() for address in letter["to"])


def parked(world: World) -> list[dict[str, Any]]:
    return world.core.items("parked")


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    unhurried(monkeypatch)
    world.entity()
    return world


# 26


def test_the_same_record_three_times_is_one_letter_each(acme: World) -> None:
    """Threat 26. Lambda delivers at least once; whoever's put succeeds sends."""
    record = happened(acme)
    for _ in range(3):
        assert acme.trigger(batch(record)) == {"batchItemFailures": []}
    assert acme.trigger(batch(record, record, record)) == {"batchItemFailures": []}
    assert sent_to(acme) == [PAT, SAM]
    assert acme.aws.calls.count("SendEmail") == 2


def test_the_same_record_in_two_threads_is_one_letter_each(acme: World) -> None:
    """Threat 26. Also when two functions hold it at the same time."""
    record = happened(acme)
    together(lambda: acme.trigger(batch(record)), times=2)
    assert sent_to(acme) == [PAT, SAM]
    assert [item["state"] for item in acme.core.items("outbox")] == ["sent", "sent"]


def test_the_stream_and_the_sweep_at_once_are_one_letter_each(acme: World, clock: Clock) -> None:
    """Threat 26. The sweep meets an event that the stream is just busy with."""
    record = happened(acme)
    clock.forward(minutes=3)
    together(lambda: acme.trigger(batch(record)), acme.sweep)
    acme.sweep()
    assert sent_to(acme) == [PAT, SAM]


@pytest.mark.parametrize("twice", [2, 4])
def test_a_letter_that_waits_is_sent_once(acme: World, twice: int) -> None:
    """Threat 26. An invitation's record comes again, one by one and in threads."""
    ask(acme)
    found = [record for record in records(acme) if kind_of(record) == "outbox"]
    together(lambda: acme.trigger(batch(*found)), times=twice)
    acme.trigger(batch(*found, *found))
    assert sent_to(acme) == [OWNER]


def test_a_sign_in_letter_that_was_sent_and_forgotten_is_not_sent_again(acme: World) -> None:
    """Threat 26. Its row is gone once it is sent: the record that comes again must not bring it back."""
    Visitor(acme._gateway, "https://connect.bookkeep.example").post("/sign-in", {"email": PAT})
    found = [record for record in records(acme) if kind_of(record) == "outbox"]
    for _ in range(3):
        acme.trigger(batch(*found))
    assert sent_to(acme) == [PAT]
    assert acme.core.items("outbox") == []


def ask(world: World, email: str = OWNER, app: str = "square") -> dict[str, Any]:
    answer = world.platform().post(
        "/v1/entities/acme/invitations", {"app": app, "email": email, "requested_by": PAT, "note": "Please."}
    )
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


# 27


def unknown_type(image: dict[str, Any]) -> None:
    image["type"] = {"S": "of-a-later-version"}


def no_type(image: dict[str, Any]) -> None:
    del image["type"]


def unknown_kind(image: dict[str, Any]) -> None:
    image["kind"] = {"S": "of-a-later-version"}


def not_a_time(image: dict[str, Any]) -> None:
    image["at"] = {"S": "yesterday"}


def no_time(image: dict[str, Any]) -> None:
    del image["at"]


def wrong_type_of_value(image: dict[str, Any]) -> None:
    image["sk"] = {"N": "5"}


def not_base64(image: dict[str, Any]) -> None:
    image["pk"] = {"B": "%%%"}


def two_types_at_once(image: dict[str, Any]) -> None:
    image["pk"] = {"S": "E#acme", "N": "5"}


def no_entity(image: dict[str, Any]) -> None:
    image["pk"] = {"S": "acme"}


def an_unknown_app(image: dict[str, Any]) -> None:
    image["app"] = {"S": "an-app-that-we-do-not-have"}


def empty(image: dict[str, Any]) -> None:
    image.clear()


MALFORMED = (
    unknown_type, no_type, unknown_kind, not_a_time, no_time, wrong_type_of_value, not_base64, two_types_at_once,
    no_entity, an_unknown_app, empty,
)  # fmt: skip


@pytest.mark.parametrize("spoil", MALFORMED)
def test_a_record_that_nobody_can_read_is_parked_and_the_others_are_mailed(
    acme: World, spoil: Callable[[dict[str, Any]], None]
) -> None:
    """Threat 27. By default one such record blocks the shard for a day."""
    first, last = happened(acme, app="square"), happened(acme, app="etsy")
    bad = happened(acme, app="stripe")
    spoil(bad["dynamodb"]["NewImage"])
    assert acme.trigger(batch(first, bad, last)) == {"batchItemFailures": []}
    assert sent_to(acme) == [PAT, PAT, SAM, SAM]
    (left,) = parked(acme)
    assert left["sk"] == "101"
    assert set(left) == {"pk", "sk", "type", "why", "at"}


def test_a_record_without_an_image_is_parked(acme: World) -> None:
    """Threat 27."""
    good = happened(acme)
    bad = {"eventName": "INSERT", "dynamodb": {}}
    assert acme.trigger(batch(bad, good, bad)) == {"batchItemFailures": []}
    assert sent_to(acme) == [PAT, SAM]
    assert len(parked(acme)) == 2


def test_what_is_parked_sets_off_nothing(acme: World) -> None:
    """Threat 27. The note of a parked record is in the stream too."""
    good = happened(acme)
    unreadable = copy.deepcopy(good)
    empty(unreadable["dynamodb"]["NewImage"])
    acme.trigger(batch(unreadable))
    notes = [record for record in records(acme) if kind_of(record) == "parked"]
    assert len(notes) == 1
    acme.trigger(batch(*notes))
    assert sent_to(acme) == []
    assert len(parked(acme)) == 1


def test_a_letter_that_cannot_be_written_does_not_hold_up_the_others(acme: World, clock: Clock) -> None:
    """Threat 27. Nor in the sweep: it is put off, and at last given up."""
    bad, good = ask(acme, "one@coffee.example"), ask(acme, "two@coffee.example")
    for item in acme.core.items("invitation"):
        if item["sk"].endswith(bad["id"]):
            acme.core.put({**item, "app": "an-app-that-we-do-not-have"})
    acme.deliver()
    assert sent_to(acme) == ["two@coffee.example"]
    for _ in range(40):
        clock.forward(hours=2)
        acme.sweep()
    states = {item["to"]: item["state"] for item in acme.core.items("outbox")}
    assert states == {"one@coffee.example": "failed", "two@coffee.example": "sent"}
    assert sent_to(acme) == ["two@coffee.example"]
    assert good["id"] != bad["id"]
    assert due(acme) == []


def test_an_event_that_cannot_be_written_about_comes_to_an_end(acme: World, clock: Clock) -> None:
    """Threat 27. Its letters wait, are tried, and fail; the sweep's other work is done all the while."""
    record = happened(acme)
    (event,) = [item for item in acme.core.items("event") if item["kind"] == "connected"]
    acme.core.put({**event, "app": "an-app-that-we-do-not-have"})
    record["dynamodb"]["NewImage"]["app"] = {"S": "an-app-that-we-do-not-have"}
    assert acme.trigger(batch(record)) == {"batchItemFailures": []}
    ask(acme)
    for _ in range(45):
        clock.forward(hours=2)
        acme.sweep()
    assert sent_to(acme) == [OWNER]
    assert due(acme) == []


def due(world: World) -> list[object]:
    """What the sweep would ever look at again."""
    return list(wiring.storage().outbox.due(datetime.max.replace(tzinfo=keys.now().tzinfo)))


@pytest.mark.parametrize(
    "answer", [UNAVAILABLE, error("ThrottlingException"), time_out], ids=["500", "throttled", "time-out"]
)
def test_an_outage_is_reported_at_its_record_and_nothing_after_it_is_touched(
    acme: World, answer: Callable[[str], Answer]
) -> None:
    """Threat 27. Lambda restarts at the lowest reported record, so the handler stops at the first."""
    found = [happened(acme, app=app) for app in ("square", "etsy", "stripe")]
    seen = 0

    def second(_body: str) -> bool:
        nonlocal seen
        seen += 1
        return seen > 1

    acme.aws.fail("Query", answer, times=9, when=second)
    assert acme.trigger(batch(*found)) == {"batchItemFailures": [{"itemIdentifier": "101"}]}
    assert sent_to(acme) == [PAT, SAM]
    assert parked(acme) == []
    acme.aws.heal()
    event = {"Records": batch(*found)["Records"][1:]}
    assert acme.trigger(event) == {"batchItemFailures": []}
    assert sent_to(acme) == [PAT, PAT, PAT, SAM, SAM, SAM]


@pytest.mark.parametrize("operation", ["Query", "PutItem", "UpdateItem"])
@pytest.mark.parametrize("nth", [1, 2])
def test_an_outage_anywhere_loses_and_doubles_nothing(acme: World, clock: Clock, operation: str, nth: int) -> None:
    """Threat 27. Through Lambda's retries, and the sweep after them."""
    connected(app="square")
    connected(app="etsy")
    count = 0

    def from_nth(_body: str) -> bool:
        nonlocal count
        count += 1
        return count >= nth

    acme.aws.fail(operation, UNAVAILABLE, times=3, when=from_nth)
    acme.pump.once()
    assert acme.pump.parked == []
    assert parked(acme) == []
    for _ in range(3):
        clock.forward(minutes=16)
        acme.sweep()
    letters = sent_to(acme)
    assert set(letters) == {PAT, SAM}
    # A letter that went out while its state could not be written goes out once more, at most.
    assert 2 <= letters.count(PAT) <= 3
    assert 2 <= letters.count(SAM) <= 3
    assert due(acme) == []


def test_an_outage_longer_than_all_retries_is_finished_by_the_sweep(acme: World, clock: Clock) -> None:
    """Threat 27. The on-failure destination holds only metadata, and the stream forgets after a day."""
    pump = Pump(acme.trigger, acme.pump._stream, SourceMapping(batch_size=2), say=lambda _line: None)
    connected(app="square")
    connected(app="etsy")
    acme.aws.fail("Query", UNAVAILABLE, times=1000)
    pump.once()
    assert pump.parked
    assert sent_to(acme) == []
    acme.aws.heal()
    clock.forward(minutes=3)
    acme.sweep()
    assert sent_to(acme) == [PAT, PAT, SAM, SAM]


def test_an_outage_while_a_letter_is_written_costs_no_send(acme: World, clock: Clock) -> None:
    """Threat 27, 39. What could not be read was surely not sent, however often that happens."""
    ask(acme)
    acme.aws.fail("BatchGetItem", UNAVAILABLE, times=3)
    acme.deliver()
    for _ in range(3):
        clock.forward(minutes=20)
        acme.aws.fail("BatchGetItem", UNAVAILABLE, times=3, when=lambda body: "4#" in body)
        acme.sweep()
        acme.aws.heal()
    acme.sweep()
    assert sent_to(acme) == [OWNER]


def test_one_letters_outage_does_not_hold_up_the_sweep(acme: World, clock: Clock) -> None:
    """Threat 27."""
    first, second = ask(acme, "one@coffee.example"), ask(acme, "two@coffee.example")
    clock.forward(minutes=3)
    acme.aws.fail("BatchGetItem", UNAVAILABLE, times=99, when=lambda body: first["id"] in body and '"1"' in body)
    acme.sweep()
    assert sent_to(acme) == ["two@coffee.example"]
    acme.aws.heal()
    acme.sweep()
    assert sent_to(acme) == ["one@coffee.example", "two@coffee.example"]
    assert second["id"]


# 28


def test_only_what_is_new_is_mailed(acme: World) -> None:
    """Threat 28. Changes and deletions of an event, by us or by TTL, are no news."""
    record = happened(acme)
    image = record["dynamodb"]["NewImage"]
    modified = {**record, "eventName": "MODIFY"}
    removed = {**record, "eventName": "REMOVE", "dynamodb": {"Keys": {"pk": image["pk"], "sk": image["sk"]}}}
    passed = {**removed, "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"}}
    odd = {**record, "eventName": "insert"}
    assert acme.trigger(batch(modified, removed, passed, odd)) == {"batchItemFailures": []}
    assert acme.letters() == []
    assert parked(acme) == []
    assert acme.aws.calls.count("SendEmail") == 0


def test_a_removed_record_with_its_old_image_is_no_news(acme: World) -> None:
    """Threat 28. Whatever view type the stream is given one day."""
    record = happened(acme)
    old = {**record["dynamodb"], "OldImage": record["dynamodb"]["NewImage"]}
    assert acme.trigger(batch({**record, "eventName": "REMOVE", "dynamodb": old})) == {"batchItemFailures": []}
    assert acme.letters() == []


def test_everything_else_that_is_new_is_no_news(acme: World) -> None:
    """Threat 28. Entities, members, invitations, connections, and events that alert nobody."""
    admin = acme.admin()
    admin.get("/entities/acme/members")
    admin.submit("/members", email="third@acme.example")
    acme.platform().post("/v1/entities/acme/link/regenerate")
    acme.platform().put("/v1/entities/acme", {"name": "Acme Tea LLC"})
    found = records(acme)
    assert {"entity", "member", "membership", "event"} <= {kind_of(record) for record in found}
    assert acme.trigger(batch(*found)) == {"batchItemFailures": []}
    assert acme.letters() == []
    assert parked(acme) == []
    assert acme.core.items("outbox") == []


def test_a_connections_own_record_is_no_news(acme: World) -> None:
    """Threat 28. Only its event is."""
    records(acme)
    connected()
    others = [record for record in records(acme) if kind_of(record) != "event"]
    assert {kind_of(record) for record in others} == {"account", "connection"}
    acme.trigger(batch(*others))
    assert acme.letters() == []


def test_an_outbox_row_that_is_claimed_or_over_is_no_news(acme: World) -> None:
    """Threat 28. Only a letter that waits is sent from the stream."""
    acme.trigger(batch(happened(acme)))
    rows = [record for record in records(acme) if kind_of(record) == "outbox" and record["eventName"] == "INSERT"]
    assert len(rows) == 2
    before = sent_to(acme)
    acme.trigger(batch(*rows))
    assert sent_to(acme) == before


def test_attempts_live_in_a_table_without_a_stream(acme: World) -> None:
    """Threat 28. So do sessions, counters, sealed grants and their refreshing: only ``core`` streams."""
    import boto3

    described = {
        name: boto3.client("dynamodb").describe_table(TableName=name)["Table"]
        for name in ("core", "vault", "ephemeral")
    }
    assert [name for name, table in described.items() if "StreamSpecification" in table] == ["core"]


def test_a_record_of_the_future_state_of_a_letter_is_not_trusted(acme: World) -> None:
    """Threat 26. A record says what was; the row says what is."""
    ask(acme)
    found = [record for record in records(acme) if kind_of(record) == "outbox"]
    (row,) = acme.core.items("outbox")
    item = OutboxItem(
        id=row["id"], kind=LetterKind.INVITATION, to=OWNER, state=LetterState.QUEUED, entity_id="acme",
        subject_id=row["subject_id"], created_at=keys.now(),
    )  # fmt: skip
    assert wiring.storage().outbox.claim(item, keys.now())
    acme.trigger(batch(*found))
    assert acme.letters() == []
