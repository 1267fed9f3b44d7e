"""One world for all tests of a file. Each begins at a moment to which the tables and the apps go back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from chalicelib import wiring
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from local.simulators import Simulators
from tests.contract.ways import BACK, Back, Way
from tests.support.moment import Moment
from tests.support.visitor import Answer, Visitor
from tests.support.world import World
from tests.support.world import world as made


@dataclass(slots=True)
class Ready:
    """Somebody just before the last step, and the moment in which that is."""

    way: Way
    last: Back
    cookies: dict[str, str]
    moment: Moment

    @classmethod
    def of(cls, way: Way, last: Back) -> "Ready":
        """In this moment."""
        return cls(way, last, dict(way.visitor.cookies), Moment(way.world))

    def finish(self, visitor: Visitor | None = None) -> Answer:
        """That step; the page that it ends on."""
        return self.way.finish(self.last, visitor)

    def called_back(self) -> Answer:
        """That step without what follows: where the callback leads to, or the page if there is no callback."""
        return self.way.called_back(self.last) if self.way.row in BACK else self.finish()

    def click_again(self) -> Answer:
        """The same once more: a link followed twice, or a form sent twice."""
        return self.way.claim_again() if self.way.row.mechanism is Mechanism.INSTALL else self.finish()


class Acme:
    """One entity, its link, and an admin who is signed in."""

    def __init__(self, world: World) -> None:
        self.world, self.apps = world, world.apps
        world.entity()
        self.link, self._admin = world.link(), world.admin()
        self._made = Moment(world)
        self._ready: dict[str, Ready] = {}

    def again(self) -> None:
        """As at first."""
        self._made.back()

    def visitor(self) -> Visitor:
        """Somebody with a fresh browser."""
        return self.world.visitor()

    def admin(self) -> Visitor:
        """The admin."""
        visitor = self.world.visitor()
        visitor.cookies = dict(self._admin.cookies)
        return visitor

    def client_secret(self, row: Provider) -> str:
        """Our own secret with the app; empty where there is none."""
        return wiring.settings().clients[row.slug].client_secret if row.slug in wiring.settings().clients else ""

    def way(self, row: Provider) -> Way:
        """Somebody who begins to connect the app, as the first of all."""
        self.again()
        return Way(self.world, row, admin=self.admin(), link=self.link)

    def ready(self, row: Provider) -> Ready:
        """Somebody who has done all but the last step: done once for each app, and come back to."""
        if row.slug not in self._ready:
            way = self.way(row)
            self._ready[row.slug] = Ready.of(way, way.ready())
        found = self._ready[row.slug]
        found.moment.back()
        found.way.visitor.cookies = dict(found.cookies)
        return replace(found)


@pytest.fixture(scope="module")
def acme(simulators: Simulators) -> Iterator[Acme]:
    with made(simulators) as world:
        yield Acme(world)
