"""`make run`, whole: it starts, a person can sign in through the inbox, and nothing is left when it stops."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import child, ports, seed, state, token
from local.child import NotStarted, running
from tests.support.logged import leaks, requests_of

SECONDS = 20


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "log"


@pytest.fixture(scope="module")
def run(log: Path) -> Iterator[state.Run]:
    with running(log) as started:
        yield started
    assert leaks(requests_of(log.read_text())) == [], "Threat 25: the product's process said it"


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        text: str = answer.read().decode()
    return text


def eventually[T](found: Callable[[], T]) -> T:
    until = time.monotonic() + SECONDS
    while not (value := found()) and time.monotonic() < until:
        time.sleep(0.1)
    return value


def letters(run: state.Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(get(f"{run.inbox_url}/messages.json"))
    return found


def test_the_demo_entity_is_there(run: state.Run) -> None:
    found = seed.call(run.base_url, token.make(run.api_secret), "GET", f"/v1/entities/{seed.ENTITY}/link")
    assert found["url"] == run.connect_url
    assert seed.NAME in get(run.connect_url)


def test_asking_to_sign_in_brings_a_letter(run: state.Run, log: Path) -> None:
    form = urllib.parse.urlencode({"email": seed.ADMINS[0]}).encode()
    request = urllib.request.Request(f"{run.base_url}/sign-in", form, {"Origin": run.base_url})
    urllib.request.urlopen(request, timeout=SECONDS).close()
    [letter] = eventually(lambda: letters(run))
    assert letter["to"] == [seed.ADMINS[0]]
    assert f"{run.base_url}/sign-in/" in letter["text"]
    assert " POST /sign-in 200\n" in log.read_text()


def test_the_log_holds_no_secret_of_an_address(run: state.Run, log: Path) -> None:
    get(f"{run.connect_url}?i=sentinel")
    said = log.read_text().partition("Requests, by route:")[2]
    assert "sentinel" not in said
    assert run.connect_url.rpartition("/")[2] not in said


def test_an_unknown_address_gets_the_products_page(run: state.Run) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{run.base_url}/nowhere/at/all")
    assert refused.value.code == 404
    assert refused.value.headers["Content-Security-Policy"].startswith("default-src 'none'")
    refused.value.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind(tmp_path: Path, ending: signal.Signals) -> None:
    with running(tmp_path / "log") as run:
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(run.pid)], capture_output=True, check=False).stdout
        assert children.split() == [], "everything is in one process"
        port = urllib.parse.urlsplit(run.base_url).port or 0
        os.kill(run.pid, ending)
        assert eventually(lambda: ports.is_free(port) and not state.read(port))
    assert (tmp_path / "log").read_text().endswith("\nStopped.\n")


def test_a_run_ends_with_what_started_it(tmp_path: Path) -> None:
    where = ports.free()
    starter = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'local.run'], check=False)"
    with (tmp_path / "log").open("wb") as output:
        parent = subprocess.Popen(
            [sys.executable, "-c", starter], cwd=child.ROOT, env=os.environ | child._ports(where), stdout=output
        )
    try:
        assert eventually(lambda: state.read(where.web))
    finally:
        parent.kill()
        parent.wait()
    assert eventually(lambda: ports.is_free(where.web) and not state.read(where.web))


def test_a_run_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="PRODUCT_NAME"), running(tmp_path / "log", {"PRODUCT_NAME": "x" * 61}):
        pass
