import pytest

from benchmarks.capacity import Index, Item, Write, read_units, size, write_units
from benchmarks.report import table

INDEX = Index(keys=frozenset({"due", "at"}), projected=frozenset({"pk", "due", "at"}))
STORED: Item = {"pk": {"S": "one"}, "due": {"S": "x"}, "at": {"N": "1"}, "note": {"S": "n" * 2000}}


def test_an_items_size_is_its_names_and_values() -> None:
    assert size({"name": {"S": "é"}}) == 6
    assert size({"n": {"N": "-12.5"}}) == 1 + 4
    assert size({"b": {"B": b"123"}}) == size({"b": {"B": "MTIz"}}) == 4
    assert size({"m": {"M": {"k": {"BOOL": True}}}}) == 1 + 3 + 1 + 1 + 1
    assert size({"l": {"L": [{"NULL": True}]}, "s": {"SS": ["ab", "c"]}}) == 1 + 3 + 2 + 1 + 3


@pytest.mark.parametrize(("letters", "units"), [(0, 1), (4000, 1), (4096, 2), (9000, 3)])
def test_reads_go_by_four_kilobytes(letters: int, units: int) -> None:
    items = [{"a": {"S": "x" * letters}}]
    assert read_units(items, consistent=True) == units
    assert read_units(items, consistent=False) == units / 2


def test_a_write_costs_its_largest_image() -> None:
    assert write_units({}, {"a": {"S": "x" * 1023}}) == 1
    assert write_units({"a": {"S": "x" * 1024}}, {}) == 2


def test_an_index_costs_only_what_changes_in_it() -> None:
    assert INDEX.units({}, STORED) == 1
    assert INDEX.units(STORED, {}) == 1
    assert INDEX.units(STORED, {**STORED, "note": {"S": ""}}) == 0
    assert INDEX.units(STORED, {**STORED, "at": {"N": "2"}}) == 2
    assert INDEX.units({}, {"pk": {"S": "one"}}) == 0


def test_transactions_write_twice_and_their_indexes_once() -> None:
    write = Write(before={}, after=STORED, asked=STORED, indexes=[INDEX])
    assert write.units(in_transaction=False) == 2 + 1
    assert write.units(in_transaction=True) == 4 + 1


def test_columns_are_aligned() -> None:
    assert (
        table(["what", "n"], [["a", 1], ["long", 10.5], ["none", None]]) == "what     n\na        1\nlong  10.5\nnone"
    )
