"""``python -m benchmarks``: prints what the product costs; fails if anything is over its budget."""

import sys
from collections.abc import Iterator

from benchmarks import calls, imports, scale, weight
from benchmarks.report import Section
from benchmarks.runtime import report as runtime
from benchmarks.stage import stages


def main() -> int:
    """Print each section as it is ready, then the verdict."""
    over: list[str] = []
    for section in _sections():
        print(section, flush=True)
        over += section.over
    print("\nOver budget:" if over else "\nAll within budget.", *over, sep="\n  ")
    return 1 if over else 0


def _sections() -> Iterator[Section]:
    with stages() as fresh:
        for part in (calls, scale, weight, imports):
            yield part.section(fresh)
    yield from runtime.sections()


if __name__ == "__main__":
    sys.exit(main())
