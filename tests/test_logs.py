"""What the product says of itself: one JSON line each, metrics inside, and nothing that is not ours to say."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import keys, logs, wiring
from chalicelib.domain import LetterState
from chalicelib.handlers.invocations import Crashed
from local.simulators import Misbehaviour
from local.simulators.people import approve, deny
from tests.conftest import Clock
from tests.security.test_streams import batch, happened
from tests.support import dance
from tests.support.aws import error
from tests.support.happening import connected, together
from tests.support.logged import Listener, leaks, lines
from tests.support.world import API_SECRET, PAT, World

ROOT = Path(__file__).parent.parent
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
type Caplog = pytest.LogCaptureFixture


def metrics(line: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The metrics of a line with the sets of dimensions that each is kept by, as CloudWatch would read them."""
    found = {}
    for metric in line["_aws"]["CloudWatchMetrics"]:
        assert metric["Namespace"] == "ClientConnect"
        (named,) = metric["Metrics"]
        assert isinstance(line[named["Name"]], int | float)
        for dimension in (dimension for one in metric["Dimensions"] for dimension in one):
            assert isinstance(line[dimension], str)
            assert line[dimension]
        found[named["Name"]] = metric["Dimensions"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    return found


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


# Requests


def test_a_page_is_one_line(world: World, link: str, caplog: Caplog) -> None:
    """Threats 10, 25. The route, never the path: the link stands in that."""
    caplog.clear()
    world.visitor().get(f"{link}?i={keys.newest_first_id(keys.now())}")
    (line,) = lines(caplog)
    told = {name: line[name] for name in ("level", "event", "route", "method", "status", "entity_id", "stage")}
    assert told == {
        "level": "INFO",
        "event": "request",
        "route": "/c/{link}",
        "method": "GET",
        "status": 200,
        "entity_id": "acme",
        "stage": "local",
    }
    assert line["milliseconds"] > 0
    assert line["timestamp"].endswith("Z")
    assert "_aws" not in line


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (303, "INFO"), (404, "WARN"), (503, "ERROR")])
def test_the_level_goes_by_the_status(world: World, link: str, caplog: Caplog, status: int, level: str) -> None:
    world.aws.fail("Query", error("InternalServerError", 500), times=99 if status == 503 else 0)
    caplog.clear()
    answer = {
        200: lambda: world.visitor().get("/sign-in"),
        303: lambda: world.admin().get("/"),
        404: lambda: world.visitor().get("/c/acme"),
        503: lambda: world.visitor().get(link),
    }[status]()
    line = lines(caplog, "request")[-1]
    assert (answer.status, line["status"], line["level"]) == (status, status, level)
    assert ("server_errors" in line) == (status == 503)


def test_answers_of_5xx_are_counted(world: World, link: str, caplog: Caplog) -> None:
    world.aws.fail("Query", error("InternalServerError", 500), times=99)
    world.visitor().get(link)
    assert metrics(lines(caplog, "request")[-1]) == {"server_errors": [["stage"]]}


def test_the_request_s_id_is_api_gateway_s_and_a_trigger_s_is_lambda_s(world: World, caplog: Caplog) -> None:
    context = SimpleNamespace(
        function_name="client-connect-production-OnCoreChange-" + "A" * 12, aws_request_id="lambda-1"
    )
    event = {
        "requestContext": {"requestId": "gateway-1", "resourcePath": "/sign-in", "httpMethod": "DELETE", "path": "/"},
        "headers": {}, "pathParameters": {}, "multiValueQueryStringParameters": None, "body": "", "isBase64Encoded": False,
        "stageVariables": None,
    }  # fmt: skip
    world.app(event, context)
    assert [line["request_id"] for line in lines(caplog)] == ["gateway-1"]
    world.entity()
    record = happened(world)
    caplog.clear()
    world.trigger(batch(record), context)
    found = [line for line in lines(caplog) if line["event"] != "published"]
    said = {(line["request_id"], line["function"], line["entity_id"]) for line in found}
    assert said == {("lambda-1", context.function_name, "acme")}


def test_what_a_line_has_of_one_request_no_line_has_of_the_next(world: World, link: str, caplog: Caplog) -> None:
    visitor = world.visitor()
    visitor.get(f"{link}/square")
    visitor.get("/sign-in")
    first, second = lines(caplog, "request")[-2:]
    assert (first["entity_id"], first["app"]) == ("acme", "square")
    assert not {"entity_id", "app"} & set(second)
    assert first["request_id"] != second["request_id"]


def test_requests_at_the_same_time_keep_their_own(world: World, link: str, caplog: Caplog) -> None:
    world.entity("other", "Other")
    other = world.link("other")
    caplog.clear()
    together(lambda: world.visitor().get(f"{link}/square"), lambda: world.visitor().get(f"{other}/etsy"), times=3)
    said = sorted((line["entity_id"], line["app"]) for line in lines(caplog, "request"))
    assert said == [("acme", "square")] * 3 + [("other", "etsy")] * 3


def test_no_word_of_a_path_is_taken_for_an_id(world: World, link: str, caplog: Caplog) -> None:
    """Threat 25. Before it is known to be one, it may be the secret of a link that was pasted wrongly."""
    secret = link.partition("~")[2]
    caplog.clear()
    admin = world.admin()
    for path in (f"/entities/{secret}", f"/entities/acme/apps/{secret}", f"/c/{secret}", f"{link}/{secret}"):
        assert admin.get(path).status == 404
    assert world.platform(entities=["acme"]).get(f"/v1/entities/{secret}").status in {403, 404}
    assert secret not in caplog.text


# Connections and apps


def test_a_connection_is_counted_by_app(world: World, link: str, caplog: Caplog) -> None:
    dance.connect(world, world.visitor(), link, "etsy")
    (line,) = lines(caplog, "connected")
    assert (line["entity_id"], line["app"], line["reconnected"], line["connected"]) == ("acme", "etsy", False, 1)
    assert metrics(line) == {"connected": [["stage"], ["stage", "app"]]}
    assert line["request_id"] == lines(caplog, "request")[-2]["request_id"]
    dance.connect(world, world.visitor(), link, "etsy")
    assert [line["reconnected"] for line in lines(caplog, "connected")] == [False, True]


def test_a_connection_that_failed_is_counted_by_cause(world: World, link: str, caplog: Caplog) -> None:
    owner = world.visitor()
    dance.come_back(owner, deny(dance.start(owner, link, "square")))
    world.apps.misbehave("etsy", "token", Misbehaviour.UNAVAILABLE)
    dance.come_back(owner, approve(dance.start(owner, link, "etsy")))
    said = [(line["entity_id"], line["app"], line["cause"]) for line in lines(caplog, "connection_failed")]
    assert said == [("acme", "square", "cancelled"), ("acme", "etsy", "app_down")]
    for line in lines(caplog, "connection_failed"):
        assert metrics(line) == {"connection_failed": [["stage"], ["stage", "app", "cause"]]}


def test_a_pasted_key_that_the_app_refuses_is_a_failure_too(world: World, caplog: Caplog) -> None:
    world.entity()
    admin = world.admin()
    admin.get("/entities/acme/apps/chargebee")
    admin.submit("/connect", site="acme", api_key="test_ThatIsNoGoodKey")
    (line,) = lines(caplog, "connection_failed")
    assert (line["entity_id"], line["app"], line["cause"]) == ("acme", "chargebee", "app_refused")
    assert "ThatIsNoGoodKey" not in caplog.text


def test_how_long_an_app_took_is_measured_whatever_it_answered(world: World, link: str, caplog: Caplog) -> None:
    owner = world.visitor()
    dance.connect(world, owner, link, "square")
    world.apps.misbehave("etsy", "token", Misbehaviour.UNAVAILABLE)
    dance.come_back(owner, approve(dance.start(owner, link, "etsy")))
    said = lines(caplog, "app_answered")
    assert {(line["app"], line["outcome"]) for line in said} == {("square", "200"), ("etsy", "503")}
    for line in said:
        assert metrics(line) == {"provider_latency": [["stage"], ["stage", "app"]]}
        assert line["provider_latency"] > 0


def test_an_app_that_does_not_answer_is_measured_too(caplog: Caplog) -> None:
    from chalicelib.errors import AppDown

    logs.begin("tests", "1")
    with pytest.raises(AppDown):
        wiring.web().json("GET", "http://127.0.0.1:9/")
    (line,) = lines(caplog, "app_answered")
    assert line["outcome"] == "ConnectionError"
    assert "_aws" not in line, "it is not known whose answer it was: the issuer's keys are no app's"


# Letters and what triggers them


def test_each_end_of_a_letter_is_counted(world: World, clock: Clock, caplog: Caplog) -> None:
    """Threat 25. By kind and state; never to whom."""
    world.entity()
    connected()
    world.aws.fail("SendEmail", error("TooManyRequestsException", 429), when=lambda body: PAT in body)
    world.deliver()
    clock.forward(minutes=5)
    world.sweep()
    said = [(line["kind"], line["state"]) for line in lines(caplog, "letter")]
    assert sorted(said) == [("alert", "retry"), ("alert", "sent"), ("alert", "sent")]
    for line in lines(caplog, "letter"):
        assert metrics(line) == {f"letters_{line['state']}": [["stage"], ["stage", "kind"]]}
        assert line["entity_id"] == "acme"
    (swept,) = lines(caplog, "swept")
    assert (swept["due"], swept["failed"]) == (1, 0)
    assert swept["outbox_age"] >= 300
    assert metrics(swept) == {"outbox_age": [["stage"]]}


def test_a_letter_that_nobody_will_send_any_more_is_a_warning(world: World, caplog: Caplog) -> None:
    world.entity()
    connected()
    world.aws.fail("SendEmail", error("MessageRejected"), times=99)
    world.deliver()
    assert {(line["state"], line["level"]) for line in lines(caplog, "letter")} == {("failed", "WARN")}


def test_a_record_that_nobody_can_read_is_counted(world: World, caplog: Caplog) -> None:
    world.entity()
    record = happened(world)
    record["dynamodb"]["NewImage"]["kind"] = {"S": "none-that-we-know"}
    record["dynamodb"]["SequenceNumber"] = "1" * 40
    caplog.clear()
    world.trigger({"Records": [record]})
    (line,) = lines(caplog, "parked")
    assert (line["level"], line["sequence_number"]) == ("ERROR", "1" * 40)
    assert metrics(line) == {"parked": [["stage"]]}


def test_every_state_of_a_letter_has_its_metric() -> None:
    assert {f"letters_{state}" for state in LetterState} <= set(logs.METRICS)


# Crashes


def broken(*_arguments: object, **_named: object) -> None:
    raise RuntimeError("sentinel in a message") from ValueError(API_SECRET)


def test_a_crash_says_what_and_where(world: World, link: str, caplog: Caplog) -> None:
    """Threat 25. Classes and places; not a word of a message."""
    caplog.clear()
    with patch("chalicelib.services.apps.Apps.progress", broken):
        assert world.visitor().get(link).status == 500
    crash, request = lines(caplog)
    assert (crash["event"], crash["error"], crash["cause"]) == ("crash", "RuntimeError", "ValueError")
    assert "landing:" in crash["where"]
    assert metrics(crash) == {"crashes": [["stage"]]}
    assert crash["entity_id"] == request["entity_id"] == "acme"


@pytest.mark.parametrize("place", ["chalicelib.handlers.edge.problem_page", "chalicelib.wiring.renderer"])
def test_what_escapes_every_view_is_no_traceback_either(
    world: World, link: str, caplog: Caplog, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    """Threat 25. Chalice would log it with all messages, and Lambda whatever reaches it."""
    caplog.clear()
    with patch("chalicelib.services.links.Links.open", broken), patch(place, broken), pytest.raises(Crashed) as crashed:
        world.visitor().get(link)
    assert crashed.value.args == ("RuntimeError",)
    assert crashed.value.__suppress_context__
    assert {record.name for record in caplog.records} == {"client_connect"}
    assert {line["event"] for line in lines(caplog)} == {"crash"}
    captured = capfd.readouterr()
    assert "sentinel" not in caplog.text + captured.out + captured.err


def test_a_mistake_where_no_guard_of_ours_stands_is_one_line(world: World, caplog: Caplog) -> None:
    """Threat 25. Chalice catches it, and would write the whole traceback."""
    with patch("chalicelib.handlers.api.wiring.settings", broken):
        assert world.platform().get("/v1/openapi.json").status == 500
    assert [line["event"] for line in lines(caplog)] == ["crash", "request"]
    assert "client-connect" not in {record.name for record in caplog.records}
    assert "sentinel" not in caplog.text


@pytest.mark.parametrize("place", ["storage.outbox.Outbox.due", "services.alerting.Alerting.due"])
def test_lambda_hears_no_message_of_a_trigger_s_crash(world: World, caplog: Caplog, place: str) -> None:
    """Threat 25. The runtime logs what is raised, messages and all."""
    with patch(f"chalicelib.{place}", broken), pytest.raises(Crashed) as crashed:
        world.sweep()
    assert crashed.value.args == ("RuntimeError",)
    assert [line["error"] for line in lines(caplog, "crash")] == ["RuntimeError"]


# What may be said at all


OURS = [
    "/v1/entities/{entity_id}/link", "app_down", "a.b.C", "<lambda>:12 < landing:3", "GET", "2026-01-31", "-",
    "6a8efda4-5d15-4bde-bcb3-f1b46cfc7a20", "f99f1b33abe95a5ee4175319a467cc9e", "4" * 40,
]  # fmt: skip
NOT_OURS: list[Callable[[], str]] = [
    lambda: "olive@coffee.example",
    lambda: "Acme Coffee LLC, Olive's",
    lambda: "two\nlines",
    lambda: "two\rlines",
    lambda: "a line\u2028and another",
    lambda: 'quoted "text"',
    lambda: "/c/acme~" + "A" * 44,
    lambda: "a=b&c=d",
    lambda: "é",
    lambda: "x " * 101,
    keys.random_secret,
    lambda: keys.base64url(os.urandom(33)),
    lambda: keys.digest("a"),
    lambda: f"Bearer {keys.random_secret()}",
    lambda: ".".join(["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "a" * 80, "b" * 43]),
]


@pytest.mark.parametrize("value", OURS)
def test_names_ids_and_routes_are_said(caplog: Caplog, value: str) -> None:
    logs.event("tried", value=value)
    assert lines(caplog)[0]["value"] == value


@pytest.mark.parametrize("make", NOT_OURS)
def test_a_careless_caller_says_nothing(caplog: Caplog, make: Callable[[], str]) -> None:
    """Threat 25. Whatever does not look like a word of ours becomes a question mark."""
    logs.begin("tests", make())
    logs.bind(app=make())
    logs.event("tried", value=make(), number=3)
    (line,) = lines(caplog)
    assert [line[name] for name in ("request_id", "app", "value", "number")] == ["?", "?", "?", 3]


@pytest.mark.parametrize("make", NOT_OURS[:9])
def test_an_entity_s_id_is_one_or_a_question_mark(caplog: Caplog, make: Callable[[], str]) -> None:
    logs.event("tried", entity_id=make())
    logs.event("tried", entity_id="E" * 64)
    assert [line["entity_id"] for line in lines(caplog)] == ["?", "E" * 64]


# On Lambda

ON_LAMBDA = """
import logging, sys
# As awslambdaric does before it imports the function.
as_lambda = logging.StreamHandler(sys.stdout)
as_lambda.setFormatter(logging.Formatter("[%(levelname)s]\\t%(message)s"))
logging.getLogger().addHandler(as_lambda)
logging.getLogger().setLevel(logging.DEBUG)
import app
from types import SimpleNamespace
from chalicelib import logs
context = SimpleNamespace(function_name="api", aws_request_id="1")
for _ in range(2):
    logs.begin("api", "1")
    logs.event("connected", app="square", connected=1)
logging.getLogger("urllib3.connectionpool").warning("Retrying: /oauth2/token?code=%s", "sentinel-code")
logging.getLogger("botocore.parsers").debug("Response body: sentinel-body")
try:
    raise ValueError("sentinel-message")
except ValueError:
    app.app.log.error("Caught exception for path %s", "/sentinel-path", exc_info=True)
"""


def test_on_lambda_every_line_is_one_json_object_and_nothing_else_is_written() -> None:
    """Threat 25. No prefix, no wrapping, no line twice; of libraries, who and where, and not a word."""
    done = subprocess.run(
        [sys.executable, "-c", ON_LAMBDA], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"AWS_LAMBDA_FUNCTION_NAME": "api", "AWS_DEFAULT_REGION": "us-east-1", "STAGE": "production"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [line for line in said if line["event"] != "library"]
    assert [line["event"] for line in ours] == ["connected", "connected", "crash"]
    assert [line.get("cold", False) for line in ours] == [True, False, False]
    assert metrics(ours[0]) == {"connected": [["stage"], ["stage", "app"]]}
    assert {line["stage"] for line in said} == {"production"}
    others = [(line["logger"], line["level"]) for line in said if line["event"] == "library"]
    assert others == [("urllib3.connectionpool", "WARN")]
    assert "sentinel" not in done.stdout


TRIGGERS_ALONE = """
import importlib, sys
from types import SimpleNamespace
context = SimpleNamespace(function_name="a-trigger", aws_request_id="1")
event = dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source", "detail", "resources"))
for handler in sys.argv[1:]:
    module, _, name = handler.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)({"Records": [{"Sns": {"Message": "", "Subject": "", "MessageAttributes": {}}}], **event}, context)
    except Exception as error:
        assert type(error).__name__ == "SettingsRefused", error
    else:
        raise AssertionError(handler)
assert "app" not in sys.modules
"""


def test_a_trigger_that_lambda_calls_in_its_own_module_is_told_of_as_well() -> None:
    """Threat 25. Lambda imports no app.py for it: settings, log and guard must come with the handler."""
    import app

    handlers = [source.handler_string for source in app.app.event_sources]
    done = subprocess.run(
        [sys.executable, "-c", TRIGGERS_ALONE, *handlers], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"AWS_LAMBDA_FUNCTION_NAME": "api", "AWS_DEFAULT_REGION": "us-east-1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = [(line["event"], line["function"]) for line in map(json.loads, done.stdout.splitlines())]
    assert said == [("settings_not_read", "a-trigger"), ("crash", "a-trigger")] * len(handlers)


# Nothing that any test logs


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.info("of %s", "sentinel-secret"),
        lambda log: log.warning("GET /c/acme~%s", keys.base64url(os.urandom(33))),
        lambda log: log.info("letter to olive@coffee.example"),
        lambda log: log.info("%.0s", {"Authorization": "Sentinel"}),
        lambda log: log.error("failed", exc_info=ValueError("sentinel")),
    ],
    ids=["secret", "link", "address", "argument", "exception"],
)
@pytest.mark.parametrize("name", ["client_connect", "botocore.auth", ""])
def test_a_log_that_holds_a_secret_fails_the_test(
    listener: Listener, name: str, write: Callable[[logging.Logger], None]
) -> None:
    """Threat 25. The check of the checks: it hears every logger, and what it hears does not pass."""
    write(logging.getLogger(name))
    with pytest.raises(AssertionError, match="no log may hold"):
        listener.check()
    listener.check()


@pytest.mark.parametrize("text", ["GET /c/{link} 200", "acme~", "pre@ ", "2026-01-31T10:00:00Z", "a" * 60])
def test_ordinary_lines_pass(text: str) -> None:
    assert leaks(text) == []


# For whoever operates it


@pytest.mark.parametrize("name", sorted(logs.METRICS))
def test_every_metric_is_documented(name: str) -> None:
    state = name.removeprefix("letters_")
    assert f"`{name}`" in OPERATING or (name.startswith("letters_") and f"`{state}`" in OPERATING)


def test_every_event_is_documented() -> None:
    said = re.compile(r'logs\.event\(\s*"(\w+)"|^ +event\("(\w+)"', re.MULTILINE)
    names = {
        one or other
        for file in (ROOT / "chalicelib").rglob("*.py")
        for one, other in said.findall(file.read_text("utf-8"))
    }
    assert {"request", "connected", "letter", "crash", "library"} <= names, "the search works"
    assert {name for name in names if f"`{name}`" not in OPERATING} == set()
