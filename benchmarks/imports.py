"""What a fresh process loads, and how long until it has answered once."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from benchmarks.report import Cell, Section
from benchmarks.stage import Stage, Stages
from chalicelib.storage import rows
from local.servers import Served

ROOT = Path(__file__).parent.parent
RUNS = 5
HEAVY = frozenset(
    {"boto3", "requests", "cryptography", "jinja2", "jwt", "pynamodb", "email_validator", "segno", "local"}
)
"""What importing ``app`` must not load."""
NOTE = f"""Fresh processes, medians of {RUNS}, taken in turn; CPU time as a ratio to importing chalice alone in this run. Only what
importing app loads can fail the run. The first page's DynamoDB is a loopback server that knows its one answer."""
ROWS = "0.16"
"""5 ms where importing chalice takes 32."""
HEAD = ("", "time", "goal", "loads, of the heavy ones", "")
KINDS = ("floor", "import", "rows", "page")


@dataclass(frozen=True, slots=True)
class Run:
    """One process."""

    seconds: float
    modules: frozenset[str]


def section(stages: Stages) -> Section:
    """Import and first page."""
    with stages() as stage:
        link, answer = _landing(stage)
        with _dynamodb(answer) as endpoint, TemporaryDirectory() as bytecode:
            runs = _runs(link, {"AWS_ENDPOINT_URL": endpoint, "PYTHONPYCACHEPREFIX": bytecode})
    floor = median(run.seconds for run in runs["floor"])
    loaded = HEAVY & runs["import"][0].modules
    shown: list[list[Cell]] = [
        ["import chalice", 1.0, "", "", ""],
        ["import app", _ratio(runs["import"], floor), "3.5", _listed(loaded), "OVER" if loaded else ""],
        ["every row of the catalogue, on top of app", _ratio(runs["rows"], floor), ROWS, "", ""],
        ["import app and the first landing page", _ratio(runs["page"], floor), "15", _listed(_heavy(runs["page"])), ""],
    ]
    over = [f"import app loads {_listed(loaded)}"] if loaded else []
    return Section(title="Import", note=NOTE, head=HEAD, rows=shown, over=over)


def _ratio(runs: Sequence[Run], floor: float) -> float:
    return round(median(run.seconds for run in runs) / floor, 2)


def _heavy(runs: Sequence[Run]) -> frozenset[str]:
    return HEAVY & runs[0].modules


def _listed(modules: Iterable[str]) -> str:
    return ", ".join(sorted(modules)) or "none"


def _landing(stage: Stage) -> tuple[str, bytes]:
    """A link, and DynamoDB's answer to its landing page's Query."""
    entity_id = stage.entity()
    found = boto3.client("dynamodb").query(
        TableName="core",
        KeyConditionExpression="pk = :pk AND sk < :end",
        ExpressionAttributeValues={":pk": {"S": rows.entity_key(entity_id)}, ":end": {"S": rows.MEMBERS}},
    )
    answer = {name: found[name] for name in ("Items", "Count", "ScannedCount")}
    return stage.world.link(entity_id).removeprefix("/c/"), json.dumps(answer, default=_base64).encode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@contextmanager
def _dynamodb(answer: bytes) -> Iterator[str]:
    """Answers whatever it is asked with this."""

    def application(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(answer)))])
        return [answer]

    served = Served(application, 0)
    try:
        yield served.url
    finally:
        served.stop()


def _runs(link: str, environ: Mapping[str, str]) -> dict[str, list[Run]]:
    """All kinds in turn, so that a busy moment meets each of them; the first turn only writes Python's bytecode."""
    turns = [{kind: _run(kind, link, environ) for kind in KINDS} for _ in range(RUNS + 1)][1:]
    return {kind: [turn[kind] for turn in turns] for kind in KINDS}


def _run(kind: str, link: str, environ: Mapping[str, str]) -> Run:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cold", kind, link],
        env={**inherited, **environ},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return Run(found["seconds"], frozenset(found["modules"]))
