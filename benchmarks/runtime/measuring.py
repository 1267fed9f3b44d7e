"""Both functions in turn: each cold start beside the other's, each small batch of warm requests beside the other's.

So a busy moment of the machine meets both, and a ratio of neighbours says more than one of sums.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.runtime.function import Code, Function, running
from benchmarks.runtime.scene import Scene
from benchmarks.runtime.stubs import Outside

COLD_STARTS = 21
"""After one that only warms the machine's caches."""
WARMING, BATCHES, BATCH = 30, 60, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one function's process used: seconds of the CPU or of the clock, or kilobytes."""

    cold_cpu: tuple[float, ...]
    cold_wall: tuple[float, ...]
    landing: tuple[float, ...]
    callback: tuple[float, ...]
    peak: int


def ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of neighbours."""
    return round(median(one / other for one, other in zip(ours, others, strict=True)), 2)


def measured(codes: Sequence[Code], scene: Scene, outside: Outside) -> list[Cost]:
    """For each of the functions, in their order."""
    starts = [[_cold(code, scene, outside) for code in codes] for _ in range(COLD_STARTS + 1)][1:]
    with ExitStack() as stack:
        functions = [stack.enter_context(running(code, outside.environment)) for code in codes]
        landings = list(_batches(functions, scene.landing()))
        callbacks = list(_batches(functions, scene.callback()))
        peaks = [function.peak() for function in functions]
    return [
        Cost(
            cold_cpu=tuple(start[number][0] for start in starts),
            cold_wall=tuple(start[number][1] for start in starts),
            landing=tuple(batch[number] for batch in landings),
            callback=tuple(batch[number] for batch in callbacks),
            peak=peak,
        )
        for number, peak in enumerate(peaks)
    ]


def _cold(code: Code, scene: Scene, outside: Outside) -> tuple[float, float]:
    """A new process, up to its first landing page."""
    with running(code, outside.environment) as function:
        answered = function.invoke(scene.landing())
        return answered.cpu, answered.wall


def _batches(functions: Sequence[Function], event: Mapping[str, Any]) -> Iterator[list[float]]:
    """CPU seconds of a warm request, for each function, again and again."""
    for function in functions:
        for _ in range(WARMING):
            function.invoke(event)
    for _ in range(BATCHES):
        yield [_batch(function, event) for function in functions]


def _batch(function: Function, event: Mapping[str, Any]) -> float:
    began = function.cpu()
    for _ in range(BATCH):
        function.invoke(event)
    return (function.cpu() - began) / BATCH
