"""What SES may answer, and what becomes of the letter: rows 38 and 39 of docs/security.md."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib import keys, wiring
from chalicelib.errors import ClientConnectError
from chalicelib.outbound.mail import Post
from chalicelib.services.posting import LEASE, LONGEST_PAUSE, MOST_TRIES, UNKNOWN_AFTER
from local.simulators import Simulators
from tests.conftest import Clock
from tests.support import ses
from tests.support.aws import Answer, error, time_out
from tests.support.happening import connected, unhurried
from tests.support.world import OWNER, PAT, SAM, World, forget, settings_with
from tests.support.world import world as fresh_world


def cannot_connect(url: str) -> Answer:
    raise EndpointConnectionError(endpoint_url=url)


def cannot_connect_in_time(url: str) -> Answer:
    raise ConnectTimeoutError(endpoint_url=url)


def reset(url: str) -> Answer:
    raise ConnectionClosedError(endpoint_url=url)


def killed(_url: str) -> Answer:
    """Lambda ends the process; nothing after this runs."""
    raise SystemExit("killed")


REFUSED_FOR_NOW = {
    "429": error("TooManyRequestsException", 429),
    "limit": error("LimitExceededException", 400),
    "throttled": error("ThrottlingException", 400),
    "paused": error("SendingPausedException", 400),
    "no rights": error("AccessDeniedException", 403),
    "rights just expired": error("ExpiredTokenException", 403),
    "no such configuration set": error("NotFoundException", 404),
    "unavailable": error("ServiceUnavailable", 503),
    "no connection": cannot_connect,
    "no connection in time": cannot_connect_in_time,
}
REFUSED = {
    "rejected": error("MessageRejected", 400),
    "bad request": error("BadRequestException", 400),
}
NOBODY_KNOWS = {"time-out": time_out, "reset": reset, "500": error("InternalServiceErrorException", 500)}


@pytest.fixture
def acme(world: World, clock: Clock) -> World:
    """One admin, for whom something has just happened."""
    world.entity(admins=(PAT,))
    connected()
    return world


@pytest.fixture
def deaf(acme: World) -> World:
    """The same, where nobody tells us what SES took."""
    settings_with(MAIL_EVENTS_TOPIC="")
    return acme


def row(world: World) -> dict[str, Any]:
    (found,) = world.core.items("outbox")
    return found


def due_in(world: World) -> timedelta:
    return datetime.fromtimestamp(int(row(world)["due_at"]), keys.now().tzinfo) - keys.now()


def sends(world: World) -> int:
    return world.aws.calls.count("SendEmail")


def about(expected: timedelta) -> Callable[[timedelta], bool]:
    return lambda found: abs(found - expected) <= timedelta(seconds=1)


@pytest.mark.parametrize("answer", REFUSED_FOR_NOW.values(), ids=REFUSED_FOR_NOW)
def test_what_ses_surely_did_not_take_is_sent_later(acme: World, clock: Clock, answer: Callable[[str], Answer]) -> None:
    """Threat 38. One request for each attempt, then growing pauses."""
    acme.aws.fail("SendEmail", answer, times=3)
    acme.deliver()
    assert sends(acme) == 1
    assert (row(acme)["state"], row(acme)["sends"], row(acme)["tries"]) == ("retry", 0, 1)
    assert about(timedelta(seconds=30))(due_in(acme))
    acme.sweep()
    assert sends(acme) == 1
    for pause in (60, 120):
        clock.forward(minutes=5)
        acme.sweep()
        assert row(acme)["state"] == "retry"
        assert about(timedelta(seconds=pause))(due_in(acme))
    clock.forward(minutes=5)
    acme.sweep()
    assert sends(acme) == 4
    assert (row(acme)["state"], row(acme)["sends"]) == ("sent", 1)
    assert row(acme)["message_id"]
    assert "due_at" not in row(acme)
    assert len(acme.letters(PAT)) == 1


def test_an_outage_of_half_a_day_loses_nothing(acme: World, clock: Clock) -> None:
    """Threat 38. The pauses grow to an hour, so that the tries last for a day."""
    acme.aws.fail("SendEmail", REFUSED_FOR_NOW["paused"], times=10_000)
    acme.deliver()
    for _ in range(12 * 3):
        clock.forward(minutes=20)
        acme.sweep()
    assert row(acme)["state"] == "retry"
    assert sends(acme) < 20
    acme.aws.heal()
    clock.forward(hours=1)
    acme.sweep()
    assert len(acme.letters(PAT)) == 1


def test_tries_come_to_an_end(acme: World, clock: Clock) -> None:
    """Threat 38. After about a day of refusals the letter is given up, and says so."""
    acme.aws.fail("SendEmail", REFUSED_FOR_NOW["429"], times=10_000)
    acme.deliver()
    for _ in range(MOST_TRIES + 5):
        clock.forward(seconds=LONGEST_PAUSE.total_seconds() + 1)
        acme.sweep()
    assert sends(acme) == MOST_TRIES
    assert (row(acme)["state"], row(acme)["sends"]) == ("failed", 0)
    assert "due_at" not in row(acme)


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_what_ses_will_never_take_is_parked_and_the_others_are_sent(
    world: World, clock: Clock, answer: Callable[[str], Answer]
) -> None:
    """Threat 38. One letter per admin: Pat's cannot be sent, Sam's is."""
    world.entity()
    connected()
    world.aws.fail("SendEmail", answer, when=lambda body: PAT in body)
    assert [letter["to"] for letter in world.deliver()] == [[SAM]]
    assert {item["to"]: item["state"] for item in world.core.items("outbox")} == {PAT: "failed", SAM: "sent"}
    clock.forward(days=1)
    world.sweep()
    assert sends(world) == 2


@pytest.mark.parametrize("answer", NOBODY_KNOWS.values(), ids=NOBODY_KNOWS)
@pytest.mark.parametrize("taken", [True, False])
def test_what_ses_may_have_taken_is_sent_once_more(
    acme: World, clock: Clock, answer: Callable[[str], Answer], *, taken: bool
) -> None:
    """Threat 39. At most one request per attempt, the state says so, and a quarter of an hour passes before the next."""
    acme.aws.fail("SendEmail", answer, after=taken)
    acme.deliver()
    assert sends(acme) == 1
    assert (row(acme)["state"], row(acme)["sends"], row(acme)["tries"]) == ("unknown", 1, 1)
    assert about(UNKNOWN_AFTER)(due_in(acme))
    clock.forward(minutes=14)
    acme.sweep()
    assert sends(acme) == 1
    clock.forward(minutes=2)
    acme.sweep()
    assert (row(acme)["state"], row(acme)["sends"]) == ("sent", 2)
    clock.forward(days=1)
    acme.sweep()
    assert len(acme.letters(PAT)) == 1 + taken


@pytest.mark.parametrize("answer", NOBODY_KNOWS.values(), ids=NOBODY_KNOWS)
def test_never_a_third_time(deaf: World, clock: Clock, answer: Callable[[str], Answer]) -> None:
    """Threat 39. Two sends without an answer: the state stays unknown for whoever looks, and nothing is due."""
    deaf.aws.fail("SendEmail", answer, times=10, after=True)
    deaf.deliver()
    for _ in range(10):
        clock.forward(minutes=16)
        deaf.sweep()
    assert sends(deaf) == 2
    assert (row(deaf)["state"], row(deaf)["sends"]) == ("unknown", 2)
    assert "due_at" not in row(deaf)


@pytest.mark.parametrize("answer", NOBODY_KNOWS.values(), ids=NOBODY_KNOWS)
@pytest.mark.parametrize("taken", [0, 1, 2], ids=["neither", "the first", "the second"])
def test_what_ses_told_of_does_not_go_a_third_time_and_what_it_did_not_does(
    acme: World, clock: Clock, answer: Callable[[str], Answer], taken: int
) -> None:
    """Threat 39. SES tells of each letter that it takes: silence is an answer too. Nothing is lost, and none doubled."""
    for number in (1, 2):
        acme.aws.fail("SendEmail", answer, after=number == taken)
    acme.deliver()
    if taken == 1:
        ses.says(acme, "Send", PAT)
    clock.forward(minutes=16)
    acme.sweep()
    clock.forward(minutes=59)
    acme.sweep()
    assert sends(acme) == (1 if taken == 1 else 2), "an hour has not passed since the second"
    if taken == 2:
        ses.says(acme, "Send", PAT)
    clock.forward(minutes=2)
    acme.sweep()
    assert len(acme.letters(PAT)) == 1
    assert row(acme)["state"] == "sent"
    assert "due_at" not in row(acme)


def test_without_configuration_sets_silence_says_nothing(acme: World, clock: Clock) -> None:
    """Threat 39. SES tells of no letter that was sent outside of them, whatever topic is set."""
    settings_with(MAIL_CONFIGURATION_SETS="")
    acme.aws.fail("SendEmail", time_out, times=10, after=True)
    acme.deliver()
    for _ in range(10):
        clock.forward(minutes=61)
        acme.sweep()
    assert sends(acme) == 2


def test_a_refusal_between_two_unknowns_does_not_make_a_third_send(deaf: World, clock: Clock) -> None:
    """Threat 39. unknown, 429, unknown: two letters may be out, and no more."""
    for answer, after in ((time_out, True), (REFUSED_FOR_NOW["429"], False), (time_out, True)):
        deaf.aws.fail("SendEmail", answer, after=after)
    deaf.deliver()
    for _ in range(10):
        clock.forward(hours=1)
        deaf.sweep()
    assert len(deaf.letters(PAT)) == 2
    assert row(deaf)["state"] == "unknown"


def test_a_crash_between_claim_and_send_is_made_good_after_the_lease(acme: World, clock: Clock) -> None:
    """Threat 39."""
    acme.aws.fail("SendEmail", killed)
    with pytest.raises(SystemExit):
        acme.deliver()
    assert (row(acme)["state"], row(acme)["sends"]) == ("sending", 1)
    clock.forward(seconds=LEASE.total_seconds() - 5)
    acme.sweep()
    assert sends(acme) == 1
    clock.forward(seconds=10)
    acme.sweep()
    acme.pump.once()
    assert len(acme.letters(PAT)) == 1
    assert row(acme)["state"] == "sent"


def test_a_crash_between_send_and_record_is_exactly_one_letter_more(acme: World, clock: Clock) -> None:
    """Threat 39."""
    acme.aws.fail("UpdateItem", killed, when=lambda body: "6#" in body)
    with pytest.raises(SystemExit):
        acme.deliver()
    assert len(acme.letters(PAT)) == 1
    for _ in range(10):
        clock.forward(minutes=16)
        acme.sweep()
    assert len(acme.letters(PAT)) == 2
    assert row(acme)["state"] == "sent"


def test_a_crash_before_the_claim_costs_nothing(acme: World, clock: Clock) -> None:
    """Threat 39. However often: what was not claimed was not sent."""
    for run in (acme.pump.once, acme.sweep, acme.sweep, acme.sweep):
        acme.aws.fail("PutItem", killed, when=lambda body: "6#" in body)
        with pytest.raises(SystemExit):
            run()
        clock.forward(minutes=3)
    acme.sweep()
    assert len(acme.letters(PAT)) == 1


def test_crashes_while_a_letter_is_written_cost_no_send(world: World, clock: Clock) -> None:
    """Threat 39. What an invitation says is read before it is claimed: crashing there, however often, loses nothing."""
    world.entity(admins=(PAT,))
    ask(world)
    for run in (world.pump.once, world.sweep, world.sweep, world.sweep):
        # The sweep's own reading holds no entity (sort key 1); that of the letter does.
        world.aws.fail("BatchGetItem", killed, when=lambda body: '"S": "1"' in body)
        with pytest.raises(SystemExit):
            run()
        clock.forward(minutes=16)
    world.sweep()
    assert len(world.letters(OWNER)) == 1


# What people see of it


def ask(world: World, email: str = OWNER) -> dict[str, Any]:
    body = {"app": "square", "email": email, "requested_by": PAT}
    answer = world.platform().post("/v1/entities/acme/invitations", body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def invitation_state(world: World) -> str:
    items = world.platform().get("/v1/entities/acme/invitations").json["items"]
    state: str = items[0]["status"]
    return state


@pytest.fixture
def asked(world: World, clock: Clock) -> World:
    world.entity(admins=(PAT,))
    ask(world)
    return world


def test_an_invitation_is_queued_then_sent(asked: World) -> None:
    """Threat 38. Its state follows its letter's."""
    assert invitation_state(asked) == "queued"
    asked.deliver()
    assert invitation_state(asked) == "sent"


def test_a_rejected_invitation_says_so(asked: World) -> None:
    """Threat 38."""
    asked.aws.fail("SendEmail", REFUSED["rejected"])
    asked.deliver()
    assert invitation_state(asked) == "failed"
    assert asked.letters() == []


def test_an_invitation_that_must_wait_stays_queued_and_is_sent(asked: World, clock: Clock) -> None:
    """Threat 38."""
    asked.aws.fail("SendEmail", REFUSED_FOR_NOW["429"])
    asked.deliver()
    assert invitation_state(asked) == "queued"
    clock.forward(minutes=1)
    asked.sweep()
    assert invitation_state(asked) == "sent"


def test_an_invitation_of_which_nobody_knows_ends_as_failed(asked: World, clock: Clock) -> None:
    """Threat 39. The admin can ask again; the state is kept in the outbox."""
    settings_with(MAIL_EVENTS_TOPIC="")
    asked.aws.fail("SendEmail", time_out, times=2)
    asked.deliver()
    assert invitation_state(asked) == "queued"
    for _ in range(3):
        clock.forward(minutes=16)
        asked.sweep()
    assert invitation_state(asked) == "failed"
    assert sends(asked) == 2


def test_an_invitation_whose_stream_record_never_came_is_sent_by_the_sweep(asked: World, clock: Clock) -> None:
    """Threat 39. Nothing is due while the stream has its head start."""
    asked.sweep()
    assert sends(asked) == 0
    clock.forward(minutes=2, seconds=1)
    asked.sweep()
    assert len(asked.letters(OWNER)) == 1
    asked.deliver()
    assert len(asked.letters(OWNER)) == 1


# Sign-in letters


def test_an_unknown_address_gets_no_letter_and_leaves_nothing_behind(world: World) -> None:
    """Threat 20. Not a row, not a secret."""
    world.entity()
    world.visitor().post("/sign-in", {"email": "stranger@elsewhere.example"})
    assert len(world.core.items("outbox")) == 1
    assert world.deliver() == []
    assert sends(world) == 0
    assert world.core.items("outbox") == []
    assert world.ephemeral.items("sign_in") == []


def test_a_sign_in_secret_is_made_only_when_its_letter_is_sent(world: World) -> None:
    """Threat 25. Nothing in the outbox would sign anyone in."""
    world.entity()
    world.visitor().post("/sign-in", {"email": PAT})
    assert world.ephemeral.items("sign_in") == []
    (letter,) = world.deliver()
    (kept,) = world.ephemeral.items("sign_in")
    secret = letter["text"].partition("/sign-in/")[2].split()[0]
    assert len(secret) >= 43
    assert kept["pk"] == f"SIGNIN#{keys.digest(secret)}"
    assert secret not in str(world.records) + str(world.core.items())
    assert world.core.items("outbox") == []


@pytest.mark.parametrize("answer", [REFUSED_FOR_NOW["429"], time_out])
def test_a_sign_in_letter_that_goes_wrong_is_sent_again_with_a_link_that_works(
    world: World, clock: Clock, answer: Callable[[str], Answer]
) -> None:
    """Threat 38, 39."""
    world.entity()
    visitor = world.visitor()
    visitor.post("/sign-in", {"email": PAT})
    world.aws.fail("SendEmail", answer)
    world.deliver()
    clock.forward(minutes=16)
    world.sweep()
    (letter,) = world.letters(PAT)
    path = "/sign-in/" + letter["text"].partition("/sign-in/")[2].split()[0]
    visitor.get(path)
    visitor.submit(path)
    assert visitor.page.status == 200
    assert "Acme" in visitor.page.text
    assert world.core.items("outbox") == []


# A letter that cannot be written


def test_a_letter_that_cannot_be_encoded_is_rejected_before_anything_is_sent(acme: World, monkeypatch: Any) -> None:
    """Threat 38. Whatever came past our checks: it fails for good, and the others are sent."""

    def broken(*_args: object) -> None:
        raise ValueError("line break")

    monkeypatch.setattr(Post, "mime", broken)
    acme.deliver()
    assert sends(acme) == 0
    assert (row(acme)["state"], row(acme)["sends"]) == ("failed", 0)


# All of it at once

FAULTS = (
    *("429", "500", "taken 500", "time-out", "taken time-out"),
    *("kill", "taken kill", "kill record", "db", "db record"),
)
STEPS = st.lists(
    st.one_of(
        st.sampled_from(["deliver", "sweep", "sweep", "event", "ask"]),
        st.tuples(st.just("forward"), st.sampled_from([1, 31, 125, 16 * 60, 3700])),
        st.tuples(
            st.just("fault"),
            st.sampled_from(FAULTS),
        ),
    ),
    max_size=14,
)


@dataclass
class Truth:
    """What a perfect observer saw."""

    world: World
    clock: Clock
    letters: dict[str, int] = field(default_factory=dict)
    wasted: int = 0
    """Sends that nobody answered and SES did not take."""
    events: int = 0
    asked: int = 0

    def fault(self, kind: str) -> None:
        fail = self.world.aws.fail
        outbox = lambda body: '"6#' in body  # noqa: E731 - a condition beside its five uses
        if kind == "429":
            fail("SendEmail", REFUSED_FOR_NOW["429"])
        elif kind == "db":
            fail("BatchGetItem", error("InternalServerError", 500), times=3)
        elif kind == "db record":
            fail("UpdateItem", error("InternalServerError", 500), times=3, when=outbox)
        elif kind == "kill record":
            fail("UpdateItem", killed, when=outbox)
        else:
            taken = kind.startswith("taken ")
            answer = {"500": NOBODY_KNOWS["500"], "time-out": time_out, "kill": killed}[kind.removeprefix("taken ")]
            fail("SendEmail", answer, after=taken)
            self.wasted += not taken

    def step(self, step: str | tuple[str, Any]) -> None:
        match step:
            case "deliver":
                self.surviving(self.world.pump.once)
            case "sweep":
                self.surviving(self.world.sweep)
            case "event":
                self.surviving(self.event)
            case "ask":
                self.surviving(self.ask)
            case ("forward", seconds):
                self.clock.forward(seconds=seconds)
            case ("fault", kind):
                self.fault(kind)

    def event(self) -> None:
        self.events += 1
        connected(name=f"Shop {self.events}")

    def ask(self) -> None:
        self.asked += 1
        body = {"app": "square", "email": f"owner{self.asked}@coffee.example", "requested_by": PAT}
        answer = self.world.platform().post("/v1/entities/acme/invitations", body)
        assert answer.status in {201, 503}, answer.body

    def surviving(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (SystemExit, ClientConnectError):
            return  # killed, or an outage that Lambda reports

    def end(self) -> None:
        """Faults stop, and time does its work."""
        self.world.aws.heal()
        for _ in range(8):
            self.world.pump.once()
            self.clock.forward(minutes=61)
            self.world.sweep()


@contextmanager
def nobody_tells() -> Iterator[None]:
    """Of what SES took. For each example: fixtures are made only once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIL_EVENTS_TOPIC", "")
        forget()
        try:
            yield
        finally:
            patch.undo()
            forget()


@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))
@given(steps=STEPS)
def test_whatever_happens_each_letter_comes_once_or_twice(simulators: Simulators, steps: list[Any]) -> None:
    """Threat 39. Nothing is lost, nothing comes a third time, and nothing is left lying.

    The one exception, which docs/design.md states: two sends in a row of which nobody knows, SES took neither, and
    nobody tells us what it took. Then the outbox says ``unknown``, and never ``sent``. (``tests/load`` is told.)
    """
    with nobody_tells(), fresh_world(simulators) as world, pytest.MonkeyPatch.context() as patch:
        clock = Clock(keys.now())
        patch.setattr("chalicelib.keys.now", lambda: clock.now)
        unhurried(patch)
        world.entity()
        truth = Truth(world, clock)
        truth.event()
        for step in steps:
            truth.step(step)
        truth.end()
        counts: dict[tuple[str, str], int] = {}
        for letter in world.letters():
            about_what = next((f"Shop {n}" for n in range(truth.events, 0, -1) if f"Shop {n} " in letter["text"]), "")
            counts[letter["to"][0], about_what] = counts.get((letter["to"][0], about_what), 0) + 1
        assert all(count <= 2 for count in counts.values()), counts
        expected = {(email, f"Shop {n}") for email in (PAT, SAM) for n in range(1, truth.events + 1)}
        expected |= {(item["email"], "") for item in world.core.items("invitation")}
        lost = expected - set(counts)
        given_up = [item for item in world.core.items("outbox") if item["state"] == "unknown"]
        assert all(item["state"] in {"sent", "unknown"} for item in world.core.items("outbox"))
        assert len(lost) <= len(given_up)
        assert len(lost) * 2 <= truth.wasted
        assert list(wiring.storage().outbox.due(clock.now + timedelta(days=365))) == []
