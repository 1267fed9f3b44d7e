"""Where a cold start goes, step by step, ours beside the floor's."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.report import Cell, Section
from benchmarks.runtime.function import Code, environment
from benchmarks.runtime.scene import Scene
from benchmarks.runtime.stubs import Outside

RUNS = 9
PROGRAM = Path(__file__).with_name("steps.py")
TITLE = "Where the cold start goes"
HEAD = ("step", "ours", "floor", "more or less")
NOTE = f"""Shares of the floor's whole cold start, CPU: the quickest of {RUNS} of each. A step's imports are those that no step above
it made. The floor compiles its templates inside its request; ours are compiled in the zip."""


def section(ours: Code, floor: Code, scene: Scene, outside: Outside) -> Section:
    """Both, step by step."""
    turns = [(_steps("ours", ours, scene, outside), _steps("floor", floor, scene, outside)) for _ in range(RUNS)]
    mine, its = (min((turn[number] for turn in turns), key=_whole) for number in (0, 1))
    whole = _whole(its)
    rows: list[list[Cell]] = [
        _row(name, mine.get(name, 0) / whole, its.get(name, 0) / whole) for name in dict.fromkeys([*mine, *its])
    ]
    rows.append(_row("together", _whole(mine) / whole, 1.0))
    return Section(title=TITLE, note=NOTE, head=HEAD, rows=rows)


def _row(name: str, ours: float, floor: float) -> list[Cell]:
    return [name, f"{ours:.1%}", f"{floor:.1%}", f"{ours - floor:+.1%}"]


def _whole(steps: Mapping[str, float]) -> float:
    return sum(steps.values())


def _steps(kind: str, code: Code, scene: Scene, outside: Outside) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", PROGRAM, kind, code.task, code.runtime, json.dumps(scene.landing())],
        cwd=code.task,
        env={**environment(code, ""), **outside.environment},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
