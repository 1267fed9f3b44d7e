"""Events at their receivers: signed, posted once to a public address, and again later if they were not taken."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.outbound.web import Web
from chalicelib.services import delivering
from chalicelib.services.delivering import LONGEST_PAUSE, TRIES, pause
from tests.conftest import Clock
from tests.support.aws import error, time_out
from tests.support.happening import connected, unhurried
from tests.support.logged import lines
from tests.support.webhooks import PATH, PUBLIC, URL, Receiver, deliver, drain, internet, listening, take, waiting
from tests.support.world import World, forget, settings_with
from tests.webhooks.conftest import Hooked
from tests.webhooks.test_leaving import WHSEC, described

DONE = (True, None)


@pytest.fixture
def told(hooked: Hooked) -> dict[str, str]:
    """An account was connected; the message of it."""
    connected(name="Blue Bottle – Oakland")
    hooked.world.deliver()
    [message] = drain()
    return message


def waits(result: tuple[bool, float | None]) -> float:
    """It is not done, and waits for so many seconds."""
    done, seconds = result
    assert not done
    assert seconds is not None
    return seconds


# Taken


def test_the_receiver_knows_it_by_the_standards_own_library(hooked: Hooked, told: dict[str, str]) -> None:
    """Threat 45."""
    assert take(hooked.world, told) == DONE
    [posted] = hooked.receiver.posted
    event = posted.verified(hooked.secret)
    described(event)
    assert event["type"] == "connected"
    assert event["data"]["account_name"] == "Blue Bottle – Oakland"
    assert event["id"] == posted.headers["webhook-id"] == told["event_id"]
    assert posted.path == "/events?of=connect"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["host"] == "hooks.acme.example"
    assert not {"authorization", "cookie"} & set(posted.headers)
    assert hooked.receiver.connections == [(PUBLIC, 443)]


def test_what_travels_is_small(hooked: Hooked, told: dict[str, str]) -> None:
    """Threat 35. Ids; all else is read when it is posted."""
    assert set(told) == {"entity_id", "event_id", "receiver"}
    before = len(hooked.world.aws.calls)
    take(hooked.world, told)
    assert hooked.world.aws.calls[before:] == ["BatchGetItem"], "the key is at hand"
    forget()
    before = len(hooked.world.aws.calls)
    take(hooked.world, told)
    assert hooked.world.aws.calls[before:] == ["BatchGetItem", "Decrypt"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_yes(hooked: Hooked, told: dict[str, str], status: int) -> None:
    hooked.receiver.answers.append(status)
    assert take(hooked.world, told) == DONE


def test_each_try_is_signed_anew(hooked: Hooked, told: dict[str, str], clock: Clock) -> None:
    """The same id, another time: receivers refuse what is old."""
    hooked.receiver.answers += [503]
    waits(take(hooked.world, told))
    clock.forward(seconds=31)
    assert take(hooked.world, told, tries=2) == DONE
    first, second = (posted.headers for posted in hooked.receiver.posted)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 31
    assert first["webhook-signature"] != second["webhook-signature"]


# Not taken


@pytest.mark.parametrize("status", [300, 304, 307, 308, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503])
def test_anything_else_comes_again(hooked: Hooked, told: dict[str, str], status: int) -> None:
    hooked.receiver.answers.append(status)
    assert 24 <= waits(take(hooked.world, told)) <= 30
    assert take(hooked.world, told, tries=2) == DONE
    assert hooked.api.get(PATH).json["state"] == "enabled"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "where", [URL, "https://evil.example/", "http://169.254.169.254/latest/meta-data", "/elsewhere"]
)
def test_no_redirect_is_followed(hooked: Hooked, told: dict[str, str], status: int, where: str) -> None:
    """Threat 45. Neither elsewhere nor to itself: one request."""
    hooked.receiver.answers.append(status)
    hooked.receiver.headers["Location"] = where
    waits(take(hooked.world, told))
    assert len(hooked.receiver.posted) == len(hooked.receiver.connections) == 1


def test_who_says_when_is_asked_then(hooked: Hooked, told: dict[str, str]) -> None:
    hooked.receiver.answers += [429, 429, 503]
    hooked.receiver.headers["Retry-After"] = "900"
    assert waits(take(hooked.world, told)) == 900
    hooked.receiver.headers["Retry-After"] = "9999999"
    assert waits(take(hooked.world, told)) == LONGEST_PAUSE.total_seconds()
    hooked.receiver.headers["Retry-After"] = "1"
    assert waits(take(hooked.world, told)) >= 24


ODD = [
    b"",
    b"\r\n",
    b"HTTP/1.1 xyz\r\n\r\n",
    b"HTTP/1.1 99 \r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 " + b"O" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"\x00\xff" * 1000,
]


@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_what_is_no_answer_comes_again(hooked: Hooked, told: dict[str, str], answer: bytes) -> None:
    """Threat 36."""
    hooked.receiver.answers.append(answer)
    waits(take(hooked.world, told))
    assert take(hooked.world, told, tries=2) == DONE


def test_what_an_answer_says_is_not_read(hooked: Hooked, told: dict[str, str]) -> None:
    """Threats 25, 36. However large, or compressed to nothing: the status is all that counts."""
    bomb = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n\x1f\x8b" + b"\x00" * 200_000
    )
    hooked.receiver.answers.append(bomb)
    assert take(hooked.world, told) == DONE


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """Half a second instead of fifteen."""
    monkeypatch.setattr(delivering, "SECONDS", 0.5)
    forget()
    yield 0.5
    forget()


def test_a_slow_drip_ends_with_the_deadline(impatient: float, hooked: Hooked, told: dict[str, str]) -> None:
    """Threat 36. Each byte comes in time, and the answer never."""
    over = threading.Event()
    hooked.receiver.answers.append(over)
    began = time.monotonic()
    waits(take(hooked.world, told))
    assert impatient <= time.monotonic() - began < impatient + 5
    over.set()


def test_a_receiver_that_is_silent(impatient: float, hooked: Hooked, told: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, hooked.receiver.port = hooked.receiver.port, silent.getsockname()[1]
        waits(take(hooked.world, told))
        hooked.receiver.port = port
    assert hooked.receiver.posted == []


# Where it leads


def test_a_name_that_leads_elsewhere_meanwhile_is_refused(hooked: Hooked, told: dict[str, str]) -> None:
    """Threat 45. It was public when it was set; it is looked at again each time, and nothing is connected to."""
    for addresses in (["127.0.0.1"], ["169.254.169.254"], ["10.1.2.3", PUBLIC], [PUBLIC, "::1"], []):
        hooked.resolving.append(addresses)
        waits(take(hooked.world, told))
    assert hooked.receiver.connections == []
    assert hooked.receiver.posted == []


def test_what_was_looked_at_is_what_is_connected_to(hooked: Hooked, told: dict[str, str]) -> None:
    """Threat 45. A second look-up would give the private one (DNS rebinding); there is none."""
    hooked.resolving += [[PUBLIC], ["127.0.0.1"]]
    assert take(hooked.world, told) == DONE
    assert hooked.receiver.connections == [(PUBLIC, 443)]
    assert hooked.resolving == [["127.0.0.1"]]


def test_a_certificate_for_another_name_is_refused(world: World, receiver: Receiver) -> None:
    """Threat 45. Whoever answers must be who was meant."""
    world.entity()
    with internet(receiver):
        world.platform().put(PATH, {"url": "https://hooks.other.example/"})
        connected()
        results = deliver(world)
    assert results
    assert not any(done for done, _ in results)
    assert receiver.posted == []


def test_an_entitys_webhook_never_leads_where_only_the_operators_may(world: World) -> None:
    """Threat 45. What the operator trusts, an entity's address does not."""
    with listening(tls=False) as inside:
        url = f"http://127.0.0.1:{inside.port}/own"
        settings_with(WEBHOOK_URL=url, WEBHOOK_SECRETS=WHSEC, APP_ENDPOINTS=json.dumps({"square": {"token_url": url}}))
        world.entity()
        assert all(done for done, _ in deliver(world))
        assert set(inside.events) == {"entity_created", "admin_added"}
        web = wiring.delivering().web
        assert isinstance(web, Web)
        assert web.trusted() == frozenset()


# The deployment's own


def test_the_deployments_webhook_hears_of_every_entity(world: World) -> None:
    """With every secret of the settings, so that they can be changed."""
    other = f"whsec_{'6f' * 18}"
    with listening(tls=False) as own:
        settings_with(WEBHOOK_URL=f"http://127.0.0.1:{own.port}/all", WEBHOOK_SECRETS=f"{WHSEC},{other}")
        world.entity()
        world.entity("other", "Other LLC")
        assert all(done for done, _ in deliver(world))
    assert {posted.event["data"]["entity_id"] for posted in own.posted} == {"acme", "other"}
    for posted in own.posted:
        posted.verified(WHSEC)
        posted.verified(other)


def test_the_deployments_webhook_and_an_entitys_hear_the_same(hooked: Hooked) -> None:
    with listening(tls=False) as own:
        settings_with(WEBHOOK_URL=f"http://127.0.0.1:{own.port}/all", WEBHOOK_SECRETS=WHSEC)
        connected()
        deliver(hooked.world)
        own.answers.append(410)
        connected(name="Another")
        [gone] = [done for done, _ in deliver(hooked.world) if not done]
    assert gone is False, "for an operator to see: it comes again, and ends where an alarm looks"
    assert own.posted[0].body == hooked.receiver.posted[0].body
    assert hooked.api.get(PATH).json["state"] == "enabled"


def test_without_an_address_what_waited_for_it_is_dropped(hooked: Hooked) -> None:
    message = {"entity_id": "acme", "event_id": "0" * 32, "receiver": "deployment"}
    assert take(hooked.world, message) == DONE
    connected()
    hooked.world.deliver()
    [found] = drain()
    assert take(hooked.world, {**found, "receiver": "deployment"}) == DONE
    assert hooked.receiver.posted == []


# Gone


def test_410_disables_it_and_the_others_hear_of_it(hooked: Hooked, told: dict[str, str]) -> None:
    """The receiver wants no more. It stays set, and is enabled by setting it again."""
    hooked.receiver.answers.append(410)
    assert take(hooked.world, told) == DONE
    assert hooked.api.get(PATH).json["state"] == "disabled"
    assert hooked.world.events()[0] == "webhook_disabled"
    assert take(hooked.world, told) == DONE
    assert len(hooked.receiver.posted) == 1
    assert "did not want to be told" in hooked.world.admin().get("/entities/acme/history").text
    again = hooked.api.put(PATH, {"url": URL})
    assert (again.status, again.json["state"]) == (200, "enabled")
    hooked.world.deliver()
    drain()
    assert take(hooked.world, told) == DONE
    hooked.receiver.posted[-1].verified(hooked.secret)


def test_410_from_an_address_that_was_left_disables_nothing(hooked: Hooked, told: dict[str, str]) -> None:
    """The platform set another while the old one was answering."""
    found = wiring.storage().webhooks.get("acme")
    assert found
    hooked.api.put(PATH, {"url": "https://new.acme.example/"})
    wiring.delivering()._disable(found)
    assert hooked.api.get(PATH).json["state"] == "enabled"
    assert "webhook_disabled" not in hooked.world.events()


# How often


def test_the_pauses_grow_to_half_a_day_and_end_after_three() -> None:
    """Jitter takes a fifth at the most; what was tried to the end is not kept waiting."""
    shortest = longest = timedelta()
    for tries in range(1, TRIES):
        tried = [pause(tries) for _ in range(200)]
        assert max(tried) <= LONGEST_PAUSE
        assert len(set(tried)) > 1, "not all at the same moment"
        shortest, longest = shortest + min(tried), longest + max(tried)
    assert [round(pause(1).total_seconds() / 30), round(pause(2).total_seconds() / 120)] == [1, 1]
    assert timedelta(days=2, hours=12) < shortest < longest < timedelta(days=3, hours=12)
    assert pause(TRIES) == pause(TRIES + 5) == timedelta()
    assert pause(TRIES, 900) == timedelta()


def test_after_the_last_try_it_does_not_wait(hooked: Hooked, told: dict[str, str]) -> None:
    """So that it goes to those that wait for a person."""
    hooked.receiver.answers += [500] * 2
    assert waits(take(hooked.world, told, tries=TRIES - 1)) > 0
    assert waits(take(hooked.world, told, tries=TRIES)) == 0


def test_it_waits_in_the_queue_itself(hooked: Hooked) -> None:
    """The message stays; its visibility is what changes."""
    from tests.support.world import client

    connected()
    hooked.world.deliver()
    hooked.receiver.answers.append(503)
    sqs = client("sqs")
    address = sqs.get_queue_url(QueueName="webhooks")["QueueUrl"]
    asked = {"QueueUrl": address, "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}
    [message] = sqs.receive_message(**asked, VisibilityTimeout=1)["Messages"]
    record = {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"], "eventSource": "aws:sqs",
    }  # fmt: skip
    answer = hooked.world.app.handler_map["on_webhook"]({"Records": [record]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]}]}
    assert len(waiting()) == 1
    from moto.backends import get_backend

    [held] = get_backend("sqs")["123456789012"]["us-east-1"].queues["webhooks"]._messages
    assert 20_000 < held.visible_at - time.time() * 1000 <= 30_000


# Our own parts fail


@pytest.mark.parametrize("operation", ["BatchGetItem", "Decrypt"])
@pytest.mark.parametrize("answer", [error("InternalServerError", 500), time_out], ids=["500", "time-out"])
def test_what_we_cannot_do_now_comes_again(
    hooked: Hooked, told: dict[str, str], monkeypatch: pytest.MonkeyPatch, operation: str, answer: object
) -> None:
    """Threats 33, 34."""
    unhurried(monkeypatch)
    forget()
    hooked.world.aws.fail(operation, answer, times=99)  # type: ignore[arg-type]
    waits(take(hooked.world, told))
    assert hooked.receiver.posted == []
    hooked.world.aws.heal()
    assert take(hooked.world, told, tries=2) == DONE


def test_a_queue_that_cannot_postpone_brings_it_again_by_itself(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried(monkeypatch)
    connected()
    hooked.world.deliver()
    [message] = drain()
    hooked.receiver.answers.append(500)
    hooked.world.aws.fail("ChangeMessageVisibility", error("ServiceUnavailable", 503), times=9)
    record = {
        "messageId": "id", "receiptHandle": "handle", "body": json.dumps(message),
        "attributes": {"ApproximateReceiveCount": "1"}, "eventSource": "aws:sqs",
    }  # fmt: skip
    answer = hooked.world.app.handler_map["on_webhook"]({"Records": [record]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id"}]}


def test_the_log_says_who_and_what_came_of_it(
    hooked: Hooked, told: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Threat 25. Never where: an address may hold a secret."""
    caplog.set_level(logging.INFO)
    hooked.receiver.answers.append(500)
    take(hooked.world, told)
    take(hooked.world, told, tries=2)
    no, yes = lines(caplog, "webhook")
    assert (no["outcome"], no["webhooks_not_taken"], no["receiver"]) == ("500", 1, "entity")
    assert (yes["outcome"], yes["webhooks_taken"], yes["event_id"]) == ("204", 1, told["event_id"])
    assert {no["entity_id"], yes["entity_id"]} == {"acme"}
    assert "hooks.acme.example" not in caplog.text
    assert hooked.secret not in caplog.text
