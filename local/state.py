"""What a local run leaves for other terminals, in a file that only its owner can read; gone when the run ends."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent.parent / ".local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A running product."""

    pid: int
    base_url: str
    inbox_url: str
    simulators_url: str
    aws_url: str
    connect_url: str
    api_secret: str = field(repr=False)


def write(port: int, run: Run) -> None:
    """Leave a note of ``run``."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(_path(port), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(run), file)


def read(port: int) -> Run | None:
    """The run on ``port``, if it still lives."""
    try:
        run = Run(**json.loads(_path(port).read_text()))
        os.kill(run.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return run


def remove(port: int) -> None:
    """Forget it."""
    _path(port).unlink(missing_ok=True)


def _path(port: int) -> Path:
    return FOLDER / f"run-{port}.json"
