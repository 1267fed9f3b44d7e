"""AWS failing at every call of a renewal, and every order of what may happen: no grant is lost by our doing."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain import GrantStatus
from local.simulators import Misbehaviour
from tests.conftest import Clock
from tests.support.aws import Answer, error, time_out
from tests.support.grants import Books, closed, forget_trouble, impatient, keep_alive
from tests.support.happening import unhurried
from tests.support.world import World

__all__ = ["closed"]
CALLS = (
    ("GetItem", ""),
    ("BatchGetItem", ""),
    ("UpdateItem", "lease"),
    ("Decrypt", ""),
    ("GenerateDataKey", ""),
    ("UpdateItem", "save"),
    ("TransactWriteItems", ""),
)


def of(part: str) -> Callable[[str], bool]:
    """Which call it is, by what it writes."""
    return {
        "": lambda _body: True,
        "lease": lambda body: "lease_owner" in body and "refreshed_at" not in body and "failures" not in body,
        "save": lambda body: "refreshed_at" in body,
    }[part]


FAULTS: dict[str, tuple[Callable[[str], Answer], bool]] = {
    "throttled": (error("ThrottlingException"), False),
    "500": (error("InternalServerError", 500), False),
    "time-out": (time_out, False),
    "time-out after the work was done": (time_out, True),
}


@pytest.fixture
def books(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Ended, rotating, and with nothing of it at hand."""
    unhurried(monkeypatch)
    impatient(monkeypatch)
    found = Books(world, clock, "squarespace_commerce")
    found.later(hours=2)
    forget_trouble()
    wiring.sealer().forget()
    return found


def plain(books: Books) -> bool:
    """Whether a token of the app's lies open anywhere."""
    everything = str([table.items() for table in (books.world.core, books.world.vault, books.world.ephemeral)])
    tokens = books.world.apps.tokens(books.app)
    return any(value and value in everything for one in tokens for value in (one.access_token, one.refresh_token))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("operation", "part"), CALLS, ids=[f"{call} {part}".strip() for call, part in CALLS])
@pytest.mark.parametrize("times", [1, 3])
def test_a_fault_at_any_call_of_a_renewal(books: Books, operation: str, part: str, fault: str, times: int) -> None:
    """Threats 30, 33, 34. Once, and for as long as the client tries: refused at worst, and well afterwards."""
    answer, after = FAULTS[fault]
    books.world.aws.fail(operation, answer, times=times, after=after, when=of(part))
    assert books.read().status in {200, 503}
    assert books.world.aws._faults[0].times < times, "the call is made"
    books.world.aws.heal()
    assert not plain(books)
    for _ in range(3):
        books.later(seconds=31)
        keep_alive(books.world)
    assert books.read().status == 200, (operation, part, fault)
    assert books.held().status is GrantStatus.ACTIVE
    assert books.works(books.grant().secrets["access_token"])
    assert books.world.events().count("needs_attention") == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_outlasts_the_process_costs_at_most_the_grant(books: Books, fault: str) -> None:
    """Threat 30. When nothing at all can be written for the whole of a lease, somebody hears of it: once."""
    answer, _ = FAULTS[fault]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.services.waiting.Patience.wait", lambda _self: False)
        books.world.aws.fail("UpdateItem", answer, times=99, when=of("save"))
        assert books.read().status == 503
    books.world.aws.heal()
    assert not plain(books)
    for _ in range(4):
        books.later(seconds=31)
        keep_alive(books.world)
        books.read()
    assert books.held().status is GrantStatus.NEEDS_ATTENTION
    assert books.world.events().count("needs_attention") == 1


class Killed(BaseException):
    """The process ends here."""


def _killed(*_args: object) -> Any:
    raise Killed


STEPS = st.lists(
    st.sampled_from(
        (
            "read",
            "run",
            "hour",
            "day",
            "week",
            "down",
            "refused",
            "client",
            "reconnect",
            "killed before",
            "killed after",
        )
    ),
    min_size=3,
    max_size=14,
)


class Story:
    """A connection's life, and what must hold after each of its days."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.excused = False
        """Whether something happened by which a grant may be over: killed after the app answered, or left too long."""

    def step(self, name: str) -> None:
        books = self.books
        if name in {"hour", "day", "week"}:
            books.later(**{f"{name}s": 1})
            self.excused |= name == "week"
        elif name in {"down", "refused", "client"}:
            how = {"down": "UNAVAILABLE", "refused": "ERROR_WITH_200", "client": "INVALID_CLIENT"}[name]
            books.world.apps.misbehave(books.app, "token", Misbehaviour[how])
        elif name == "reconnect":
            books.world.apps._state.waiting.clear()
            books.connect()
            self.excused = False
        elif name.startswith("killed"):
            self._killed("prepared" if name.endswith("before") else "save")
        else:
            assert (books.read().status if name == "read" else 200) in {200, 409, 503}
            keep_alive(books.world) if name == "run" else None

    def _killed(self, where: str) -> None:
        owner = type(wiring.sealer()) if where == "prepared" else type(wiring.storage().vault)
        asked = self.books.hits()
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            patch.setattr(owner, where, _killed)
            self.books.read()
        self.excused |= where == "save" and self.books.hits() > asked

    def check(self) -> None:
        """What is held opens, and is good at the app unless something excuses it; and never is there a second letter."""
        books = self.books
        held = books.held()
        grant = books.grant()
        if held.status is GrantStatus.NEEDS_ATTENTION:
            assert self.excused, "lost by our doing"
        elif not self.excused:
            kept = {one.refresh_token: one.active for one in books.world.apps.tokens(books.app)}
            assert kept[grant.secrets["refresh_token"]], "what is held is not what the app would take"
        events = list(reversed(books.world.events()))
        for before, after in zip(marks := [e for e in events if e in _MARKS], marks[1:], strict=False):
            assert (before, after) != ("needs_attention", "needs_attention"), "two letters"


_MARKS = {"needs_attention", "reconnected"}


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_no_grant_is_lost_by_our_doing(simulators: Any, steps: list[str]) -> None:
    """Threats 29, 30, 31. Whatever the order of readings, runs, time, failures, deaths and reconnects."""
    from datetime import timedelta
    from unittest.mock import patch

    from chalicelib import keys
    from tests.support.world import world as made

    clock = Clock(keys.now())
    nobody_waits = patch("chalicelib.services.waiting.Patience.wait", lambda _self: False)
    with made(simulators) as world, patch("chalicelib.keys.now", lambda: clock.now), nobody_waits:
        forget_trouble()
        story = Story(Books(world, clock, "squarespace_commerce"))
        for name in steps:
            note(name)
            clock.now += timedelta(seconds=1)
            story.step(name)
            story.check()
        world.apps._state.waiting.clear()
        story.books.later(days=1)
        forget_trouble()
        status = story.books.read().status
        assert status == 200 or story.excused or story.books.held().trouble.failures
    forget_trouble()
