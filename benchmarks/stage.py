"""The whole product in this process, as the tests have it, with a meter on its calls."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks.meter import Bill, Meter, metered
from local import configuration
from local.simulators import Simulators
from local.simulators.people import approve
from local.stream import TableStream
from tests.support.visitor import Answer, Visitor
from tests.support.world import BASE_URL, STREAMS, World, environment, world

AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_EC2_METADATA_DISABLED": "true",
}

type Act = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Stage:
    """A world to make things ready in, and to measure one thing that happens there."""

    world: World
    meter: Meter
    _numbers: Iterator[int] = field(default_factory=count)

    def entity(self, admins: int = 2) -> str:
        """A new entity; every id is equally long."""
        entity_id = f"entity-{next(self._numbers):06d}"
        return self.world.entity(entity_id, "Acme Coffee LLC", tuple(email(number) for number in range(admins)))

    def admin(self, entity_id: str) -> Visitor:
        """An admin of it, signed in."""
        return self.world.admin(email(0), entity_id)

    def invite(self, entity_id: str, app: str = "square") -> str:
        """An invitation's id."""
        wanted = {"app": app, "email": f"olive-{next(self._numbers)}@coffee.example", "requested_by": email(0)}
        answer = self.world.platform().post(f"/v1/entities/{entity_id}/invitations", wanted)
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    def start(self, entity_id: str, app: str = "square", **fields: str) -> tuple[Visitor, Act]:
        """An owner before the last click on our side."""
        path, visitor = f"{self.world.link(entity_id)}/{app}", self.world.visitor()
        return visitor, lambda: visitor.post(path, fields)

    def callback(self, entity_id: str, app: str = "square") -> tuple[Visitor, Act]:
        """An owner who has said yes to the app, and is on the way back."""
        visitor, start = self.start(entity_id, app)
        path = approve(start().refresh).removeprefix(BASE_URL)
        return visitor, lambda: visitor.get(path)

    def connect(self, entity_id: str, app: str = "square") -> Visitor:
        """An owner who has connected."""
        visitor, callback = self.callback(entity_id, app)
        assert callback().status == 303, visitor.page.body
        return visitor

    def news(self, act: Callable[[], object], kind: str) -> dict[str, Any]:
        """The stream's event that has only the last record of this kind that ``act`` led to."""
        stream = TableStream("core", boto3.client("dynamodb"), boto3.client("dynamodbstreams", endpoint_url=STREAMS))
        stream.read()
        act()
        records = [record for record in stream.read() if _kind(record) == kind]
        return {"Records": records[-1:]}

    def measured(self, act: Callable[[], object]) -> Bill:
        """What it costs."""
        with self.meter.bill() as bill:
            act()
        return bill


def email(number: int) -> str:
    """An admin's address; all are equally long."""
    return f"admin-{number:02d}@acme.example"


def _kind(record: Mapping[str, Any]) -> str:
    image = record["dynamodb"].get("NewImage", {})
    return str(image.get("kind", {}).get("S", "")) if record["eventName"] == "INSERT" else ""


type Stages = Callable[[], AbstractContextManager[Stage]]
"""Makes a stage in a fresh, empty AWS: moto copies everything it holds for each transaction."""


@contextmanager
def stages() -> Iterator[Stages]:
    """Everything the product needs, for as long as the ``with`` lasts; one stage at a time."""
    clients = configuration.clients(BASE_URL)
    with (
        Simulators(clients) as running,
        patch.dict(os.environ, AWS | environment(running, clients)),
        metered() as meter,
    ):
        yield lambda: _stage(running, meter)


@contextmanager
def _stage(simulators: Simulators, meter: Meter) -> Iterator[Stage]:
    with world(simulators) as ready:
        yield Stage(ready, meter)
