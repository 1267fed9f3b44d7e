"""Idempotency-Key on every POST: the same key, the same answer; and the answer's secrets are kept sealed."""

from datetime import timedelta

import pytest

from chalicelib import keys, wiring
from chalicelib.errors import Conflict, Unavailable
from chalicelib.services.repeating import KEEP
from tests.conftest import Clock
from tests.handlers.described import api
from tests.storage.making import at_once
from tests.support.aws import error
from tests.support.world import BASE_URL, OWNER, PAT, SAM, World

ACME = "/v1/entities/acme"
ASK = {"app": "square", "email": OWNER, "requested_by": PAT}
POSTS = [("link/regenerate", None), ("invitations", ASK), ("console-sessions", {"email": PAT})]


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_the_same_key_gets_the_same_answer(world: World, path: str, body: object) -> None:
    world.entity()
    platform = api(world)
    first = platform.post(f"{ACME}/{path}", body, idempotency_key="once")
    before = (world.core.items(), len(world.ephemeral.items()))
    again = platform.post(f"{ACME}/{path}", body, idempotency_key="once")
    assert (again.status, again.json) == (first.status, first.json)
    assert (world.core.items(), len(world.ephemeral.items())) == before
    other = platform.post(f"{ACME}/{path}", body, idempotency_key="twice")
    assert other.json != first.json


def test_without_a_key_every_request_counts(world: World) -> None:
    world.entity()
    assert [api(world).post(f"{ACME}/link/regenerate").json["generation"] for _ in range(3)] == [2, 3, 4]


def test_a_key_is_for_one_request(world: World) -> None:
    """Another body, another path: 422, and nothing done."""
    world.entity()
    world.entity("other")
    platform = api(world)
    platform.post(f"{ACME}/invitations", ASK, idempotency_key="once")
    for path, body in (
        (f"{ACME}/invitations", ASK | {"note": "x"}),
        ("/v1/entities/other/invitations", ASK),
        ("/v1/entities/other/link/regenerate", None),
        (f"{ACME}/console-sessions", {"email": PAT}),
        (f"{ACME}/link/regenerate", None),
    ):
        refused = platform.post(path, body, idempotency_key="once")
        assert (refused.status, refused.json["field"]) == (422, "Idempotency-Key")
    assert len(platform.get(f"{ACME}/invitations").json["items"]) == 1


def test_a_key_is_for_one_entity(world: World) -> None:
    """Threat 23. Without a body all that differs is the entity: never the other one's link."""
    world.entity()
    world.entity("other")
    platform = api(world)
    assert platform.post(f"{ACME}/link/regenerate", idempotency_key="once").status == 200
    refused = platform.post("/v1/entities/other/link/regenerate", idempotency_key="once")
    assert (refused.status, refused.json["field"]) == (422, "Idempotency-Key")
    assert "acme" not in refused.body


def test_callers_do_not_share_keys(world: World) -> None:
    """Threat 23. Another caller's answer stays another caller's."""
    world.entity()
    platform = api(world)
    first = platform.post(f"{ACME}/link/regenerate", idempotency_key="once")
    served = wiring.repeating().once("once", ("another", "POST", f"{ACME}/link/regenerate", ""), lambda: (200, "own"))
    assert served == (200, "own")
    assert platform.post(f"{ACME}/link/regenerate", idempotency_key="once").json == first.json


def test_of_many_at_once_one_is_served(world: World) -> None:
    world.entity()
    platform = world.platform()
    answers = at_once(6, lambda _: platform.post(f"{ACME}/invitations", ASK, idempotency_key="once"))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 1
    assert len(api(world).get(f"{ACME}/invitations").json["items"]) == 1


def test_while_it_is_served_others_wait(world: World) -> None:
    world.entity()
    inside: list[int] = []

    def serve() -> tuple[int, object]:
        inside.append(api(world).post(f"{ACME}/link/regenerate", idempotency_key="once").status)
        return 200, {}

    route = "/v1/entities/{entity_id}/link/regenerate"
    wiring.repeating().once("once", ("local", "POST", route, "acme", ""), serve)
    assert inside == [409]


def test_what_failed_may_be_tried_again(world: World) -> None:
    """With the same key, and then it counts; a refusal is no answer to keep."""
    world.entity()
    platform = api(world)
    assert (
        platform.post(f"{ACME}/console-sessions", {"email": "kim@acme.example"}, idempotency_key="once").status == 422
    )
    world.aws.fail("TransactWriteItems", error("InternalServerError", 500), times=99)
    assert platform.post(f"{ACME}/invitations", ASK, idempotency_key="twice").status == 503
    world.aws.heal()
    assert platform.post(f"{ACME}/invitations", ASK, idempotency_key="twice").status == 201
    platform.put(ACME, {"name": "Acme", "admins": [PAT, SAM, "kim@acme.example"]})
    assert (
        platform.post(f"{ACME}/console-sessions", {"email": "kim@acme.example"}, idempotency_key="once").status == 201
    )
    assert world.ephemeral.items("idempotency")


def test_a_key_is_forgotten_after_a_day(world: World, clock: Clock) -> None:
    """Threat 7."""
    world.entity()
    answer = wiring.repeating().once("once", ("caller", "x"), lambda: (200, "first"))
    clock.now += KEEP - timedelta(seconds=1)
    assert wiring.repeating().once("once", ("caller", "x"), lambda: (200, "second")) == answer
    clock.now += timedelta(seconds=1)
    assert wiring.repeating().once("once", ("caller", "x"), lambda: (200, "second")) == (200, "second")


def test_whoever_broke_off_holds_a_key_for_a_minute(world: World, clock: Clock) -> None:
    """Threat 34. The answer could not be kept: the same key is served again, but not at once."""
    world.entity()
    world.aws.fail("UpdateItem", error("InternalServerError", 500), times=99)
    with pytest.raises(Unavailable):
        wiring.repeating().once("once", ("caller", "x"), lambda: (200, "lost"))
    world.aws.heal()
    with pytest.raises(Conflict):
        wiring.repeating().once("once", ("caller", "x"), lambda: (200, "again"))
    clock.now += timedelta(minutes=1)
    assert wiring.repeating().once("once", ("caller", "x"), lambda: (200, "again")) == (200, "again")


@pytest.mark.parametrize("key", ["x" * 256, "tab\there", "ünïcode", "line\nbreak", "\x00"])
def test_keys_that_are_none(world: World, key: str) -> None:
    world.entity()
    refused = world.platform().post(f"{ACME}/link/regenerate", idempotency_key=key)
    assert refused.status == 400
    assert world.platform().get(f"{ACME}/link").json["generation"] == 1


def test_answers_are_kept_sealed(world: World) -> None:
    """Threats 10, 25. Answers hold links that sign in or connect: the table shows neither, nor the key that was sent."""
    world.entity()
    answers = [api(world).post(f"{ACME}/{path}", body, idempotency_key=f"sentinel-key-{path}") for path, body in POSTS]
    secrets = [
        answer.json["url"].rsplit("~" if "~" in answer.json["url"] else "/", 1)[1].partition("/")[0]
        for answer in answers
    ]
    kept = b"".join(item["response"].value for item in world.ephemeral.items("idempotency"))
    shown = repr(world.ephemeral.items("idempotency"))
    assert len(secrets) == 3
    for word in (*secrets, "sentinel-key", BASE_URL, OWNER):
        assert word.encode() not in kept
        assert word not in shown


def test_neither_the_table_nor_our_key_alone_opens_an_answer(world: World) -> None:
    """The cipher's key is made of our key and of theirs, and the row's name is bound to it."""
    repeating = wiring.repeating()
    repeating.once("theirs", ("caller", "x"), lambda: (200, "secret"))
    name = keys.name_of("caller", "theirs")
    found = repeating.answers.get(name)
    assert found
    assert found[1]
    assert repeating._opened("theirs", name, found[1]) == (200, "secret")
    for header, row in (("another", name), ("theirs", keys.name_of("caller", "another"))):
        with pytest.raises(Conflict):
            repeating._opened(header, row, found[1])
