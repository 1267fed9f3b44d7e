"""AWS failing at every single call of connecting, renewing and disconnecting: recorded first, then failed one by one.

Whatever fails, and for however long: once AWS is well again and the schedules have run, the state is one of those that
are allowed. Never is a token anywhere in the open, and never is a grant lost.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import keys, wiring
from chalicelib.domain import GrantStatus
from chalicelib.errors import ClientConnectError
from local.simulators import Simulators
from local.simulators.people import approve
from tests.conftest import Clock
from tests.support.aws import Answer, error, time_out
from tests.support.dance import come_back, start
from tests.support.grants import CREDENTIALS, Books, forget_trouble, impatient, keep_alive
from tests.support.happening import unhurried
from tests.support.revoking import drain, take, waiting
from tests.support.world import World
from tests.support.world import world as made

APP = "zettle"
"""Its refresh tokens work once."""

type Fault = tuple[Callable[[str], Answer], bool, int]
"""What is answered; whether after the work was done; and for how many calls of that name."""
_WAYS = cycle([error("ThrottlingException"), error("InternalServerError", 500)])


def by_turns(url: str) -> Answer:
    """One way to fail, then the other."""
    return next(_WAYS)(url)


FAULTS: dict[str, Fault] = {
    "throttled or broken": (by_turns, False, 99),
    "time-out": (time_out, False, 99),
    "time-out after the work was done": (time_out, True, 99),
    "one answer lost": (time_out, True, 1),
}


class Journey:
    """Something that is done, by its calls; and how things may stand afterwards."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self.failed: list[dict[str, Any]] = []
        self.prepare()

    def prepare(self) -> None:
        raise NotImplementedError

    def act(self) -> None:
        """What is to go wrong; whoever does it sees a page or an answer, never a crash."""
        raise NotImplementedError

    def check(self) -> None:
        """Once all is well again."""
        raise NotImplementedError

    def recover(self) -> None:
        """AWS is well, time passes, the schedules run, and SQS brings what it has."""
        self.world.aws.heal()
        for minutes in (3, 20):
            self.clock.forward(minutes=minutes)
            self.world.apps.pass_time(minutes * 60)
            forget_trouble()
            self.world.deliver()
            self.world.sweep()
            self.bring()

    def bring(self) -> None:
        """SQS hands out what it has, for as long as there is more; what fails comes again the next time."""
        again = []
        for _ in range(3):
            for message in [*self.failed, *drain()]:
                try:
                    take(self.world, message)
                except ClientConnectError:
                    again.append(message)
            self.failed = []
        self.failed = again

    def plain(self) -> list[str]:
        """The app's tokens that lie open anywhere."""
        tables = (self.world.core, self.world.vault, self.world.ephemeral)
        everything = str([table.items() for table in tables]) + str(waiting())
        tokens = self.world.apps.tokens(APP)
        return [value for one in tokens for value in (one.access_token, one.refresh_token) if value in everything]

    def letters(self, words: str) -> list[str]:
        return [letter["to"][0] for letter in self.world.letters() if words in letter["subject"]]


class Connecting(Journey):
    """From the link to the letters."""

    def prepare(self) -> None:
        self.world.entity()
        self.link = self.world.link()
        self.owner = self.world.visitor()
        self.owner.get(self.link)

    def act(self) -> None:
        try:
            back = approve(start(self.owner, self.link, APP))
        except (AssertionError, StopIteration):
            assert self.owner.page.status == 503
            return
        page = come_back(self.owner, back)
        assert page.status in {200, 503}, page.status
        self.world.deliver()

    def check(self) -> None:
        """All of it or nothing. A grant that is not kept has gone back, unless nobody could find out whether it was."""
        connections, items = self.world.connections(), self.world.vault.items()
        assert len(connections) == len(items) == self.world.events().count("connected")
        if connections:
            path = CREDENTIALS.format("acme", connections[0]["id"])
            answer = self.world.platform().get(path)
            assert answer.status == 200
            assert any(t.access_token == answer.json["access_token"] and t.active for t in self.world.apps.tokens(APP))
            assert set(self.letters("is connected")) == {"pat@acme.example", "sam@acme.example"}
            assert len(self.letters("is connected")) <= 4


class Renewing(Journey):
    """A reading of what has ended, with nothing of it at hand."""

    def prepare(self) -> None:
        self.books = Books(self.world, self.clock, APP)
        self.world.deliver()
        self.books.later(hours=2)
        forget_trouble()
        wiring.sealer().forget()
        self.path = CREDENTIALS.format("acme", self.books.id)
        self.platform = self.world.platform()

    def act(self) -> None:
        answer = self.platform.get(self.path)
        assert answer.status in {200, 503}, answer.body

    def recover(self) -> None:
        super().recover()
        keep_alive(self.world)

    def check(self) -> None:
        """It works, and nobody was told that it does not."""
        assert self.books.read().status == 200
        assert self.books.held().status is GrantStatus.ACTIVE
        assert self.books.works(self.books.grant().secrets["access_token"])
        assert "needs_attention" not in self.world.events()


class Disconnecting(Journey):
    """The platform ends it; the letters, the vault and the app follow."""

    def prepare(self) -> None:
        self.books = Books(self.world, self.clock, APP)
        self.world.deliver()
        wiring.sealer().forget()
        self.path = f"/v1/entities/acme/connections/{self.books.id}"
        self.platform = self.world.platform()

    def act(self) -> None:
        answer = self.platform.request("DELETE", self.path)
        assert answer.status in {200, 503}, answer.body
        self.said = answer.status
        self.world.deliver()
        self.bring()

    def check(self) -> None:
        """Ended altogether; or not at all, if that is what was said: then it works."""
        [connection] = self.world.connections()
        if connection["status"] == "active":
            assert self.said == 503
            assert self.books.read().status == 200
            return
        assert connection["status"] == "disconnected"
        assert self.world.vault.items() == []
        assert not [one for one in self.world.apps.tokens(APP) if one.active]
        assert self.world.events().count("disconnected") == 1
        assert set(self.letters("is disconnected")) == {"pat@acme.example", "sam@acme.example"}


JOURNEYS = (Connecting, Renewing, Disconnecting)


@contextmanager
def begun(simulators: Simulators, journey: type[Journey]) -> Iterator[Journey]:
    """In an AWS of its own."""
    clock = Clock(keys.now())
    with ExitStack() as stack:
        world = stack.enter_context(made(simulators))
        stack.enter_context(patch("chalicelib.keys.now", lambda: clock.now))
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        unhurried(monkeypatch)
        impatient(monkeypatch)
        stack.callback(forget_trouble)
        yield journey(world, clock)


PUMP = {"DescribeTable", "DescribeStream", "GetShardIterator", "GetRecords"}
"""Lambda's own, which brings the stream's records."""
READING = {"GetItem", "BatchGetItem", "Query", "Decrypt", "GenerateDataKey"}
"""They change nothing: an answer that is lost is one that never was."""


def recorded(simulators: Simulators, journey: type[Journey]) -> list[tuple[int, str]]:
    """The calls of a journey on which all goes well, with their places."""
    with begun(simulators, journey) as found:
        before = len(found.world.aws.calls)
        found.act()
        calls = found.world.aws.calls[before:]
        found.recover()
        found.check()
    return [(place, call) for place, call in enumerate(calls) if call not in PUMP]


def fail_at(world: World, position: int, operation: str, fault: Fault) -> None:
    """From the so-manieth call on."""
    answer, after, times = fault
    first = len(world.aws.calls) + position
    world.aws.fail(operation, answer, times=times, after=after, when=lambda _body: len(world.aws.calls) > first)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__.lower())
def test_a_fault_at_every_call(simulators: Simulators, journey: type[Journey], fault: str) -> None:
    """Threats 30, 33, 34."""
    wrong = []
    for position, operation in recorded(simulators, journey):
        if operation in READING and FAULTS[fault][1]:
            continue
        with begun(simulators, journey) as found:
            fail_at(found.world, position, operation, FAULTS[fault])
            try:
                found.act()
                assert found.plain() == []
                found.recover()
                found.check()
                assert found.plain() == []
            except AssertionError as failed:
                wrong.append((position, operation, str(failed)[:200]))
    assert wrong == []


def test_all_the_calls_are_there(simulators: Simulators) -> None:
    """What is recorded is what matters: the grant's key, the transaction, the lease, the queue, the letters."""
    calls = {journey: [call for _, call in recorded(simulators, journey)] for journey in JOURNEYS}
    assert {"PutItem", "UpdateItem", "GenerateDataKey", "TransactWriteItems", "SendEmail"} <= set(calls[Connecting])
    assert calls[Renewing].count("UpdateItem") == 2
    assert {"GetItem", "Decrypt", "GenerateDataKey", "TransactWriteItems"} <= set(calls[Renewing])
    assert {"TransactWriteItems", "Decrypt", "DeleteItem", "SendEmail"} <= set(calls[Disconnecting])
