"""A burst of connections while SES answers at random and functions are killed: what of it reaches the admins."""

import base64
import gc
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from itertools import product
from typing import Any

import pytest

from chalicelib import keys, wiring
from local.background import MAPPING, scheduled_event
from local.pump import Context, Pump
from tests.conftest import Clock
from tests.support import ses
from tests.support.aws import Answer, error
from tests.support.happening import connected
from tests.support.world import World, forget

ADMINS = tuple(f"admin-{number}@acme.example" for number in range(10))
SHOPS = tuple(f"Shop {number:03}" for number in range(200))
SEED = 1912

TAKEN, TOO_MANY, BROKEN, KILLED = "taken", "429", "500", "killed"
ODDS = {(TAKEN, True): 80, (TOO_MANY, False): 6, (BROKEN, True): 7, (BROKEN, False): 7}
"""What SES answers, and whether it took the letter."""
KILLS = {500: False, 1000: True, 2100: True, 2150: False}
"""The sends over which a function is killed, half-way and in the sweeps after it, and whether SES took the letter."""
ANSWERS = {TOO_MANY: error("TooManyRequestsException", 429), BROKEN: error("InternalServiceErrorException", 500)}
LATEST = timedelta(minutes=40)
"""How late SES may tell here that it took a letter: after the second send of it, before a third."""
A_CALL = timedelta(milliseconds=50)


class Killed(BaseException):
    """Lambda ends a process whose time is over: nothing of ours runs any more."""


@dataclass
class Ses:
    """Answers by chance, takes what it takes, and tells of that: late, in any order, some of it twice."""

    clock: Clock
    chance: random.Random
    answers: Counter[tuple[str, bool]] = field(default_factory=Counter)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many letters it took for whom about which shop."""
    untold: list[tuple[datetime, ses.Message]] = field(default_factory=list)
    _answer: str = ""

    def is_asked(self, body: str) -> bool:
        self.clock.now += A_CALL
        kill = KILLS.get(self.answers.total())
        (chosen,) = self.chance.choices(list(ODDS), list(ODDS.values())) if kill is None else [(KILLED, kill)]
        self.answers[chosen] += 1
        self._answer, took = chosen
        if took:
            self._take(json.loads(body))
        return True

    def _take(self, request: ses.Message) -> None:
        letter = message_from_bytes(base64.b64decode(request["Content"]["Raw"]["Data"]))
        text = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
        (shop,) = set(re.findall(r"Shop \d{3}", str(text.get_payload(decode=True))))
        self.letters[letter["To"], shop] += 1
        # Of what it said at once there is no news in the event: one of four will do.
        times = self.chance.choice([1, 0, 0, 0] if self._answer == TAKEN else [1, 1, 1, 2])
        event = ses.event("Send", ses.mail_of(request))
        for _ in range(times):
            late = self.chance.choice([timedelta(seconds=1), timedelta(seconds=10), LATEST * self.chance.random()])
            self.untold.append((self.clock.now + late, event))

    def answered(self, url: str) -> Answer:
        if self._answer == KILLED:
            raise Killed
        if self._answer == TAKEN:
            return 200, {}, json.dumps({"MessageId": f"message-{self.letters.total()}"})
        return ANSWERS[self._answer](url)

    def tells(self) -> list[ses.Message]:
        """What it has to tell by now."""
        ready = [event for at, event in self.untold if at <= self.clock.now]
        self.untold = [(at, event) for at, event in self.untold if at > self.clock.now]
        self.chance.shuffle(ready)
        return ready


def failing[**Given, Answered](handler: Callable[Given, Answered]) -> Callable[Given, Answered]:
    """A killed function's process is gone, with all that it knew. Whoever invoked it hears only that it failed."""

    def invoked(*given: Given.args, **named: Given.kwargs) -> Answered:
        try:
            return handler(*given, **named)
        except Killed:
            forget()
            raise RuntimeError from None

    return invoked


@pytest.fixture
def uncollected() -> Iterator[None]:
    """moto keeps all that it ever held: looking through that for garbage again and again takes a third of the time."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_burst_reaches_every_admin_once_or_twice(
    world: World, clock: Clock, uncollected: None, record_property: Callable[[str, object], None]
) -> None:
    """Threats 26, 39. An SES that fails, functions that are killed: nothing is lost, and nothing comes a third time."""
    began = time.process_time()
    world.entity(admins=ADMINS)
    for shop in SHOPS:
        clock.now += A_CALL
        connected(name=shop)
    burst, mail = clock.now, Ses(clock, random.Random(SEED))
    world.aws.fail("SendEmail", mail.answered, times=10**6, when=mail.is_asked)

    def trigger(event: dict[str, Any], context: object) -> Mapping[str, Any]:
        hear(world, mail)
        return failing(world.trigger)(event, context)

    Pump(trigger, world.pump._stream, MAPPING, say=lambda _line: None).once()
    sweeps = sweep_until_all_is_done(world, clock, mail)
    rows = world.core.items("outbox")
    record_property("numbers", numbers(mail, rows, sweeps, clock.now - burst, time.process_time() - began))

    assert mail.letters.keys() == set(product(ADMINS, SHOPS)), "nothing is lost, nobody else is written to"
    assert max(mail.letters.values()) <= 2
    assert Counter(row["state"] for row in rows) == {"sent": len(ADMINS) * len(SHOPS)}
    assert world.core.items("parked") == []
    assert set(mail.answers) == {*ODDS, (KILLED, True), (KILLED, False)}
    assert max(int(row["sends"]) for row in rows) > 2, "some were sent a third time, for SES took neither of two"


def hear(world: World, mail: Ses) -> None:
    for event in mail.tells():
        ses.hear(world, event)


def sweep_until_all_is_done(world: World, clock: Clock, mail: Ses) -> int:
    """Every minute, or every ten when there was nothing to do. Returns how often."""
    sweep, found = failing(world.app.handler_map["sweep"]), 1
    for sweeps in range(1000):
        if not found and not mail.untold and not waiting():
            return sweeps
        clock.forward(minutes=1 if found else 10)
        hear(world, mail)
        with suppress(RuntimeError):
            found = sweep(scheduled_event(), Context())["due"]
    raise AssertionError("it comes to no end")


def waiting() -> int:
    """How much the sweep would ever look at again."""
    return len(list(wiring.storage().outbox.due(keys.now() + timedelta(days=365))))


def numbers(mail: Ses, rows: list[dict[str, Any]], sweeps: int, took: timedelta, seconds: float) -> str:
    answers = ", ".join(f"{count} × {answer}" + " (taken)" * taken for (answer, taken), count in mail.answers.items())
    letters, sends = Counter(mail.letters.values()), Counter(int(row["sends"]) for row in rows)
    return (
        f"{len(SHOPS)} connections × {len(ADMINS)} admins = {len(rows)} letters. "
        f"SES was asked {mail.answers.total()} times: {answers}. "
        f"Lost: {len(rows) - len(mail.letters)}. Arrived once: {letters[1]}, twice: {letters[2]}. "
        f"Sent once: {sends[1]}, twice: {sends[2]}, three times or more: {len(rows) - sends[1] - sends[2]}. "
        f"All over after {took.total_seconds() / 60:.0f} minutes and {sweeps} sweeps; {seconds:.0f} s of CPU."
    )
