"""Apps that answer wrongly, slowly, or not at all: rows 32, 36 and 37 of docs/security.md."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib import wiring
from chalicelib.errors import AppDown, AppProblem, AppRefused, AppRejectedUs
from chalicelib.outbound.web import CAP, Web
from chalicelib.outbound.web import SECONDS as SECONDS_SHIPPED
from chalicelib.providers import answers
from local.simulators import Misbehaviour
from local.simulators.people import approve
from tests.conftest import Clock
from tests.support.aws import Answer
from tests.support.dance import OAUTH_APPS, come_back, connect, path_of, start
from tests.support.visitor import Visitor
from tests.support.world import World, forget

SECONDS = 1.0
KEY = "test_SimulatedChargebeeKey"
CHANGES_IN_TOKENS = (Misbehaviour.NO_ACCESS_TOKEN, Misbehaviour.TOKEN_TYPE_MAC)
REDIRECTS = (Misbehaviour.REDIRECT_307, Misbehaviour.REDIRECT_302)
WRONG_ANSWERS = (
    Misbehaviour.UNAVAILABLE,
    Misbehaviour.RATE_LIMITED,
    Misbehaviour.TOO_BIG,
    Misbehaviour.HTML,
    Misbehaviour.JSON_LIST,
    Misbehaviour.ERROR_WITH_200,
    Misbehaviour.DRIP,
    Misbehaviour.HANG,
)
CASES = [(endpoint, how) for endpoint in ("token", "identity") for how in WRONG_ANSWERS + REDIRECTS]
CASES += [("token", how) for how in (*CHANGES_IN_TOKENS, Misbehaviour.INVALID_CLIENT, Misbehaviour.INVALID_GRANT)]


class Told:
    """A server of our own making: answers as it was told, and counts who came."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.bodies: list[bytes] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda request: _json(request, {})
        told = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told.hits.append(f"{self.command} {self.path}")
                told.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.close_connection = True
                told.answer(self)

            do_POST = do_GET  # noqa: N815 - the library's name

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _json(request: BaseHTTPRequestHandler, body: object) -> None:
    _raw(request, json.dumps(body).encode())


def _raw(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    request.send_response(status)
    told = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    for name, value in (told | headers).items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def web(server: Told, seconds: float = SECONDS_SHIPPED) -> Web:
    """The one HTTP client, for which the test's server counts as named by the operator."""
    return Web(lambda: {urlsplit(server.url).netloc}, seconds)


@pytest.fixture
def evil() -> Iterator[Told]:
    server = Told()
    yield server
    server.close()


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The product, which waits a second for an app instead of six."""
    forget()
    hurried = Web(wiring.web().trusted, SECONDS)
    monkeypatch.setattr(wiring, "web", lambda: hurried)
    world.entity()
    yield world
    monkeypatch.undo()
    forget()


def approved(world: World, app: str = "square", account: str | None = None) -> tuple[Visitor, str]:
    owner = world.visitor()
    fields = {"tenant": "acme-coffee.myshopify.com"} if app == "shopify" else {}
    return owner, approve(start(owner, world.link(), app, **fields), account=account)


def attempt(world: World) -> dict[str, Any]:
    (found,) = world.ephemeral.items("attempt")
    return found


def nothing_came_of_it(world: World) -> None:
    assert attempt(world)["state"] == "failed"
    assert world.connections() == []
    assert world.vault.items() == []
    assert world.events()[0] == "connection_failed"
    assert world.deliver() == []


# 36


@pytest.mark.parametrize(("endpoint", "how"), CASES, ids=[f"{endpoint} {how.name}" for endpoint, how in CASES])
def test_a_wrong_answer_is_a_calm_page_in_time(acme: World, evil: Told, endpoint: str, how: Misbehaviour) -> None:
    """Threat 36. One request, no redirect followed, nothing stored, the attempt failed, the admins told; try again."""
    owner, back = approved(acme)
    acme.apps.misbehave("square", endpoint, how, to=evil.url)
    began = time.monotonic()
    page = come_back(owner, back)
    # Twice: the call that goes wrong, and giving the grant back.
    assert time.monotonic() - began < 2 * SECONDS + 4
    assert page.status == 200
    assert any(title in page.text for title in ("Square does not answer", "Square said no"))
    assert "Nothing was connected and nothing was stored." in page.text
    assert evil.hits == []
    assert acme.apps.count("square", "token") == 1
    assert acme.apps.count("square", endpoint) == 1
    nothing_came_of_it(acme)
    connect(acme, owner, acme.link(), "square")
    assert len(acme.connections()) == 1


@pytest.mark.parametrize("app", [app for app in OAUTH_APPS if app != "square"])
@pytest.mark.parametrize("how", [Misbehaviour.REDIRECT_307, Misbehaviour.UNAVAILABLE, Misbehaviour.JSON_LIST])
def test_every_app_is_guarded_alike(acme: World, evil: Told, app: str, how: Misbehaviour) -> None:
    """Threat 36. The wrapper is one, so no row can go without it."""
    owner, back = approved(acme, app)
    acme.apps.misbehave(app, "token", how, to=evil.url)
    page = come_back(owner, back)
    assert page.status == 200
    assert evil.hits == []
    assert acme.apps.count(app, "token") == 1
    nothing_came_of_it(acme)


@pytest.mark.parametrize("how", WRONG_ANSWERS + REDIRECTS)
def test_a_key_is_not_kept_before_the_app_has_said_yes(acme: World, evil: Told, how: Misbehaviour) -> None:
    """Threat 36, 42. Nor shown again, nor sent elsewhere."""
    admin = acme.admin()
    admin.get("/entities/acme/apps/chargebee")
    acme.apps.misbehave("chargebee", "identity", how, to=evil.url)
    admin.submit("/connect", site="acme", api_key=KEY)
    assert admin.page.status == 502
    assert KEY not in admin.page.body
    assert evil.hits == []
    assert acme.vault.items() == []
    assert acme.connections() == []


def test_an_app_that_refuses_our_client_is_no_fault_of_the_owners(acme: World) -> None:
    """Threat 36, 31. The page says that the app does not answer, not that the owner did something wrong."""
    owner, back = approved(acme)
    acme.apps.misbehave("square", "token", Misbehaviour.INVALID_CLIENT)
    assert "Square does not answer" in come_back(owner, back).text


def test_a_hostile_shop_name_is_text_everywhere(acme: World) -> None:
    """Threat 18. Result page, console, history, alert."""
    owner, back = approved(acme)
    acme.apps.misbehave("square", "identity", Misbehaviour.HOSTILE_NAME)
    pages = [come_back(owner, back)]
    admin = acme.admin()
    pages += [admin.get(path) for path in ("/entities/acme", "/entities/acme/apps/square", "/entities/acme/history")]
    pages += [owner.get(f"{acme.link()}/square")]
    letters = acme.deliver()
    assert len(letters) == 2
    assert "onerror" in pages[0].body
    for body in [page.body for page in pages] + [letter["html"] for letter in letters]:
        assert "<img" not in body
    assert all("<img" not in letter["subject"] for letter in letters)


# The one HTTP client, by itself


def told(evil: Told, body: bytes, status: int = 200, **headers: str) -> Any:
    evil.answer = lambda request: _raw(request, body, status, **headers)
    return web(evil, 2).json("POST", evil.url, form={"code": "a-code"})


BAD = {
    "nothing": b"",
    "not json": b"{",
    "text": b'"a"',
    "number": b"5",
    "null": b"null",
    "nan": b"NaN",
    "list": b"[]",
    "not utf-8": b'{"a": "\xff"}',
    "nested": b"[" * 60_000,
    "nested object": b'{"a":' * 12_000,
    "huge number": b'{"a": ' + b"9" * 50_000 + b"}",
    "just too long": b'{"a": "' + b"b" * (CAP - 8) + b'"}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_json_object_is_no_answer(evil: Told, body: bytes) -> None:
    """Threat 36. Whatever it is: one typed failure."""
    with pytest.raises(AppDown):
        told(evil, body)
    assert len(evil.hits) == 1


def test_an_answer_of_exactly_64_kilobytes_is_read(evil: Told) -> None:
    """Threat 35."""
    body = b'{"a": "' + b"b" * (CAP - 9) + b'"}'
    assert len(body) == CAP
    assert len(told(evil, body)["a"]) == CAP - 9


def test_a_small_answer_that_unpacks_to_much_is_refused(evil: Told) -> None:
    """Threat 35, 36. The cap is on what comes out."""
    import gzip

    with pytest.raises(AppDown):
        told(evil, gzip.compress(b'{"a": "' + b"b" * 30_000_000 + b'"}'), Content_Encoding="gzip")


def test_an_answer_cut_short_is_no_answer(evil: Told) -> None:
    """Threat 36."""
    with pytest.raises(AppDown):
        told(evil, b'{"access_token": "x"}', Content_Length="100")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, AppDown),
        (304, AppDown),
        (400, AppRefused),
        (401, AppRefused),
        (404, AppRefused),
        (429, AppDown),
        (500, AppDown),
        (503, AppDown),
    ],
)
def test_each_status_has_its_meaning(evil: Told, status: int, kind: type[AppProblem]) -> None:
    """Threat 36, 31."""
    with pytest.raises(kind):
        told(evil, b'{"error": "invalid_grant"}', status)


@pytest.mark.parametrize("status", [400, 401])
def test_invalid_client_is_ours_to_mend(evil: Told, status: int) -> None:
    """Threat 31."""
    with pytest.raises(AppRejectedUs):
        told(evil, b'{"error": "invalid_client"}', status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(evil: Told, status: int) -> None:
    """Threat 36. Neither to another host nor to the same; code and secret go where the row says, or nowhere."""
    with pytest.raises(AppDown):
        told(evil, b"{}", status, Location=evil.url + "elsewhere")
    assert evil.hits == ["POST /"]


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    for number in range(100):
        request.wfile.write(f"X-{number}: y\r\n".encode() if number else b"HTTP/1.1 200 OK\r\n")
        time.sleep(0.1)


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        request.wfile.write(b" ")
        time.sleep(0.1)


def drip_chunks(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        request.wfile.write(b"1\r\n \r\n")
        time.sleep(0.1)


def silence(_request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize("drip", [drip_headers, drip_body, drip_chunks, silence])
def test_no_drip_outlives_the_deadline(evil: Told, drip: Callable[[BaseHTTPRequestHandler], None]) -> None:
    """Threat 36. A timeout bounds each read; the deadline bounds them all."""

    def quietly(request: BaseHTTPRequestHandler) -> None:
        try:
            drip(request)
        except OSError:
            return

    evil.answer = quietly
    began = time.monotonic()
    with pytest.raises(AppDown):
        web(evil, 0.4).json("GET", evil.url)
    assert time.monotonic() - began < 2


def test_all_calls_of_a_callback_share_one_deadline(evil: Told) -> None:
    """Threat 37. Each alone is in time; together they are not."""

    def late(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        _json(request, {"a": 1})

    evil.answer = late
    client = web(evil, 5)
    began = time.monotonic()
    with client.within(0.8), pytest.raises(AppDown):
        list(map(client.json, ["GET"] * 20, [evil.url] * 20))
    assert time.monotonic() - began < 2
    assert len(evil.hits) <= 3


def test_nothing_of_one_call_is_sent_with_the_next(evil: Told) -> None:
    """Threat 36. No cookie jar for all tenants."""
    seen: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Cookie"))
        _raw(request, b"{}", Set_Cookie="tenant=one")

    evil.answer = answer
    client = web(evil)
    client.json("GET", evil.url)
    client.json("GET", evil.url)
    assert seen == [None, None]


def test_surroundings_have_no_say(evil: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Threat 36. No proxy and no .netrc of the machine's."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Authorization"))
        _json(request, {"a": 1})

    evil.answer = answer
    assert web(evil).json("GET", evil.url) == {"a": 1}
    assert seen == [None]


# 32

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
LATEST = NOW + answers.LONGEST
EXPIRIES: list[tuple[dict[str, object], datetime | None]] = [
    ({}, None),
    ({"expires_in": 3600}, NOW + timedelta(hours=1)),
    ({"expires_in": "3600"}, NOW + timedelta(hours=1)),
    ({"expires_in": 3600.5}, NOW + timedelta(seconds=3600.5)),
    ({"expires_in": -5}, None),
    ({"expires_in": 0}, None),
    ({"expires_in": 10**30}, LATEST),
    ({"expires_in": "1e400"}, None),
    ({"expires_in": "soon"}, None),
    ({"expires_in": "nan"}, None),
    ({"expires_in": None}, None),
    ({"expires_in": True}, None),
    ({"expires_in": [3600]}, None),
    ({"expires_in": {"seconds": 1}}, None),
    ({"expires_at": "2026-10-05T13:00:00Z"}, NOW + timedelta(hours=1)),
    ({"expires_at": "2026-10-05T13:00:00"}, None),
    ({"expires_at": "9999-12-31T23:59:59-23:59"}, LATEST),
    ({"expires_at": "0001-01-01T00:00:00+23:59"}, NOW),
    ({"expires_at": "2020-01-01T00:00:00Z"}, NOW),
    ({"expires_at": "soon"}, None),
    ({"expires_at": ""}, None),
    ({"expires_at": "2026-10-05T12:00:01+00:00"}, NOW + timedelta(seconds=1)),
    ({"expires_at": 5, "expires_in": 60}, NOW + timedelta(minutes=1)),
]


@pytest.mark.parametrize(("answer", "expected"), EXPIRIES, ids=[str(answer) for answer, _ in EXPIRIES])
def test_a_lifetime_is_believed_within_reason(
    world: World, answer: dict[str, object], expected: datetime | None
) -> None:
    """Threat 32. A finite time that storage can hold, or none; never a crash."""
    found = answers.expiry(answer, NOW, None)
    assert found == expected
    if found is not None:
        assert found.astimezone(UTC).isoformat()


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER", "User Access Token", None, ""])
def test_the_apps_own_words_for_bearer_are_taken(world: World, kind: str | None) -> None:
    """Threat 36. eBay says ``User Access Token``; Shopify and Stripe's kin say nothing."""
    call = wiring.apps().call(wiring.apps().providers["square"], Web())
    grant = answers.grant(call, {"access_token": "x", "token_type": kind}, NOW)
    assert grant.secrets == {"access_token": "x"}


NO_TOKEN: list[dict[str, object]] = [
    {},
    {"access_token": ""},
    {"access_token": None},
    {"access_token": 5},
    {"access_token": ["x"]},
    {"access_token": {"a": 1}},
    {"access_token": "x", "token_type": "mac"},
    {"access_token": "x", "token_type": "MAC"},
    {"access_token": "x", "token_type": "DPoP"},
    {"access_token": "x", "error": "invalid_grant"},
]


@pytest.mark.parametrize("answer", NO_TOKEN, ids=str)
def test_what_is_no_bearer_token_is_none(world: World, answer: dict[str, object]) -> None:
    """Threat 36. Absent, empty, of a wrong type, of a kind we cannot use, or beside an error."""
    call = wiring.apps().call(wiring.apps().providers["square"], Web())
    with pytest.raises(AppProblem):
        answers.grant(call, answer, NOW)


# 37


def test_a_hanging_app_leaves_a_friendly_page_and_a_way_back(acme: World) -> None:
    """Threat 37. The code is redeemed once, whatever is clicked again."""
    owner, back = approved(acme)
    acme.apps.misbehave("square", "token", Misbehaviour.HANG)
    began = time.monotonic()
    page = come_back(owner, back)
    assert time.monotonic() - began < 5
    assert "Square does not answer" in page.text
    assert acme.apps.count("square", "token") == 1
    for _ in range(3):
        assert come_back(owner, back).text == page.text
    assert acme.apps.count("square", "token") == 1
    (again,) = [link for link in page.links if link.startswith(acme.link())]
    assert owner.get(again).status == 200
    connect(acme, owner, acme.link(), "square")
    assert len(acme.connections()) == 1


def test_the_deadlines_as_they_ship(world: World) -> None:
    """Threat 37. Under 20 seconds for all of it, of API Gateway's 29."""
    from chalicelib.services.ending import REVOKE_SECONDS
    from chalicelib.services.finishing import SECONDS as FOR_ALL

    assert SECONDS_SHIPPED <= 6
    assert FOR_ALL + REVOKE_SECONDS < 20


def killed(_url: str) -> Answer:
    raise SystemExit("killed")


@pytest.mark.parametrize("after", ["claim", "exchange", "commit"])
def test_killed_in_the_middle_the_code_is_never_redeemed_again(acme: World, clock: Clock, after: str) -> None:
    """Threat 37. Come again: first "still working", then "start again"; and starting again works."""
    owner, back = approved(acme)
    if after == "claim":
        acme.aws.fail("UpdateItem", killed, after=True)
    else:
        operation = {"exchange": "GenerateDataKey", "commit": "TransactWriteItems"}[after]
        acme.aws.fail(operation, killed, after=after == "commit")
    with pytest.raises(SystemExit):
        owner.get(path_of(back))
    hits = acme.apps.count("square", "token")
    assert hits == (after != "claim")
    page = come_back(owner, back)
    if after == "commit":
        assert attempt(acme)["state"] == "done"
        assert len(acme.connections()) == 1
    else:
        assert attempt(acme)["state"] == "claimed"
        assert owner.page.refresh or "Square" in page.text
        clock.forward(seconds=31)
        page = come_back(owner, back)
        assert "did not finish" in page.text
        assert "Try again" in page.text
        assert acme.connections() == []
    assert acme.apps.count("square", "token") == hits
    connect(acme, owner, acme.link(), "square")
    assert len(acme.connections()) == 1
    assert acme.apps.count("square", "token") == hits + 1
