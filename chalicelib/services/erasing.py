"""Erasing an entity, begun: one transaction, after which it is not there for anybody. The rest: services/removing.py."""

from dataclasses import dataclass

from chalicelib import keys, logs
from chalicelib.domain import Erasure, Outcome, Returned, Step
from chalicelib.errors import Conflict, NotFound
from chalicelib.services.apps import Apps
from chalicelib.services.erasing_ports import Erasures, Grant, Remains
from chalicelib.services.ports import Entities

AT_ONCE = 100
"""Grants that end while the platform waits, ten milliseconds each; whoever has more waits for the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Asked for twice, an erasure is begun once."""

    entities: Entities
    erasures: Erasures
    remains: Remains
    apps: Apps

    def begin(self, entity_id: str, by: str) -> Erasure:
        """The erasure, from here on or from before. No grant of the entity is handed to anybody from here on.

        :raises NotFound: if there is no such entity, and never was one that was erased.
        """
        books = self.entities.landing(entity_id)
        if books is None:
            return self._before(entity_id)
        now = keys.now()
        erasure = Erasure(
            id=keys.newest_first_id(now), entity_id=entity_id, name=books.entity.name, requested_by=by,
            requested_at=now, found_at=now, steps={Step.CLOSED: now},
        )  # fmt: skip
        try:
            self.erasures.begin(erasure)
        except Conflict:
            return self._before(entity_id)
        logs.event("erasure_begun", entity_id=entity_id, erasure=erasure.id)
        for connection in books.connections[:AT_ONCE]:
            end(self.remains, self.apps, erasure, (connection.id, connection.app, connection.account.id))
        return self.get(erasure.id)

    def get(self, erasure_id: str) -> Erasure:
        """:raises NotFound: if there is none."""
        found = self.erasures.get(erasure_id)
        if found is None:
            raise NotFound
        return found

    def _before(self, entity_id: str) -> Erasure:
        found = self.erasures.of(entity_id)
        if found is None:
            raise NotFound
        return found


def end(remains: Remains, apps: Apps, erasure: Erasure, grant: Grant) -> None:
    """The end of a grant, if there is one: its app is to be told, where it has a way."""
    connection_id, app, _ = grant
    provider = apps.providers.get(app)
    outcome = Outcome.PENDING if provider and provider.revoke else Outcome.NOT_OFFERED
    one = Returned(connection_id=connection_id, app=app, outcome=outcome, at=keys.now())
    remains.revoke(erasure, grant, one)
