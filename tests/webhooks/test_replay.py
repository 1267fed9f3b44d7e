"""`make replay`: what happened to one entity is queued once more, and the receivers know it by its ids."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from chalicelib import keys
from deploy import __main__ as command
from deploy.replay import Replay
from deploy.stage import Refused, Stage
from tests.conftest import Clock
from tests.support.happening import connected
from tests.support.webhooks import drain, take
from tests.support.world import World
from tests.webhooks.conftest import Hooked

STAGE = Stage(name="test", region="us-east-1", bucket="b", secret="s", parameters={})
BOTH = replace(STAGE, parameters={"WebhookUrl": "https://hooks.bookkeep.example"})


class Session:
    """A session in which the stage's table and queue have the tests' short names."""

    def __init__(self, region_name: str = "us-east-1") -> None:
        self._region = region_name

    def client(self, service: str) -> Any:
        made = boto3.client(service, region_name=self._region)
        made.meta.events.register("provide-client-params.*.*", _shortened)
        return made


def _shortened(params: dict[str, Any], **_more: object) -> None:
    names = {"client-connect-test-core": "core", "client-connect-test-webhooks": "webhooks"}
    params |= {key: names[value] for key, value in params.items() if isinstance(value, str) and value in names}


def replayed(stage: Stage = STAGE, entity_id: str = "acme", since: str = "") -> list[str]:
    """What it said."""
    said: list[str] = []
    Replay(Session(), stage, entity_id, said.append).run(since)
    return said


def test_everything_is_posted_again_oldest_first(hooked: Hooked) -> None:
    for name in ("one", "two", "three"):
        connected(name=name)
    hooked.world.deliver()
    first = [take(hooked.world, message) for message in drain()]
    before = {posted.headers["webhook-id"] for posted in hooked.receiver.posted}
    hooked.receiver.posted.clear()
    assert replayed() == [f"Queued {len(hooked.world.events())} events of acme for entity."]
    assert all(done for done, _ in [*first, *(take(hooked.world, message) for message in drain())])
    assert hooked.receiver.events == list(reversed(hooked.world.events()))
    assert before < {posted.headers["webhook-id"] for posted in hooked.receiver.posted}
    for posted in hooked.receiver.posted:
        posted.verified(hooked.secret)


def test_from_a_time_on(hooked: Hooked, clock: Clock) -> None:
    """Also a day's beginning, in UTC; what happened at that very moment is among it."""
    clock.forward(days=2)
    event = connected()
    replayed(since=event.at.isoformat())
    assert [message["event_id"] for message in drain()] == [event.id]
    replayed(since=f"{event.at:%Y-%m-%d}")
    assert [message["event_id"] for message in drain()] == [event.id]
    replayed(since=(event.at + timedelta(microseconds=1)).isoformat())
    assert drain() == []


def test_only_that_entitys(hooked: Hooked) -> None:
    hooked.world.entity("acme-2", "Acme Two")
    replayed()
    assert {message["entity_id"] for message in drain()} == {"acme"}


def test_for_everybody_who_hears_of_it(hooked: Hooked) -> None:
    assert replayed(BOTH) == [f"Queued {len(hooked.world.events())} events of acme for entity and deployment."]
    found = drain()
    assert {message["receiver"] for message in found} == {"entity", "deployment"}
    assert len(found) == 2 * len(hooked.world.events())


def test_broken_off_it_goes_on_from_where_it_was(hooked: Hooked) -> None:
    """Nothing is left out, and one at the most is queued twice."""
    for number in range(25):
        connected(name=str(number))
    said: list[str] = []
    replay = Replay(Session(), STAGE, "acme", said.append)
    sending, calls = replay._send, []

    def twice(address: str, wanted: list[tuple[str, object]]) -> None:
        calls.append(wanted)
        if len(calls) > 2:
            raise KeyboardInterrupt
        sending(address, wanted)  # type: ignore[arg-type]

    with patch.object(replay, "_send", twice), pytest.raises(KeyboardInterrupt):
        replay.run("")
    [line] = said
    assert line.startswith("Queued 20 events, and broke off. To go on: SINCE=")
    replayed(since=line.rpartition("=")[2])
    queued = [message["event_id"] for message in drain()]
    assert len(queued) == len(hooked.world.events()) + 1
    assert len(set(queued)) == len(hooked.world.events())


def test_what_sqs_does_not_take_is_said(hooked: Hooked) -> None:
    refused = '{"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": false}]}'
    hooked.world.aws.fail("SendMessageBatch", lambda _url: (200, {}, refused))
    with pytest.raises(Refused, match="SQS"):
        replayed()


def test_who_hears_of_nothing(world: World) -> None:
    world.entity()
    with pytest.raises(Refused, match="no webhook"):
        replayed()
    assert drain() == []


@pytest.mark.parametrize(("entity_id", "since"), [("", ""), ("a/b", ""), ("acme", "yesterday"), ("acme", "2026-13-01")])
def test_what_is_no_entity_or_no_time(hooked: Hooked, entity_id: str, since: str) -> None:
    with pytest.raises(Refused):
        replayed(entity_id=entity_id, since=since)


def test_the_command_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["replay", "no-such-stage", "--entity", "acme"]) == 1
    assert "no-such-stage" in capsys.readouterr().err


def test_the_command_itself(hooked: Hooked, capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(command, "read", lambda _name: STAGE), patch("boto3.session.Session", Session):
        assert command.main(["replay", "test", "--entity", "acme", "--since", "2026-01-01"]) == 0
    assert capsys.readouterr().out.startswith("Queued ")
    assert len(drain()) == len(hooked.world.events())


def test_an_id_says_when_it_was_made() -> None:
    now = keys.now()
    assert keys.made_at(keys.newest_first_id(now)) == now
