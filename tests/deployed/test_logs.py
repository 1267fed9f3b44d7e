"""What the deployed functions wrote down."""

import json
import re

from tests.deployed.owners import ask, books, connect
from tests.deployed.rehearsal import Rehearsal, eventually

_RUNTIME = re.compile(r"(START|END|REPORT|INIT_START|REPORT) ")


def test_logs_are_lines_of_json_without_a_secret_or_an_address(stack: Rehearsal) -> None:
    """Threat 25. After the main job, a dead link, a forged token and a body that is none."""
    acme = books(stack)
    ask(stack, acme)
    connect(stack, acme.link)
    stack.letter(acme.pat, "connected")
    visitor = stack.visitor()
    visitor.get(f"{acme.link[:-4]}AAAA")
    visitor.get(f"{stack.prefix}/callback/square?code=sentinel-code&state=sentinel-state")
    assert (
        stack.platform()
        .post(f"{stack.prefix}/v1/entities/{acme.id}/invitations", raw="{", authorization="Bearer sentinel-token")
        .status
        == 401
    )
    lines = eventually(lambda: [line for line in _lines(stack) if acme.id in line and '"connected":1' in line], "logs")
    assert lines
    for line in _lines(stack):
        said = json.loads(line)
        assert {"timestamp", "level", "event", "stage", "function", "request_id"} <= set(said), line
        if "_aws" in said:
            assert said["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ClientConnect"
    everything = stack.emulator.logs()
    secret = acme.link.partition("~")[2]
    for never in (secret, stack.api_secret, "sentinel-", "@acme.example", "@coffee.example"):
        assert never not in everything
    assert not re.search(r"access_token|refresh_token|Bearer ", everything)


def _lines(stack: Rehearsal) -> list[str]:
    return [line for line in stack.emulator.logs().splitlines() if line and not _RUNTIME.match(line)]
