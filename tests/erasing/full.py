"""An entity with something of every kind, beside another that must not notice; and the clock that erases."""

import json
from dataclasses import dataclass
from typing import Any

from local.simulators.people import approve
from tests.conftest import Clock
from tests.ending.test_disconnecting import end
from tests.handlers.described import Api, api
from tests.support import dance
from tests.support.moment import rows
from tests.support.revoking import revoke
from tests.support.ses import says
from tests.support.visitor import Answer
from tests.support.webhooks import URL, Receiver, internet
from tests.support.world import OWNER, PAT, World

GONE = "gone@coffee.example"
"""An owner whose address does not exist."""
ANGRY = "angry@coffee.example"
"""An owner who complained of a letter."""


@dataclass
class Erasable:
    """``acme``, and what a test does with it."""

    world: World
    clock: Clock

    def make(self) -> None:
        raise NotImplementedError

    @property
    def api(self) -> Api:
        return api(self.world)

    def ask(self, email: str, app: str) -> str:
        """Where the invitation leads."""
        body = {"app": app, "email": email, "requested_by": PAT}
        asked = self.api.post("/v1/entities/acme/invitations", body)
        assert asked.status == 201
        return str(asked.json["url"])

    def erase(self) -> Answer:
        return self.api.request("DELETE", "/v1/entities/acme")

    def report(self, erasure_id: str) -> Any:
        return self.api.get(f"/v1/erasures/{erasure_id}").json

    def places(self, entity_id: str = "acme") -> dict[str, int]:
        """Every row that names the entity, by table and partition, but for its erasures'."""
        return places(entity_id)


class Small(Erasable):
    """Two admins, and two grants: one that can be given back to its app, and one that cannot."""

    def make(self) -> None:
        self.world.entity()
        for app in ("square", "etsy"):
            dance.connect(self.world, self.world.visitor(), self.world.link(), app)
        self.world.deliver()


class Full(Erasable):
    """Something of every kind; and ``beta``, of Pat's too."""

    def make(self) -> None:
        world = self.world
        world.entity()
        world.entity("beta", "Beta Coffee LLC", (PAT,))
        with internet(Receiver()):
            assert self.api.put("/v1/entities/acme/webhook", {"url": URL}).status == 201
        assert self.api.post("/v1/entities/acme/webhook/rotate").status == 200
        self._connect()
        self._letters()
        visitor = world.visitor()
        visitor.get(f"{world.link()}/stripe")
        visitor.submit("/stripe")  # and never comes back

    def _connect(self) -> None:
        world = self.world
        olive = world.visitor()
        olive.get(self.ask(OWNER, "square"))
        olive.submit("/square")
        dance.come_back(olive, approve(dance.left_for(olive)))
        for app in ("ebay", "etsy"):
            dance.connect(world, world.visitor(), world.link(), app)
        dance.connect(world, world.visitor(), world.link("beta"), "xero")
        [etsy] = [one["id"] for one in world.connections() if one["app"] == "etsy"]
        assert end(world, etsy).status == 200
        revoke(world)

    def _letters(self) -> None:
        for email, kind in ((GONE, "Bounce"), (ANGRY, "Complaint")):
            self.ask(email, "shopify")
            self.world.deliver()
            says(self.world, kind, email)
        self.world.deliver()


def clockwork(world: World, context: object = None) -> dict[str, int]:
    """The schedule's handler, as EventBridge calls it."""
    event = dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source"), "x")
    answer: dict[str, int] = world.app.handler_map["erase"]({**event, "detail": {}, "resources": []}, context)
    return answer


def places(entity_id: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in ("core", "vault", "ephemeral"):
        for row in rows(table):
            if entity_id in _words(row) and not str(row.get("pk", "")).startswith(("ERASURE#", "ERASED#")):
                place = f"{table} {str(row.get('pk', '')).partition('#')[0]}"
                found[place] = found.get(place, 0) + 1
    return found


def _words(row: dict[str, Any]) -> set[str]:
    text = json.dumps(row, default=repr)
    return set(text.replace("#", " ").replace('"', " ").split())
