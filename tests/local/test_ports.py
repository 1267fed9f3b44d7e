"""A taken port is one clear line."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ports, state, token
from local.ports import HOST

ROOT = Path(__file__).parents[2]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


def run(module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_run_on_a_taken_port_is_refused_in_one_line(taken: int) -> None:
    done = run("local.run", PORT=str(taken))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"Port {taken} (the product) is taken: stop what uses it, or choose another with PORT=…"
    ]


def test_the_line_names_what_the_port_was_for(taken: int) -> None:
    with pytest.raises(ports.PortTaken, match=r"the inbox.*INBOX_PORT"):
        ports.chosen(named(ports.free()) | {"INBOX_PORT": str(taken)})


def test_one_port_cannot_be_two_things() -> None:
    where = named(ports.free())
    with pytest.raises(ports.PortTaken):
        ports.chosen(where | {"INBOX_PORT": where["PORT"]})


def test_the_others_follow_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    assert ports.chosen({}) == ports.Ports(web=8000, inbox=8001, simulators=8002, aws=8003)
    assert ports.chosen({"PORT": "9000", "AWS_PORT": "5000"}) == ports.Ports(
        web=9000, inbox=9001, simulators=9002, aws=5000
    )


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "80 00", "٣"])
def test_a_port_is_a_number(text: str) -> None:
    with pytest.raises(ports.NoPort, match="PORT must be a port"):
        ports.chosen({"PORT": text})


def test_free_ports_are_free_and_differ() -> None:
    found = named(ports.free()).values()
    assert len(set(found)) == 4
    assert all(ports.is_free(int(port)) for port in found)


def test_no_token_without_a_run() -> None:
    port = str(ports.free().web)
    done = run("local.token", PORT=port)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"Nothing runs on port {port}: start `make run` in another terminal first."]


def test_a_token_opens_what_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import jwt

    monkeypatch.setattr(state, "FOLDER", tmp_path / "state")
    secret = "s" * 32
    words = dict.fromkeys(("base_url", "inbox_url", "simulators_url", "aws_url", "connect_url"), "http://x")
    state.write(1234, state.Run(pid=os.getpid(), api_secret=secret, **words))
    found = state.read(1234)
    assert found is not None
    assert (tmp_path / "state" / "run-1234.json").stat().st_mode & 0o777 == 0o600
    claims = jwt.decode(
        token.make(found.api_secret, entities=["acme"]), secret, ["HS256"], audience=token.AUDIENCE, issuer=token.ISSUER
    )
    assert claims["scope"].split() == list(token.SCOPES)
    assert claims["entities"] == ["acme"]
    assert claims["exp"] - claims["iat"] == token.HOUR
    state.remove(1234)
    assert state.read(1234) is None


def named(where: ports.Ports) -> dict[str, str]:
    return {
        "PORT": str(where.web),
        "INBOX_PORT": str(where.inbox),
        "SIMULATORS_PORT": str(where.simulators),
        "AWS_PORT": str(where.aws),
    }
