"""The whole product in a process of its own, for tests: the product's settings and moto are global to a process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local import ports, state

ROOT = Path(__file__).parent.parent
START_SECONDS = 60
STOP_SECONDS = 20


class NotStarted(Exception):
    """The run ended, or took too long; the message is what it said."""


@contextmanager
def running(log: Path, environment: Mapping[str, str] | None = None) -> Iterator[state.Run]:
    """``python -m local.run`` on free ports, from when it is ready until the block ends. ``log`` gets what it says.

    :raises NotStarted: with what it said.
    """
    where = ports.free()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.run"],
            cwd=ROOT,
            env={**os.environ, **_ports(where), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _ready(process, where.web, log)
    finally:
        _end(process)


def _ports(where: ports.Ports) -> dict[str, str]:
    names = {"PORT": where.web, "INBOX_PORT": where.inbox, "SIMULATORS_PORT": where.simulators, "AWS_PORT": where.aws}
    return {name: str(port) for name, port in names.items()}


def _ready(process: subprocess.Popen[bytes], port: int, log: Path) -> state.Run:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        run = state.read(port)
        if run is not None and run.pid == process.pid:
            return run
        time.sleep(0.1)
    raise NotStarted(log.read_text())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
