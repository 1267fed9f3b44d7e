"""No secret where it does not belong, whatever goes wrong: row 25 of docs/security.md."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import wiring
from chalicelib.outbound.mail import Post
from chalicelib.outbound.sealing import Sealer
from chalicelib.outbound.web import Web
from chalicelib.providers import answers, oauth2
from chalicelib.services.letters import Letters
from chalicelib.storage.attempts import Attempts
from chalicelib.storage.connections import Connections
from local.simulators import Misbehaviour
from local.simulators.people import approve
from tests.support.aws import Answer, error, time_out
from tests.support.dance import come_back, query_of, start, state_of
from tests.support.happening import unhurried
from tests.support.visitor import Answer as Page
from tests.support.visitor import Visitor
from tests.support.world import API_SECRET, OWNER, PAT, SIGNING_KEYS, World, forget

KEY = "test_SimulatedChargebeeKey"
OTHER_KEY = "sentinel_AnotherChargebeeKey"
FAULTS = {
    "throttled": error("ThrottlingException"),
    "denied": error("AccessDeniedException"),
    "500": error("InternalServerError", 500),
    "time-out": time_out,
}
OF_THE_TESTS = frozenset({"responses", "werkzeug"})
"""Loggers of the simulated apps and of moto, which is no part of the product."""

NOTHING: dict[str, str] = {}

USED = [
    *[("start", operation) for operation in ("Query", "GetItem", "PutItem")],
    *[("callback", operation) for operation in ("UpdateItem", "GenerateDataKey", "TransactWriteItems", "GetItem")],
    *[("stream", operation) for operation in ("Query", "PutItem", "UpdateItem", "SendEmail")],
]


@dataclass
class Watch:
    """Everything that leaves the product, and the secrets that must not be in it."""

    world: World
    log: pytest.LogCaptureFixture
    out: pytest.CaptureFixture[str]
    secrets: set[str] = field(default_factory=set)
    pages: list[Page] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    """A connect link's secret: it belongs on its own pages and into invitations, and nowhere else."""

    def keep(self, *secrets: str) -> None:
        self.secrets |= {secret for secret in secrets if secret}

    def check(self) -> None:
        for client in wiring.settings().clients.values():
            self.keep(client.client_secret)
        for app in ("square", "etsy"):
            for token in self.world.apps.tokens(app):
                self.keep(token.access_token, token.refresh_token)
        self.keep(API_SECRET, SIGNING_KEYS.partition(":")[2])
        assert len(self.secrets) > 5
        captured = self.out.readouterr()
        records = [record for record in self.log.records if record.name not in OF_THE_TESTS]
        told = [f"{vars(record)} {logging.Formatter().format(record)}" for record in records]
        logs = "\n".join(told) + captured.out + captured.err
        kept = str(self.world.core.items()) + json.dumps(self.world.records) + str(self.world.pump.parked)
        sent = str([letter for letter in self.world.letters() if "asks you" not in letter["subject"]])
        pages = str([(page.body, dict(page.headers)) for page in self.pages])
        for place, text in {"logs": logs, "core and its stream": kept, "letters": sent, "pages": pages}.items():
            for secret in self.secrets | (self.own if place != "pages" else set()):
                assert secret not in text, place


@pytest.fixture
def watch(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watch]:
    unhurried(monkeypatch)
    forget()
    hurried = Web(wiring.web().trusted, 1)
    monkeypatch.setattr(wiring, "web", lambda: hurried)
    caplog.set_level(logging.INFO)
    for ours in ("client_connect", "client-connect"):
        caplog.set_level(logging.DEBUG, logger=ours)
    world.entity()
    yield Watch(world, caplog, capsys)
    monkeypatch.undo()
    forget()


def dance(watch: Watch, app: str = "etsy", *, fault: Callable[[], object] = lambda: None, at: str = "callback") -> None:
    """Connect, with a fault from the start, from the callback or from the stream on. What fails is as it is."""
    world, owner = watch.world, watch.world.visitor()
    link = world.link()
    watch.own.add(link.partition("~")[2])
    if at == "start":
        fault()
        watch.pages += [owner.get(link), owner.get(f"{link}/{app}"), owner.post(f"{link}/{app}")]
        world.aws.heal()
    address = start(owner, link, app)
    watch.keep(state_of(address), owner.cookies["__Host-browser"])
    watch.keep(*(item["verifier"] for item in world.ephemeral.items("attempt")))
    back = approve(address)
    watch.keep(query_of(back)["code"])
    if at == "callback":
        fault()
    watch.pages.append(come_back(owner, back))
    watch.pages.append(come_back(owner, back))
    if at == "stream":
        fault()
    world.pump.once()
    sweep(world)
    world.aws.heal()
    world.pump.once()


def sweep(world: World) -> None:
    try:
        world.sweep()
    except Exception:
        logging.getLogger("lambda").exception("sweep")


@pytest.mark.parametrize(("at", "operation"), USED)
def test_no_secret_shows_when_aws_fails(watch: Watch, at: str, operation: str) -> None:
    """Threat 25. Each operation that a step uses, failing in each way."""
    calls = watch.world.aws.calls
    for answer in FAULTS.values():
        before = len(calls)
        dance(watch, fault=partial(watch.world.aws.fail, operation, answer, 99), at=at)
        assert operation in calls[before:]
    watch.check()


@pytest.mark.parametrize("endpoint", ["token", "identity"])
def test_no_secret_shows_when_the_app_fails(watch: Watch, endpoint: str) -> None:
    """Threat 25. An app may put anything into its answers; what we sent it must not come out."""
    for how in Misbehaviour:
        watch.world.apps.misbehave("etsy", endpoint, how, to=watch.world.apps.url + "/x")
        dance(watch)
        assert watch.world.apps.count("etsy", endpoint)
    watch.check()


STEPS: dict[str, tuple[object, str]] = {
    "redeem": (oauth2, "exchange"),
    "read the answer": (answers, "grant"),
    "ask the app": (Web, "json"),
    "seal": (Sealer, "seal"),
    "claim": (Attempts, "claim"),
    "read the attempt": (Attempts, "get"),
    "write": (Connections, "establish"),
    "fail": (Attempts, "fail"),
    "write a letter": (Letters, "alert_of"),
    "send a letter": (Post, "send"),
}


@pytest.mark.parametrize(("where", "name"), STEPS.values(), ids=STEPS)
def test_no_secret_shows_when_we_err(watch: Watch, where: object, name: str) -> None:
    """Threat 25. A mistake of ours whose exception holds everything it was called with, causes and all."""

    def broken(*arguments: object, **named: object) -> None:
        def everything(value: object) -> str:
            fields = getattr(value, "__dataclass_fields__", {})
            inner = " ".join(everything(getattr(value, name)) for name in fields)
            return f"{value!r} {vars(value) if hasattr(value, '__dict__') else ''} {inner}"

        told = " ".join(everything(value) for value in (*arguments, *named.values()))
        secrets = " ".join(watch.secrets)
        try:
            _ = NOTHING[told]
        except KeyError as cause:
            raise RuntimeError(told, secrets) from cause

    with patch.object(where, name, broken):
        dance(watch, fault=lambda: None)
    assert any("crash" in record.getMessage() for record in watch.log.records) or name == "fail"
    watch.check()


def test_no_secret_shows_when_all_is_well(watch: Watch) -> None:
    """Threat 25. The whole main job: connect, be told, sign in, ask an owner."""
    dance(watch)
    world = watch.world
    admin = world.visitor()
    admin.post("/sign-in", {"email": PAT})
    world.deliver()
    (letter,) = [letter for letter in world.letters(PAT) if "/sign-in/" in letter["text"]]
    path = "/sign-in/" + letter["text"].partition("/sign-in/")[2].split()[0]
    admin.get(path)
    watch.pages.append(admin.submit(path))
    watch.keep(admin.cookies["__Host-session"])
    admin.get("/entities/acme/apps/square")
    watch.pages.append(admin.submit("/ask", email=OWNER, note="Please."))
    world.deliver()
    assert path.removeprefix("/sign-in/") not in str(world.core.items()) + json.dumps(world.records)
    watch.check()


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "GenerateDataKey", "TransactWriteItems"])
def test_no_pasted_key_shows(watch: Watch, operation: str) -> None:
    """Threat 25, 42. A good key, a wrong one, and one that our own side failed to keep."""
    admin = watch.world.admin()
    watch.keep(KEY, OTHER_KEY, admin.cookies["__Host-session"])
    for answer in (None, *FAULTS.values()):
        for key in (OTHER_KEY, KEY):
            paste(watch, admin, key, operation, answer)
    watch.world.deliver()
    watch.check()


def paste(watch: Watch, admin: Visitor, key: str, operation: str, answer: Callable[[str], Answer] | None) -> None:
    admin.get("/entities/acme/apps/chargebee")
    form = next(form for form in admin.page.forms if form.action.endswith("/connect"))
    if answer:
        watch.world.aws.fail(operation, answer, times=99)
    admin.post(form.action, form.fields | {"site": "acme", "api_key": key})
    watch.pages.append(admin.follow())
    watch.world.aws.heal()


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS)
def test_no_session_shows(watch: Watch, operation: str, answer: Callable[[str], Answer]) -> None:
    """Threat 25. Signing in and out while AWS fails; the platform's token too."""
    world, visitor = watch.world, watch.world.visitor()
    platform = world.platform()
    watch.keep(platform.token)
    url = platform.post("/v1/entities/acme/console-sessions", {"email": PAT}).json["url"]
    path = url.removeprefix("https://connect.bookkeep.example")
    visitor.get(path)
    form = visitor.page.forms[0]
    secret = path.removeprefix("/sign-in/")
    world.aws.fail(operation, answer, times=99)
    failing: list[Page] = [
        visitor.post(form.action, form.fields),
        visitor.post("/sign-in", {"email": PAT}),
        visitor.get("/entities/acme"),
        platform.get("/v1/entities/acme"),
        platform.post("/v1/entities/acme/console-sessions", {"email": PAT}, idempotency_key="a-key"),
    ]
    watch.pages += [page for page in failing if page.status >= 400]
    assert watch.pages
    if "__Host-session" in visitor.cookies:
        watch.keep(visitor.cookies["__Host-session"])
    watch.keep(secret)
    watch.check()


def test_what_the_platform_gets_to_hear_of_a_mistake(watch: Watch) -> None:
    """Threat 25. A 500 says that it is one, and nothing else."""

    def broken(*_arguments: object) -> None:
        raise RuntimeError(API_SECRET)

    with patch("chalicelib.services.administering.Administering.put", broken):
        answer = watch.world.platform().put("/v1/entities/acme", {"name": "Acme"})
    assert answer.status == 500
    assert set(answer.json) == {"type", "title", "status"}
    watch.pages.append(answer)
    watch.check()


def test_a_mistake_outside_of_every_view(watch: Watch) -> None:
    """Threat 25. Where Chalice itself answers: no traceback to the reader, whatever our page's making raises."""

    def broken(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("while reading " + watch.world.link())

    link = watch.world.link()
    watch.own.add(link.partition("~")[2])
    owner: Visitor = watch.world.visitor()
    with patch("chalicelib.handlers.requests.segment", broken):
        page = owner.get(link)
    assert page.status == 500
    assert link.partition("~")[2] not in page.body
    assert "Traceback" not in page.body


def test_reprs_hold_no_secret(watch: Watch) -> None:
    """Threat 25. What a log line or a debugger would show of our own things."""
    dance(watch)
    settings = repr(wiring.settings())
    for client in wiring.settings().clients.values():
        assert client.client_secret not in settings
    assert API_SECRET not in settings
    assert SIGNING_KEYS.partition(":")[2] not in settings
    assert bytes.fromhex(SIGNING_KEYS.partition(":")[2]) not in settings.encode("latin-1", "replace")
    for attempt in watch.world.ephemeral.items("attempt"):
        shown = repr(wiring.storage().attempts.get(attempt["pk"].removeprefix("ATTEMPT#")))
        for name in ("verifier", "browser_hash", "claim"):
            assert not attempt[name] or attempt[name] not in shown
