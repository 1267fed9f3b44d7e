"""Credentials for the accounting platform, each answer held against openapi.json."""

import json

import pytest

from tests.conftest import Clock
from tests.handlers.described import api
from tests.support.aws import error
from tests.support.dance import connect
from tests.support.world import World, forget


def path(world: World, entity_id: str = "acme", app: str = "square") -> str:
    [connection] = [one for one in world.connections(entity_id) if one["app"] == app]
    return f"/v1/entities/{entity_id}/connections/{connection['id']}/credentials"


@pytest.fixture
def connected(world: World) -> str:
    """The address of a fresh Square credential."""
    world.entity()
    connect(world, world.visitor(), world.link(), "square")
    return path(world)


def test_a_credential_works_at_the_app(world: World, connected: str) -> None:
    answer = api(world).get(connected)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"type", "access_token", "expires_at", "account_id", "extra"}
    [connection] = world.connections()
    assert answer.json["account_id"] == connection["account_id"]
    assert answer.json["access_token"] in {token.access_token for token in world.apps.tokens("square")}


def test_what_would_make_another_token_is_never_handed_out(world: World, connected: str) -> None:
    """Threat 25."""
    assert "refresh" not in api(world).get(connected).body


def test_a_reading_costs_one_read_and_one_key(world: World, connected: str) -> None:
    """And once a day an event. With the key at hand, one read."""
    forget()
    before = len(world.aws.calls)
    answers = [api(world).get(connected).status for _ in range(3)]
    assert answers == [200, 200, 200]
    assert world.aws.calls[before:] == ["GetItem", "Decrypt", "TransactWriteItems", "GetItem", "GetItem"]


def test_one_reading_a_day_and_caller_is_in_the_history(world: World, connected: str, clock: Clock) -> None:
    """Whatever process reads."""
    for _ in range(2):
        api(world).get(connected)
        forget()
        api(world).get(connected)
    assert world.events().count("credentials_read") == 1
    clock.forward(days=1)
    api(world).get(connected)
    assert world.events().count("credentials_read") == 2
    newest = world.platform().get("/v1/entities/acme/events").json["items"][0]
    assert (newest["kind"], newest["actor"]) == ("credentials_read", "platform local")


def test_every_reading_leaves_a_line(world: World, connected: str, caplog: pytest.LogCaptureFixture) -> None:
    api(world).get(connected)
    [line] = [json.loads(r.getMessage()) for r in caplog.records if '"credential_read"' in r.getMessage()]
    assert (line["entity_id"], line["app"], line["connection_id"]) == ("acme", "square", connected.split("/")[-2])


def test_another_entitys_connection_is_unknown(world: World, connected: str) -> None:
    """Threat 23. As unknown as one that never was; nothing is opened for it."""
    world.entity("other", "Other LLC")
    strangers = connected.replace("/acme/", "/other/")
    before = len(world.aws.calls)
    answers = [api(world).get(one) for one in (strangers, connected.replace("/acme/", "/nobody/"))]
    answers += [api(world).get(connected.replace(connected.split("/")[-2], name)) for name in ("0" * 32, "x", "%00")]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert "Decrypt" not in world.aws.calls[before:]


def test_a_scope_of_its_own(world: World, connected: str) -> None:
    """Threat 23."""
    assert api(world, "connections:read", "entities:read").get(connected).status == 403


def test_no_credential_while_kms_is_away(world: World, connected: str) -> None:
    """Threat 33."""
    forget()
    world.aws.fail("Decrypt", error("KMSInternalException", 500), times=9)
    assert api(world).get(connected).status == 503
