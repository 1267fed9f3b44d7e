"""The local server keeps secrets out of its log and answers unknown addresses kindly."""

import http.client
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from chalice.app import Chalice, Response

from local import ports
from local.ports import HOST
from local.web import Web

app = Chalice("small")


@app.route("/")
def index() -> Response:
    return Response("hello", headers={"Content-Type": "text/plain; charset=utf-8"})


@app.route("/c/{segment}")
def link(segment: str) -> Response:
    return Response(segment, headers={"Content-Type": "text/plain; charset=utf-8", "Set-Cookie": ["a=1", "b=2"]})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    port = ports.free().web
    web = Web(app, port, lambda path: ({"Content-Type": "text/plain; charset=utf-8"}, f"nothing at {path}"))
    yield f"http://{HOST}:{port}"
    web.stop()


@pytest.fixture
def connection(url: str) -> Iterator[HTTPConnection]:
    opened = HTTPConnection(urlsplit(url).netloc, timeout=10)
    yield opened
    opened.close()


def ask(connection: HTTPConnection, method: str, path: str) -> tuple[http.client.HTTPResponse, str]:
    connection.request(method, path)
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_the_log_names_routes_and_never_what_was_in_the_address(
    connection: HTTPConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in ("/c/sentinel~1?i=sentinel", "/sentinel/sentinel?code=sentinel", "/?state=sentinel"):
        ask(connection, "GET", path)
    lines = [line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["GET /c/{segment} 200", "GET (no such page) 404", "GET / 200"]


def test_a_malformed_request_is_not_quoted(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_connection((HOST, urlsplit(url).port or 0), timeout=10) as raw:
        raw.sendall(b"GET /c/sentinel HTTP/9.9 sentinel\r\n\r\n")
        raw.recv(4096)
    captured = capsys.readouterr()
    assert "sentinel" not in captured.out + captured.err


def test_an_unknown_address_gets_the_answer_it_was_given(connection: HTTPConnection) -> None:
    answer, body = ask(connection, "GET", "/nowhere/at/all")
    assert (answer.status, body) == (404, "nothing at /nowhere/at/all")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_one_connection_serves_many_requests_quickly(connection: HTTPConnection) -> None:
    ask(connection, "HEAD", "/")
    started = time.perf_counter()
    for _ in range(10):
        answer, body = ask(connection, "GET", "/c/x")
        assert (answer.status, body) == (200, "x")
        assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert time.perf_counter() - started < 0.4, "40 ms each: Nagle's algorithm is back"
