"""What a DynamoDB call consumed, from the items that it met."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import boto3

from benchmarks.capacity import Index, Item, Write, read_units

type Request = Mapping[str, Any]
type Place = tuple[str, Item]
"""A table's name and an item's key."""

_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
_TRANSACTION = "TransactWriteItems"


class Tables:
    """Looks into the tables on the side."""

    def __init__(self) -> None:
        self._description = cache(self._describe)

    @cached_property
    def _client(self) -> Any:
        return boto3.client("dynamodb")

    def images(self, operation: str, request: Request) -> list[Item]:
        """The items that a write is about, as they are stored now."""
        return [self._get(*self._place(action)) for action in _actions(operation, request)]

    def written(self, operation: str, request: Request, before: Sequence[Item]) -> int:
        """Write units, once it is done or refused."""
        actions, after = list(_actions(operation, request)), self.images(operation, request)
        return sum(
            Write(
                before=old, after=new, asked=action.get("Item", {}), indexes=self._description(action["TableName"])[1]
            ).units(in_transaction=operation == _TRANSACTION)
            for action, old, new in zip(actions, before, after, strict=True)
        )

    def read(self, operation: str, request: Request, answer: Mapping[str, Any]) -> float:
        """Read units."""
        if "Error" in answer or operation in {*_WRITES, _TRANSACTION}:
            return 0
        if operation == "BatchGetItem":
            return _batch(request, answer)
        consistent = request.get("ConsistentRead", False)
        if operation == "GetItem":
            return read_units([answer.get("Item", {})], consistent=consistent)
        assert operation == "Query", f"no rule for {operation}"
        assert answer["Count"] == answer["ScannedCount"], "a filter threw away what was paid for, and here unseen"
        return read_units(answer["Items"], consistent=consistent)

    def _place(self, action: Request) -> Place:
        table = action["TableName"]
        found = action["Key"] if "Key" in action else action["Item"]
        return table, {name: found[name] for name in self._description(table)[0]}

    def _get(self, table: str, key: Item) -> Item:
        item: Item = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return item

    def _describe(self, table: str) -> tuple[frozenset[str], tuple[Index, ...]]:
        described = self._client.describe_table(TableName=table)["Table"]
        keys = _key_names(described)
        return keys, tuple(_index(index, keys) for index in described.get("GlobalSecondaryIndexes", []))


def _actions(operation: str, request: Request) -> Iterator[Request]:
    """The writes of a call."""
    if operation in _WRITES:
        yield request
    elif operation == _TRANSACTION:
        yield from (action for item in request["TransactItems"] for action in item.values())


def _batch(request: Request, answer: Mapping[str, Any]) -> float:
    """Each item is rounded up by itself, and one that is not there costs as much as a small one."""
    units = 0.0
    for table, wanted in request["RequestItems"].items():
        found, consistent = answer["Responses"].get(table, []), wanted.get("ConsistentRead", False)
        missing: list[Item] = [{}] * (len(wanted["Keys"]) - len(found))
        units += sum(read_units([item], consistent=consistent) for item in [*found, *missing])
    return units


def _key_names(described: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(key["AttributeName"] for key in described["KeySchema"])


def _index(described: Mapping[str, Any], table_keys: frozenset[str]) -> Index:
    keys, projection = _key_names(described), described["Projection"]
    projected = keys | table_keys | set(projection.get("NonKeyAttributes", []))
    return Index(keys=keys, projected=None if projection["ProjectionType"] == "ALL" else frozenset(projected))
