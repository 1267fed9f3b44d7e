"""Both functions in turn, several times each: one process for each turn, from its start to its last callback."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.runtime.function import Answered, Code, Function, running
from benchmarks.runtime.scene import Scene
from benchmarks.runtime.stubs import Outside

TURNS = 9
"""After one that only warms the machine's caches."""
WARMING, LANDINGS, CALLBACKS = 20, 100, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one process used: seconds, and kilobytes."""

    cold_cpu: float
    cold_wall: float
    landing_cpu: float
    callback_cpu: float
    peak: int


def turn(code: Code, scene: Scene, outside: Outside) -> Turn:
    """A new process: the first landing, then many, then many callbacks."""
    with running(code, outside.environment) as function:
        cold = function.invoke(scene.landing())
        landing = _each(function, scene.landing(), LANDINGS)
        callback = _each(function, scene.callback(), CALLBACKS)
        return Turn(
            cold_cpu=cold.cpu, cold_wall=cold.wall, landing_cpu=landing, callback_cpu=callback, peak=function.peak()
        )


def _each(function: Function, event: Mapping[str, Any], times: int) -> float:
    """CPU seconds of a request, once it is warm."""
    for _ in range(WARMING):
        before = function.invoke(event)
    for _ in range(times):
        after = function.invoke(event)
    return (after.cpu - before.cpu) / times
