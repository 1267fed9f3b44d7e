"""``python -m benchmarks [part…]``: prints what the product costs, and fails if anything is over its budget.

Parts are calls, scale, weight, imports, runtime and soak; without any of them named, all.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from benchmarks import calls, imports, scale, weight
from benchmarks.report import Section
from benchmarks.runtime import report as runtime
from benchmarks.soak import report as soak
from benchmarks.stage import Stages, stages

type Part = Callable[[], Iterator[Section]]


def main(names: list[str]) -> int:
    """Print each section as it is ready, then the verdict."""
    parts = _parts()
    if unknown := set(names) - parts.keys():
        print(f"No such part: {', '.join(sorted(unknown))}. There are {', '.join(parts)}.")
        return 2
    over: list[str] = []
    for name in names or parts:
        for section in parts[name]():
            print(section, flush=True)
            over += section.over
    print("\nOver budget:" if over else "\nAll within budget.", *over, sep="\n  ")
    return 1 if over else 0


def _parts() -> Mapping[str, Part]:
    staged = {"calls": calls, "scale": scale, "weight": weight, "imports": imports}
    return {
        **{name: partial(_on_stage, part.section) for name, part in staged.items()},
        "runtime": runtime.sections,
        "soak": _soaked,
    }


def _on_stage(section: Callable[[Stages], Section]) -> Iterator[Section]:
    with stages() as fresh:
        yield section(fresh)


def _soaked() -> Iterator[Section]:
    with stages() as fresh:
        yield from soak.sections(fresh)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
