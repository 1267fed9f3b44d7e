"""A section of the output, and what was over budget in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

type Cell = str | int | float | None
"""``None`` is an empty cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled table with a note. ``over`` holds a line for each thing that was over budget."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    over: Sequence[str] = field(default=())

    def __str__(self) -> str:
        return f"\n{self.title}\n{'─' * len(self.title)}\n{self.note}\n\n{table(self.head, self.rows)}"


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Plain text in aligned columns, numbers to the right."""
    lines = [tuple(head), *(tuple(map(_text, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [any(isinstance(cell, int | float) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:,.2f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)
