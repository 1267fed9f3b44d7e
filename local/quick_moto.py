"""moto without its longest detours: what a run or a test waits for should be the product.

What moto answers stays the same.
"""

from collections import deque
from copy import deepcopy
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.serialize import AttributePicker, AttributePickerContext, BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamRecord, Table
from moto.dynamodb.parsing.tokens import ExpressionTokenizer

_PLAIN = frozenset({"S", "N", "BOOL"})
_UNCHANGING = _PLAIN | {"B", "NULL"}
_about: set[tuple[Any, Any]] = set()
"""The keys of the transaction that is being made. (One at a time, in whatever thread.)"""
_query, _lex = Table.query, ConditionExpressionParser._lex_condition_expression
_value_copied, _transacted = DynamoType.__deepcopy__, DynamoDBBackend.transact_write_items
_map, _picked = BaseJSONSerializer._serialize_type_map, AttributePicker.__call__


def quicken() -> None:
    """From here on, in this process."""
    # It copies a table for each write of a transaction, with all that its stream ever held: a run would get slower and
    # slower. Records never change, so a copy may hold the same ones.
    StreamRecord.__deepcopy__ = lambda record, _memo: record  # type: ignore[attr-defined]
    # Nor do values that hold no others, nor the items that a transaction is not about.
    DynamoType.__deepcopy__ = _same  # type: ignore[assignment, method-assign]
    Item.__deepcopy__ = _copied  # type: ignore[assignment, method-assign]
    DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment, method-assign]
    Table.query = _query_of_a_part  # type: ignore[assignment, method-assign]
    BaseJSONSerializer._serialize_type_map = _map_as_it_is  # type: ignore[assignment, method-assign]
    AttributePicker.__call__ = _picked_by_name  # type: ignore[assignment, method-assign]
    ExpressionTokenizer.make_list = cache(ExpressionTokenizer.make_list)  # type: ignore[method-assign]
    # It looks through all of a class for each request.
    responses.method_names_from_class = cache(method_names_from_class)  # type: ignore[attr-defined]
    # It compiles six patterns for each word of an expression.
    ConditionExpressionParser._lex_condition_expression = _lexed  # type: ignore[assignment, method-assign]


def _same(value: DynamoType, memo: dict[int, Any]) -> DynamoType:
    return value if value.type in _UNCHANGING else _value_copied(value, memo)


def _copied(item: Item, memo: dict[int, Any]) -> Item:
    if _about and (item.hash_key.value, item.range_key and item.range_key.value) not in _about:
        return item
    copy, attrs = object.__new__(Item), LimitedSizeDict()
    dict.update(attrs, {name: deepcopy(value, memo) for name, value in item.attrs.items()})  # weighed when written
    copy.hash_key, copy.range_key, copy.attrs = item.hash_key, item.range_key, attrs
    return copy


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    _about.update(_key(backend, next(iter(one.values()))) for one in transact_items)
    try:
        _transacted(backend, transact_items)
    finally:
        _about.clear()


def _key(backend: DynamoDBBackend, operation: dict[str, Any]) -> tuple[Any, Any]:
    table, found = backend.get_table(operation["TableName"]), operation.get("Key") or operation["Item"]
    names = (table.hash_key_attr, table.range_key_attr)
    hash_key, range_key = (next(iter(found[name].values())) if name else None for name in names)
    return hash_key, range_key


def _query_of_a_part(
    table: Table, hash_key: Any, comparison: Any, values: Any, limit: Any,
    start: Any, forward: Any, projection: Any, index_name: Any, *more: Any, **named: Any,
) -> Any:  # fmt: skip
    """It sorts and weighs all that the table holds, whatever is asked for."""
    part: Any = object.__new__(Table)  # type: ignore[type-abstract]
    part.__dict__ |= table.__dict__
    names = {key["AttributeName"] for index in table.all_indexes() if index.name == index_name for key in index.schema}
    if names:
        found = {of: _having(names, rows) for of, rows in table.items.items()}
        part.items = {of: rows for of, rows in found.items() if rows is not None}
    elif comparison and not limit:
        rows = table.items.get(hash_key, {})
        part.items = {hash_key: {key: row for key, row in rows.items() if key.compare(comparison, values)}}
    return _query(part, hash_key, comparison, values, limit, start, forward, projection, index_name, *more, **named)


def _having(names: set[str], rows: Any) -> Any:
    """Of a partition; of a table without sort key its one item, or none."""
    if isinstance(rows, Item):
        return rows if names <= rows.attrs.keys() else None
    return {key: row for key, row in rows.items() if names <= row.attrs.keys()}


def _map_as_it_is(serializer: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """It looks in each value of an item for ten types under several names: two thirds of what an answer takes."""
    if shape.value.name != "AttributeValue":
        _map(serializer, serialized, value, shape, key)
        return
    found: dict[str, Any] = {}
    serializer._default_serialize(serialized, found, shape, key)
    for name, each in value.items():
        if isinstance(each, dict) and each.keys() <= _PLAIN:
            found[name] = each
        else:
            serializer._serialize(found, each, shape.value, name)


def _picked_by_name(picker: AttributePicker, context: AttributePickerContext) -> Any:
    """Most answers are dictionaries, in AWS's own words."""
    if type(context.obj) is dict and context.key in context.obj and not picker.response_transformers:
        return context.obj[context.key]
    return _picked(picker, context)


def _lexed(parser: ConditionExpressionParser) -> deque[Any]:
    return deque(_words(parser.condition_expression or ""))


@cache
def _words(expression: str) -> tuple[Any, ...]:
    return tuple(_lex(ConditionExpressionParser(expression, None, None)))
