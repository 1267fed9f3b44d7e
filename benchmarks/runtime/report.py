"""The two sections: the ratios beside their goals, and where our own cold start goes."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import Cell, Section
from benchmarks.runtime import breakdown, certificate
from benchmarks.runtime.function import Code, running
from benchmarks.runtime.measuring import BATCH, BATCHES, COLD_STARTS, Cost, measured, ratio
from benchmarks.runtime.scene import Scene
from benchmarks.runtime.stubs import Outside, outside
from benchmarks.runtime.unpacked import unpack
from deploy.packaging import build

MOST_ZIP_BYTES = 16 * 1024 * 1024
TITLE = "The zip, under Lambda's runtime client"
HEAD = ("", "ratio", "goal", "", "beside a floor with compiled templates")
NOTE = f"""The zip of `make package` under awslambdaric, beside a floor in the same run: a handler written by hand for these two
requests (benchmarks/runtime/floor) with botocore, Jinja2 and urllib3, its bytecode in its zip and botocore's data
pruned as ours. The same answers, byte for byte, by the same calls; AWS and the app are on loopback, the app with TLS.
Each process's own CPU time: medians of {COLD_STARTS} cold starts (a process's start to its first landing page) and of {BATCHES} batches of
{BATCH} warm requests, in turn. The other floor compiles its templates when it is packaged, as we do: our own trick, no goal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Everything that is measured, and all around it."""

    archive: Path
    scene: Scene
    outside: Outside
    ours: Code
    floor: Code
    compiled: Code


@contextmanager
def ready(archive: Path) -> Iterator[Ready]:
    """The zip unpacked, and all that it needs around it."""
    with tempfile.TemporaryDirectory() as name:
        folder, scene = Path(name), Scene()
        tls, authority = certificate.made(folder)
        ours, floor, compiled = unpack(archive, authority, folder)
        with outside(scene, tls) as around:
            yield Ready(archive=archive, scene=scene, outside=around, ours=ours, floor=floor, compiled=compiled)


def sections() -> Iterator[Section]:
    """Both, one after the other."""
    with tempfile.TemporaryDirectory() as name, ready(build(Path(name))[0]) as here:
        ours, *floors = [done(here, code) for code in (here.ours, here.floor, here.compiled)]
        assert all(floor == ours for floor in floors), "the floor does something else"
        costs = measured((here.ours, here.floor, here.compiled), here.scene, here.outside)
        yield _ratios(here, costs)
        yield breakdown.section(here.ours, here.floor, here.scene, here.outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A landing page and a callback, as a function answered them, and whom it asked meanwhile."""

    answers: tuple[dict[str, Any], ...]
    calls: tuple[str, ...]


def done(here: Ready, code: Code) -> Done:
    """Once each, in a new process."""
    here.outside.calls.clear()
    with running(code, here.outside.environment) as function:
        answers = tuple(function.invoke(event).answer for event in (here.scene.landing(), here.scene.callback()))
    return Done(answers=answers, calls=tuple(here.outside.calls))


def _ratios(here: Ready, costs: Sequence[Cost]) -> Section:
    ours, floor, compiled = costs
    found: list[tuple[str, float, float, float | None]] = [
        (
            "cold start and first landing page, CPU",
            ratio(ours.cold_cpu, floor.cold_cpu), 1.15, ratio(ours.cold_cpu, compiled.cold_cpu),
        ),
        (
            "the same, by the clock",
            ratio(ours.cold_wall, floor.cold_wall), 1.15, ratio(ours.cold_wall, compiled.cold_wall),
        ),
        ("warm landing page, CPU", ratio(ours.landing, floor.landing), 1.25, None),
        ("warm callback, CPU", ratio(ours.callback, floor.callback), 1.3, None),
        ("memory at its peak", round(ours.peak / floor.peak, 2), 1.3, None),
        ("zip, of 16 MB", round(here.archive.stat().st_size / MOST_ZIP_BYTES, 2), 1.0, None),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [name, is_, goal, "OVER" if is_ > goal else "", strict] for name, is_, goal, strict in found
    ]
    over = [f"{name}: {is_} of the floor's, goal {goal}" for name, is_, goal, _ in found if is_ > goal]
    return Section(title=TITLE, note=NOTE, head=HEAD, rows=rows, over=over)
