"""Every event leaves: on the bus, and to whoever has a webhook. At least once, and letters never wait for it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from chalicelib import keys, wiring
from chalicelib.domain import EventKind
from chalicelib.errors import Unavailable
from chalicelib.services.delivering import TRIES
from chalicelib.services.event_bodies import DETAIL, body
from chalicelib.services.events import event
from local.simulators.people import deny
from tests.conftest import Clock
from tests.handlers.described import DESCRIPTION
from tests.security.test_streams import batch, happened, kind_of, records
from tests.support import dance
from tests.support.aws import Answer, error, time_out
from tests.support.happening import connected, together, unhurried
from tests.support.logged import lines
from tests.support.webhooks import PATH, deliver, drain, on_the_bus, waiting
from tests.support.world import OWNER, PAT, SAM, World, settings_with
from tests.webhooks.conftest import Hooked

WHSEC = f"whsec_{'5e' * 18}"
DOWN = error("InternalFailure", 500)


def described(told: dict[str, Any]) -> None:
    """It is as openapi.json says of its type, and has nothing else; a receiver may one day be sent more."""
    schema = DESCRIPTION["components"]["schemas"][f"event.{told['type']}"]
    whole = {**schema, "components": DESCRIPTION["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(told)
    assert set(told) == set(schema["properties"])
    assert set(told["data"]) <= set(schema["properties"]["data"]["properties"])


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    unhurried(monkeypatch)
    world.entity()
    world.deliver()
    return world


# What leaves


def test_everything_that_happens_is_on_the_bus(world: World) -> None:
    """As it is described; each once, with the history's own ids."""
    world.entity()
    platform = world.platform()
    platform.put("/v1/entities/acme", {"name": "Acme Tea LLC", "admins": [PAT]})
    platform.post("/v1/entities/acme/invitations", {"app": "square", "email": OWNER, "requested_by": PAT})
    dance.connect(world, world.visitor(), world.link(), "square")
    dance.connect(world, world.visitor(), world.link(), "square")
    visitor = world.visitor()
    dance.come_back(visitor, deny(dance.start(visitor, world.link(), "etsy")))
    [one] = world.connections()
    platform.get(f"/v1/entities/acme/connections/{one['id']}/credentials")
    platform.request("DELETE", f"/v1/entities/acme/connections/{one['id']}")
    platform.post("/v1/entities/acme/link/regenerate")
    world.deliver()
    entries = on_the_bus(world)
    told = [json.loads(entry["Detail"]) for entry in entries]
    history = platform.get("/v1/entities/acme/events?limit=100").json["items"]
    assert {each["id"]: each["type"] for each in told} == {each["id"]: each["kind"] for each in history}
    assert len(told) == len(history)
    assert {each["type"] for each in told} >= {
        *(
            "entity_created",
            "entity_renamed",
            "admin_added",
            "admin_removed",
            "owner_asked",
            "connected",
            "reconnected",
        ),
        *("connection_failed", "credentials_read", "disconnected", "link_regenerated"),
    }
    for entry, event_told in zip(entries, told, strict=True):
        described(event_told)
        assert (entry["Source"], entry["DetailType"]) == ("client-connect", event_told["type"])
        assert entry["EventBusName"] == "default"
    made = next(told_one["data"] for told_one in told if told_one["type"] == "connected")
    same = ("app", "connection_id", "account_id", "account_name")
    assert [made[name] for name in same] == [one["app"], one["id"], one["account_id"], one["account_name"]]


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_is_described(kind: EventKind) -> None:
    """Whatever an event of the kind may hold, and nothing else: a member that is not described fails."""
    detail = "7" if DETAIL.get(kind) == "days" else "olive@coffee.example" if DETAIL.get(kind) == "email" else "revoked"
    made = event("acme", kind, f"admin {PAT}", detail=detail if kind in DETAIL else "")
    properties = DESCRIPTION["components"]["schemas"][f"event.{kind}"]["properties"]["data"]["properties"]
    app, connection_id, account_id = (name * (name in properties) for name in ("app", "connection_id", "account_id"))
    told = body(replace(made, app=app, connection_id=connection_id, account_id=account_id))
    described(told)
    assert set(told["data"]) == set(properties)  # type: ignore[call-overload]
    with pytest.raises(jsonschema_rs.ValidationError):
        described({**told, "data": {}})


def test_no_kind_is_forgotten() -> None:
    schemas = {
        name.removeprefix("event.") for name in DESCRIPTION["components"]["schemas"] if name.startswith("event.")
    }
    assert schemas == {kind.value for kind in EventKind}
    schema = DESCRIPTION["webhooks"]["event"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["discriminator"]["mapping"]) == schemas
    assert {one["$ref"].rpartition(".")[2] for one in schema["oneOf"]} == schemas


def test_nothing_that_opens_anything_leaves(world: World) -> None:
    """Threat 45. No link, no token, no letter; what the history shows."""
    world.entity()
    dance.connect(world, world.visitor(), world.link(), "square")
    world.deliver()
    left = json.dumps(on_the_bus(world))
    assert world.link().rpartition("~")[2] not in left
    assert not any(token.access_token in left for token in world.apps.tokens("square"))


# What it costs


def test_a_batch_costs_one_read_one_call_and_one_message_each(hooked: Hooked) -> None:
    """However many events of however many entities, up to ten; letters read nothing more."""
    world = hooked.world
    records(world)
    for name in ("one", "two", "three"):
        connected(name=name)
    found = [record for record in records(world) if kind_of(record) == "event"]
    before = len(world.aws.calls)
    world.trigger(batch(*found))
    calls = world.aws.calls[before:]
    assert calls.count("PutEvents") == calls.count("SendMessageBatch") == 1
    assert calls.count("Query") == 3, "the books, once for each event's letters"
    assert calls.count("BatchGetItem") == 1, "which of the entities have a webhook"
    assert len(waiting()) == 3


def test_who_has_no_webhook_costs_no_message(acme: World) -> None:
    connected()
    before = len(acme.aws.calls)
    acme.deliver()
    assert acme.aws.calls[before:].count("PutEvents") == 1
    assert "SendMessageBatch" not in acme.aws.calls
    assert waiting() == []


def test_without_a_bus_nothing_is_put_on_one(world: World) -> None:
    settings_with(EVENT_BUS="")
    world.entity()
    world.deliver()
    assert "PutEvents" not in world.aws.calls
    assert not any("due_at" in item for item in world.core.items("event"))


def test_more_than_ten_at_once(world: World) -> None:
    """EventBridge and SQS take ten in a call."""
    settings_with(WEBHOOK_URL="https://hooks.bookkeep.example", WEBHOOK_SECRETS=WHSEC)
    world.entity(admins=tuple(f"admin-{number:02}@acme.example" for number in range(22)))
    world.deliver()
    assert len({json.loads(entry["Detail"])["id"] for entry in on_the_bus(world)}) == 23
    assert world.aws.calls.count("PutEvents") == world.aws.calls.count("SendMessageBatch") == 3
    assert len({message["event_id"] for message in waiting()}) == 23
    assert {message["receiver"] for message in waiting()} == {"deployment"}


# Twice


def test_a_record_three_times_is_one_id(hooked: Hooked) -> None:
    """Threat 26. In one batch it leaves once; again it may, and says which it is."""
    record = happened(hooked.world)
    hooked.world.trigger(batch(record, record, record))
    assert len({message["event_id"] for message in waiting()}) == len(waiting()) == 1
    hooked.world.trigger(batch(record))
    deliver(hooked.world)
    ids = [posted.headers["webhook-id"] for posted in hooked.receiver.posted]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert ids[0] == hooked.receiver.posted[0].event["id"]


def test_the_stream_and_the_sweep_at_once(hooked: Hooked, clock: Clock) -> None:
    """Threat 26."""
    record = happened(hooked.world)
    clock.forward(minutes=3)
    together(lambda: hooked.world.trigger(batch(record)), hooked.world.sweep)
    assert len({message["event_id"] for message in waiting()}) == 1
    assert not any("due_at" in item for item in hooked.world.core.items("event"))


# Trouble


def test_what_the_stream_lost_leaves_by_the_sweep(hooked: Hooked, clock: Clock) -> None:
    """Threat 27. Whatever kind it was, and if nobody ever reads the record."""
    world = hooked.world
    before = len(on_the_bus(world))
    world.platform().post("/v1/entities/acme/link/regenerate")
    connected()
    records(world)
    world.sweep()
    assert len(on_the_bus(world)) == before, "the stream has two minutes"
    clock.forward(minutes=3)
    world.sweep()
    told = [json.loads(entry["Detail"])["type"] for entry in on_the_bus(world)[before:]]
    assert sorted(told) == ["connected", "link_regenerated"]
    assert len(waiting()) == 2
    world.sweep()
    assert len(on_the_bus(world)) == before + 2
    assert len(world.letters(PAT)) == 1


@pytest.mark.parametrize("answer", [DOWN, time_out, error("AccessDeniedException"), error("ThrottlingException")])
@pytest.mark.parametrize("operation", ["PutEvents", "SendMessageBatch"])
def test_letters_do_not_wait_for_what_cannot_leave(
    hooked: Hooked, clock: Clock, monkeypatch: pytest.MonkeyPatch, operation: str, answer: Callable[[str], Answer]
) -> None:
    """The batch is done, the letters are sent; the event leaves when it can, ten minutes later."""
    unhurried(monkeypatch)
    world, record = hooked.world, happened(hooked.world)
    world.aws.fail(operation, answer, times=99)
    assert world.trigger(batch(record)) == {"batchItemFailures": []}
    assert sorted(letter["to"][0] for letter in world.letters()) == [PAT, SAM]
    world.aws.heal()
    drain()
    before = len(on_the_bus(world))
    clock.forward(minutes=9)
    world.sweep()
    assert (len(waiting()), len(on_the_bus(world))) == (0, before)
    clock.forward(minutes=2)
    world.sweep()
    assert (len(waiting()), len(on_the_bus(world))) == (1, before + 1)
    assert len(world.letters()) == 2


def test_of_a_batch_only_what_was_refused_comes_again(
    acme: World, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """EventBridge takes some and refuses others: those are tried once more at once, alone, and then by the sweep."""
    connected(name="good")
    connected(name="bad")
    taken: list[str] = []

    def partly(_url: str) -> Answer:
        entries = json.loads(acme.aws.bodies[-1])["Entries"]
        bad = ['"bad"' in entry["Detail"] for entry in entries]
        taken.extend(entry["Detail"] for entry, refused in zip(entries, bad, strict=True) if not refused)
        said = [{"ErrorCode": "ThrottlingException"} if refused else {"EventId": "1"} for refused in bad]
        return 200, {}, json.dumps({"FailedEntryCount": sum(bad), "Entries": said})

    acme.aws.fail("PutEvents", partly, times=99)
    acme.deliver()
    assert len(taken) == 1
    [due] = [item for item in acme.core.items("event") if "due_at" in item]
    assert due["detail"] == "bad"
    [line] = [line for line in lines(caplog, "published") if line["failed"]]
    assert (line["events"], line["events_unpublished"]) == (2, 1)
    acme.aws.heal()
    clock.forward(minutes=11)
    acme.sweep()
    assert [item for item in acme.core.items("event") if "due_at" in item] == []


def test_one_entry_that_is_no_good_does_not_hold_the_others(acme: World) -> None:
    """The whole call is refused for it; then each is tried alone."""
    connected(name="good")
    connected(name="bad")
    refused = error("ValidationException")
    acme.aws.fail("PutEvents", refused, times=99, when=lambda body: '\\"bad\\"' in body)
    acme.deliver()
    [due] = [item for item in acme.core.items("event") if "due_at" in item]
    assert due["detail"] == "bad"


def test_dynamodb_away_while_events_leave(acme: World, clock: Clock) -> None:
    """Threat 34. They stay due."""
    connected()
    acme.aws.fail("BatchGetItem", DOWN, times=9)
    acme.deliver()
    assert [item["kind"] for item in acme.core.items("event") if "due_at" in item] == ["connected"]
    assert len(acme.letters(PAT)) == 1
    acme.aws.heal()
    clock.forward(minutes=3)
    acme.sweep()
    assert [item for item in acme.core.items("event") if "due_at" in item] == []


def test_a_failure_of_the_letters_keeps_the_event(acme: World) -> None:
    """Records before it leave; it comes again with its batch."""
    records(acme)
    connected(name="one")
    connected(name="two")
    first, second = (record for record in records(acme) if kind_of(record) == "event")
    before = len(on_the_bus(acme))
    acme.aws.fail("Query", DOWN, times=9, when=lambda _body: len(acme.letters(PAT)) > 0)
    answer = acme.trigger(batch(first, second))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "101"}]}
    assert len(on_the_bus(acme)) == before + 1
    acme.aws.heal()
    acme.trigger(batch(second))
    assert len(on_the_bus(acme)) == before + 2


def test_a_disabled_webhook_is_sent_nothing(hooked: Hooked) -> None:
    hooked.receiver.answers.append(410)
    connected()
    deliver(hooked.world)
    connected(name="Another")
    hooked.world.deliver()
    assert waiting() == []
    assert hooked.api.get(PATH).json["state"] == "disabled"


def test_a_queue_is_told_by_name_when_it_is_away(hooked: Hooked) -> None:
    hooked.world.aws.fail("ChangeMessageVisibility", DOWN, times=9)
    with pytest.raises(Unavailable):
        wiring.outgoings().postpone("receipt", keys.now() - keys.now())


# For those who receive them


def test_the_page_for_receivers_names_every_type_and_member() -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
    told = {
        row[1]: set(re.findall(r"`(\w+)`", row[2]))
        for row in re.finditer(r"^\| `(\w+)` \|[^|]+\|(.*)\|$", page, re.MULTILINE)
    }
    for kind in EventKind:
        members = DESCRIPTION["components"]["schemas"][f"event.{kind}"]["properties"]["data"]["properties"]
        assert told[kind.value] == set(members) - {"entity_id", "actor"}, kind
    tries = re.search(r"(\d+) times in all", page)
    assert tries
    assert int(tries[1]) == TRIES
