"""DynamoDB's capacity units, by AWS's rules: moto answers with constants instead.

*DynamoDB item sizes and formats* and *DynamoDB read and write operations* (Developer Guide). That a transaction's
condition check costs what a write does is not written there, but measured on AWS
(https://martinhicks.dev/articles/what-a-conditional-dynamodb-transaction-costs).
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Item = Mapping[str, Mapping[str, Any]]
"""An item in DynamoDB's own JSON; empty if there is none."""

READ_BYTES = 4096
WRITE_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A global secondary index: items with all of its ``keys`` are in it, with ``projected`` attributes."""

    keys: frozenset[str]
    projected: frozenset[str] | None
    """``None`` for all."""

    def entry(self, item: Item) -> Item:
        """What the index holds of an item."""
        if not self.keys <= set(item):
            return {}
        return {name: value for name, value in item.items() if self.projected is None or name in self.projected}

    def units(self, before: Item, after: Item) -> int:
        """What a write to the table costs here: a key that changes is a deletion and a put."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        moved = bool(old and new) and any(old[key] != new[key] for key in self.keys)
        return write_units(old) + write_units(new) if moved else write_units(old, new)


def size(item: Item) -> int:
    """An item's bytes, names included."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Mapping[str, Any]) -> int:
    """Sets and lists and maps cost their members, and a list or map three bytes and one for each."""
    ((kind, held),) = value.items()
    if kind in _PLAIN:
        return _PLAIN[kind](held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in held.items())
    if kind == "L":
        return 3 + sum(1 + _size(inner) for inner in held)
    return sum(_size({kind[0]: inner}) for inner in held)


def _bytes(held: bytes | str) -> int:
    """Requests hold base64."""
    return len(held if isinstance(held, bytes) else base64.b64decode(held))


def _number(text: str) -> int:
    """A byte for two significant digits, one more for all of them, one for a minus."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + text.startswith("-")


_PLAIN: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": _number,
    "B": _bytes,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
}


def read_units(items: Iterable[Item], *, consistent: bool) -> float:
    """A read of these items together: a Query's, or a GetItem's one."""
    blocks = max(1, math.ceil(sum(map(size, items)) / READ_BYTES))
    return blocks if consistent else blocks / 2


def write_units(*images: Item) -> int:
    """A write, by the largest of the item's images: as it was, as it is, as it should have become."""
    return max(1, math.ceil(max(map(size, images)) / WRITE_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write of one item, done or refused."""

    before: Item
    after: Item
    asked: Item
    indexes: Sequence[Index]

    def units(self, *, in_transaction: bool) -> int:
        """Transactions write twice; the indexes follow them once."""
        table = write_units(self.before, self.after, self.asked)
        return table * (2 if in_transaction else 1) + sum(
            index.units(self.before, self.after) for index in self.indexes
        )
