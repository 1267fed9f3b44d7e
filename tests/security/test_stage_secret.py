"""The stage's secret: read once, read again as it ages; what cannot be read or will not do changes nothing."""

import ast
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from chalicelib import wiring
from chalicelib.errors import Unavailable
from chalicelib.outbound.secrets import RETRY
from chalicelib.settings import SettingsRefused
from tests.conftest import Clock
from tests.support import dance
from tests.support.aws import error, time_out
from tests.support.happening import connected, together, unhurried
from tests.support.stage import LATER, READ, Stage, stage
from tests.support.world import API_SECRET, World, forget

NEXT = "sentinel-next-api-secret-0123456789abcdef"
REFUSED = {
    "an unknown member": {"SIGNING_KEY": "sentinel"},
    "a table's name, which is no secret": {"CORE_TABLE": "sentinel"},
    "a number": {"API_SECRET": 5},
    "a list": {"APP_CREDENTIALS": []},
    "a key that is none": {"SIGNING_KEYS": "1:sentinel"},
    "a short secret": {"API_SECRET": "sentinel"},
    "a short second secret": {"API_SECRET": f"{API_SECRET},sentinel"},
    "credentials of another form": {"APP_CREDENTIALS": {"square": {"client_id": "x", "secret": "sentinel"}}},
}
NO_OBJECT = (
    "",
    "sentinel",
    "[]",
    '"sentinel"',
    "null",
    '{"API_SECRET": "sentinel',
    "[" * 100_000,
    '{"API_SECRET": "\\ud800"}',
)


@pytest.fixture
def operator(world: World) -> Iterator[Stage]:
    with stage() as made:
        yield made


def status(world: World, secret: str = API_SECRET) -> int:
    return world.platform(secret=secret).get("/v1/apps").status


def reads(world: World) -> int:
    return world.aws.calls.count(READ)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said of settings that could not be read."""
    return [record.getMessage() for record in caplog.records if "settings_not_read" in record.getMessage()]


# What it holds


def test_all_that_is_secret_comes_from_it(world: World, operator: Stage) -> None:
    world.entity()
    page = dance.connect(world, world.visitor(), world.link(), "square")
    assert page.status == 200
    assert [found["app"] for found in world.connections()] == ["square"]


def test_it_stands_over_the_environment(world: World, operator: Stage) -> None:
    os.environ["API_SECRET"] = NEXT
    assert [status(world), status(world, NEXT)] == [200, 401]


def test_what_it_does_not_hold_comes_from_the_environment(world: World, operator: Stage) -> None:
    del operator.members["API_SECRET"]
    operator.put()
    os.environ["API_SECRET"] = NEXT
    assert [status(world), status(world, NEXT)] == [401, 200]


def test_objects_stand_in_it_as_they_are(world: World, operator: Stage) -> None:
    written = json.loads(str(operator.members["APP_CREDENTIALS"]))
    operator.put(APP_CREDENTIALS=written, APP_ENDPOINTS=json.loads(str(operator.members["APP_ENDPOINTS"])))
    assert {slug: found.client_id for slug, found in wiring.settings().clients.items()} == {
        slug: found["client_id"] for slug, found in written.items()
    }


def test_without_its_name_nobody_asks_for_it(world: World, clock: Clock) -> None:
    forget()
    assert status(world) == 200
    clock.forward(days=2)
    assert status(world) == 200
    assert reads(world) == 0


# When it is read


def test_a_cold_start_reads_it_once(world: World, operator: Stage) -> None:
    world.entity()
    world.visitor().get(world.link())
    world.deliver()
    world.sweep()
    assert reads(world) == 1


def test_it_is_read_again_after_five_minutes_and_not_before(world: World, operator: Stage, clock: Clock) -> None:
    status(world)
    operator.put(API_SECRET=NEXT)
    clock.forward(minutes=4, seconds=59)
    assert [status(world), status(world, NEXT), reads(world)] == [200, 401, 1]
    clock.forward(seconds=1)
    assert [status(world, NEXT), status(world), reads(world)] == [200, 401, 2]
    clock.forward(minutes=5)
    assert [status(world, NEXT), reads(world)] == [200, 3]


@pytest.mark.parametrize("by", ["stream", "schedule"])
def test_whatever_sets_the_product_off_reads_it_again(world: World, operator: Stage, clock: Clock, by: str) -> None:
    world.entity()
    connected()
    clock.forward(seconds=LATER.seconds)
    before = reads(world)
    if by == "stream":
        world.deliver()
    else:
        world.sweep()
    assert reads(world) == before + 1


def test_the_same_content_changes_nothing(world: World, operator: Stage, clock: Clock) -> None:
    before = (wiring.settings(), wiring.links(), wiring.callers(), wiring.alerting())
    operator.put()
    clock.forward(seconds=LATER.seconds)
    status(world)
    assert reads(world) == 2
    after = (wiring.settings(), wiring.links(), wiring.callers(), wiring.alerting())
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_rotation_costs_no_cold_start(world: World, operator: Stage, clock: Clock) -> None:
    """What took long to make stays: connections to AWS and to the apps, compiled templates, the issuer's keys."""
    kept = (wiring.storage, wiring.renderer, wiring.web, wiring.establishing, wiring.issuer_keys)
    before, old = [made() for made in kept], wiring.links()
    operator.put(SIGNING_KEYS=f"2:{'6f' * 32},{operator.members['SIGNING_KEYS']}")
    clock.forward(seconds=LATER.seconds)
    status(world)
    assert all(made() is found for made, found in zip(kept, before, strict=True))
    assert wiring.links() is not old


def test_what_stays_holds_no_secret() -> None:
    """Threat 25. A function of wiring that keeps what it made uses nothing of the secrets, and nothing that does."""
    tree = ast.parse(Path(wiring.__file__).read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    made_anew = {name for name, node in functions.items() if "renewed" in map(ast.unparse, node.decorator_list)}
    stay = {name for name, node in functions.items() if "cache" in map(ast.unparse, node.decorator_list)}
    assert {"links", "apps", "callers", "repeating"} <= made_anew
    secret = {f"settings().{name}" for name in ("signing_keys", "api_secrets", "clients", "endpoints")}
    secret |= {f"{name}()" for name in made_anew}
    wrong = {
        (name, found)
        for name in stay
        for node in ast.walk(functions[name])
        if isinstance(node, ast.Attribute | ast.Call) and (found := ast.unparse(node)) in secret
    }
    assert wrong == set()
    handed_on = {
        name
        for name in stay
        if "settings()," in ast.unparse(functions[name]) or "(settings())" in ast.unparse(functions[name])
    }
    assert handed_on == set()


def test_one_reads_and_the_others_do_not_wait(world: World, operator: Stage, clock: Clock) -> None:
    status(world)
    operator.put(API_SECRET=f"{NEXT},{API_SECRET}")
    clock.forward(seconds=LATER.seconds)
    reading, go_on = Event(), Event()

    def slow(url: str) -> tuple[int, dict[str, str], str]:
        reading.set()
        assert go_on.wait(30)
        return error("InternalServiceError", 500)(url)

    def reader() -> int:
        return status(world)

    def others() -> int:
        assert reading.wait(30)
        found = {status(world) for _ in range(3)}
        go_on.set()
        return max(found)

    world.aws.fail(READ, slow)
    assert together(reader, others) == [200, 200]
    assert status(world, NEXT) == 200, "the client's second try succeeded"


# When it cannot be read, or will not do


@pytest.mark.parametrize("answer", [error("AccessDeniedException"), error("InternalServiceError", 500), time_out])
def test_a_read_that_fails_changes_nothing_and_is_tried_again_in_a_minute(
    world: World,
    operator: Stage,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    answer: object,
) -> None:
    unhurried(monkeypatch)
    status(world)
    operator.put(API_SECRET=NEXT)
    world.aws.fail(READ, answer, times=99)  # type: ignore[arg-type]
    clock.forward(seconds=LATER.seconds)
    assert [status(world), status(world)] == [200, 200]
    tried = reads(world)
    (line,) = lines(caplog)
    assert "sentinel" not in line
    world.aws.heal()
    clock.forward(seconds=RETRY.seconds - 1)
    assert [status(world), reads(world)] == [200, tried]
    clock.forward(seconds=1)
    assert [status(world, NEXT), status(world)] == [200, 401]


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_what_will_not_do_changes_nothing_and_is_named(
    world: World, operator: Stage, clock: Clock, caplog: pytest.LogCaptureFixture, change: dict[str, object]
) -> None:
    """Threat 25. The log names the member and never says its value."""
    status(world)
    operator.put(**change)
    clock.forward(seconds=LATER.seconds)
    assert [status(world), status(world)] == [200, 200]
    (line,) = lines(caplog)
    assert next(iter(change)) in line
    assert "sentinel" not in caplog.text
    for name in set(change) - {"API_SECRET", "SIGNING_KEYS", "APP_CREDENTIALS"}:
        del operator.members[name]
    operator.put(API_SECRET=f"{NEXT},{API_SECRET}", SIGNING_KEYS=f"1:{'5e' * 32}", APP_CREDENTIALS={})
    clock.forward(seconds=RETRY.seconds)
    assert status(world, NEXT) == 200


@pytest.mark.parametrize("text", NO_OBJECT, ids=range(len(NO_OBJECT)))
def test_what_is_no_object_is_refused(
    world: World, operator: Stage, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """Threat 25. Whatever somebody pasted there."""
    operator.put_text(text or " ")
    with pytest.raises(SettingsRefused) as refusal:
        wiring.settings()
    assert str(refusal.value) == "SECRET_ID: the secret must be a JSON object"
    assert "sentinel" not in caplog.text


def test_a_secret_in_the_place_of_a_name_is_not_shown(
    world: World, operator: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Threat 25. A value that went astray must not be what the refusal names."""
    for astray in ("1:" + "5e" * 32, "sentinel-api-secret", "A" * 41):
        operator.put_text(json.dumps({astray: ""}))
        with pytest.raises(SettingsRefused) as refusal:
            wiring.settings()
        assert astray not in str(refusal.value) + caplog.text


@pytest.mark.parametrize("refused", [True, False])
def test_without_settings_people_and_programs_are_told_and_the_next_request_tries_again(
    world: World, operator: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    """A cold start that fails: a page for people, problem+json for programs, a line in the log, nothing remembered."""
    unhurried(monkeypatch)
    good = dict(operator.members)
    if refused:
        operator.put(SIGNING_KEYS="sentinel")
    else:
        world.aws.fail(READ, error("AccessDeniedException"), times=99)
    page = world.visitor().get("/sign-in")
    assert page.status == 503
    assert "We cannot do that just now" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    problem = world.platform().get("/v1/apps")
    assert (problem.status, problem.headers["Content-Type"]) == (503, "application/problem+json")
    assert problem.json["type"] == "urn:client-connect:problem:unavailable"
    assert len(lines(caplog)) == 2
    assert "sentinel" not in page.body + problem.body + caplog.text
    world.aws.heal()
    operator.put(**good)
    assert [world.visitor().get("/sign-in").status, status(world)] == [200, 200]


def test_without_settings_a_trigger_fails_and_comes_again(world: World, operator: Stage) -> None:
    world.entity()
    connected()
    forget()
    world.aws.fail(READ, error("AccessDeniedException"), times=2)
    for trigger in (world.sweep, lambda: world.trigger({"Records": []})):
        with pytest.raises(Exception) as raised:
            trigger()
        assert Unavailable.__name__ in repr(raised.value)
    assert len(world.deliver()) == 2, "both admins' letters"


def test_nobody_waits_for_long() -> None:
    """A request that meets a dead Secrets Manager still ends in time: few tries, and then a minute's rest."""
    from chalicelib.outbound import aws, secrets

    longest = secrets.ATTEMPTS * (aws.CONNECT_SECONDS + aws.READ_SECONDS)
    assert longest < 15
    assert timedelta(seconds=longest) < RETRY


def test_a_token_of_neither_secret_is_refused(world: World, operator: Stage) -> None:
    operator.put(API_SECRET=f"{API_SECRET} , {NEXT}")
    both = f"{API_SECRET} , {NEXT}"
    assert [status(world, secret) for secret in (API_SECRET, NEXT, both, API_SECRET + NEXT)] == [200, 200, 401, 401]
