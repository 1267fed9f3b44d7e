"""The server itself."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from local.simulators import Client, Misbehaviour, Simulators
from local.simulators.people import approve
from tests.simulators.visiting import CLIENTS, SQUARE, SQUARESPACE, api

ROOT = Path(__file__).parents[2]


def test_reset_forgets(apps: Simulators) -> None:
    tokens, code = SQUARE.connect(apps), SQUARE.code(apps)
    apps.misbehave("square", "token", Misbehaviour.UNAVAILABLE)
    apps.pass_time(100)
    apps.reset()
    assert apps.hits == []
    assert apps.tokens("square") == []
    assert SQUARE.exchange(apps, code).status_code == 400
    assert SQUARE.who(apps, tokens["access_token"]).status_code == 401


def test_what_a_hit_tells(apps: Simulators) -> None:
    requests.get(apps.simulated("https://connect.squareup.com/v2/merchants/me?a=1&a=2"), timeout=10)
    SQUARESPACE.exchange(apps, "c+1")
    identity, token = apps.hits
    assert (identity.app, identity.endpoint, identity.method) == ("square", "identity", "GET")
    assert (identity.path, identity.query["a"]) == ("/connect.squareup.com/v2/merchants/me", "1")
    assert token.form["code"] == "c+1"
    assert b"code=c%2B1" in token.body
    assert token.headers["authorization"].startswith("Basic ")
    assert "c+1" not in repr(token)


def test_addresses(apps: Simulators) -> None:
    template = apps.simulated("https://{shop}/admin/oauth/authorize")
    assert template == f"{apps.url}/{{shop}}/admin/oauth/authorize"
    for url in ("http://connect.squareup.com/", "connect.squareup.com"):
        with pytest.raises(ValueError, match="https"):
            apps.simulated(url)


@pytest.mark.parametrize(
    "path", ["", "/", "/evil.example/x", "/connect.squareup.com/oauth2/tokens", "/connect.squareup.com"]
)
def test_other_addresses_are_not_there(apps: Simulators, path: str) -> None:
    assert requests.get(apps.url + path, timeout=10).status_code == 404
    assert apps.hits == []


@pytest.mark.parametrize(("method", "url"), [("GET", SQUARE.token_url), ("POST", SQUARE.identity_url)])
def test_other_methods_are_refused(apps: Simulators, method: str, url: str) -> None:
    assert requests.request(method, apps.simulated(url), timeout=10).status_code == 405


def test_several_can_run(apps: Simulators) -> None:
    with Simulators(CLIENTS) as other:
        token = SQUARE.connect(other)["access_token"]
        assert api(other.simulated(SQUARE.identity_url), token).status_code == 200
        assert SQUARE.who(apps, token).status_code == 401


def test_unknown_apps_are_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Simulators({"nonsense": Client("a", "b", "c")})


def test_secrets_stay_out_of_reprs(apps: Simulators) -> None:
    SQUARE.connect(apps)
    assert "square-secret" not in repr(CLIENTS)
    assert "EAAA" not in repr(apps.tokens("square"))


def test_approving_what_is_wrong(apps: Simulators) -> None:
    with pytest.raises(ValueError, match="state is missing"):
        approve(SQUARE.authorize(apps, state=None))
    with pytest.raises(ValueError, match="offers no account"):
        approve(SQUARE.authorize(apps), account="nobody")


def test_nothing_runs_before_start() -> None:
    with pytest.raises(RuntimeError):
        _ = Simulators(CLIENTS).url


def test_on_its_own(tmp_path: Path) -> None:
    clients = {"square": {"client_id": "square-id", "client_secret": "s", "redirect_uri": SQUARE.redirect_uri}}
    (tmp_path / "clients.json").write_text(json.dumps(clients))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "local.simulators",
        "--port",
        str(port),
        "--clients",
        str(tmp_path / "clients.json"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert f"http://127.0.0.1:{port}/" in running.stdout.readline()
            url = f"http://127.0.0.1:{port}/connect.squareup.com/v2/merchants/me"
            assert requests.get(url, timeout=10).status_code == 401
        finally:
            running.terminate()


def test_quickbooks_opens_our_launch_address_and_says_nothing() -> None:
    known = Client("quickbooks-id", "quickbooks-secret", "https://connect.example/callback/quickbooks_online")
    launch = "https://connect.example/launch/quickbooks_online"
    assert Simulators({"quickbooks_online": known}).install("quickbooks_online", url=launch) == launch


def test_nothing_begins_at_most_apps(apps: Simulators) -> None:
    with pytest.raises(ValueError, match="Nothing begins at Square"):
        apps.install("square")
