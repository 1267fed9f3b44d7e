"""How storage talks to DynamoDB: one client for all tables, outages as ``Unavailable``, transactions with labels."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.errors import Unavailable
from chalicelib.outbound import aws
from chalicelib.storage.models import ATTEMPTS, CoreItem, EphemeralItem, VaultItem

CONFLICT_TRIES = 4
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_CONDITION = "ConditionalCheckFailed"

BEGINNING_OF_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class ConditionFailed(Exception):
    """A condition did not hold. ``labels`` names the transaction's operations that said no.

    ``items`` has what those found in their place, raw, of operations that were to tell.
    """

    def __init__(
        self, labels: frozenset[str] = frozenset(), items: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(*sorted(labels))
        self.labels = labels
        self.items: Mapping[str, Mapping[str, Any]] = defaultdict(dict, items or {})


def connect(core: str, vault: str, ephemeral: str) -> None:
    """Name the tables and give all models one client, ours (PynamoDB would make one for each, from a session of its own)."""
    shared: Connection | None = None
    for model, name in ((CoreItem, core), (VaultItem, vault), (EphemeralItem, ephemeral)):
        model.Meta.table_name = name
        model._connection = None
        table = model._get_connection()
        if shared is None:
            shared = table.connection
            shared._client = aws.client("dynamodb", attempts=ATTEMPTS)
        else:
            meta: MetaTable = table.get_meta_table()
            shared.add_meta_table(meta)
            table.connection = shared


@contextmanager
def _in_our_words() -> Iterator[None]:
    """An outage stays an outage; a failed condition becomes ``ConditionFailed``."""
    try:
        yield
    except DoesNotExist:
        raise
    except PynamoDBException as error:
        if _code(error) == "ConditionalCheckFailedException":
            raise ConditionFailed from None
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error


def call[T](operation: Callable[[], T]) -> T:
    """Run one DynamoDB call. A conflict with someone's transaction passes; a failed condition does not.

    :raises ConditionFailed: and nothing was written.
    :raises Unavailable: and it is not known whether anything was.
    """
    for left in reversed(range(CONFLICT_TRIES)):
        try:
            with _in_our_words():
                return operation()
        except Unavailable as error:
            if not left or not _conflicted(error.__cause__):
                raise
            _pause(left)
    raise AssertionError("unreachable")


def _conflicted(error: BaseException | None) -> bool:
    return isinstance(error, PynamoDBException) and _code(error) == "TransactionConflictException"


def _code(error: PynamoDBException) -> str:
    """What DynamoDB answered. Not PynamoDB's own ``cause_response_code``: it fails when no answer came at all."""
    response: Mapping[str, Any] = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _pause(left: int) -> None:
    """Full jitter, longer each time: the other transaction needs a moment to end."""
    time.sleep(random.uniform(0, 0.02 * 2 ** (CONFLICT_TRIES - left)))  # noqa: S311 - jitter, no secret


def update(item: Model, actions: Sequence[Action], condition: Condition) -> None:
    """UpdateItem; ``item`` then holds what is stored. Raises what ``call`` raises."""
    call(lambda: item.update(list(actions), condition=condition))


class Transaction:
    """TransactWriteItems whose operations have labels, so that a refusal can say which of them refused."""

    def __init__(self) -> None:
        self._operations: list[tuple[str, str, Callable[[TransactWrite], None]]] = []

    def _add(self, kind: str, label: str, operation: Callable[[TransactWrite], None]) -> None:
        self._operations.append((kind, label, operation))

    def check(self, label: str, model: type[Model], key: tuple[str, ...], condition: Condition) -> None:
        hash_key, range_key = (*key, None)[:2]
        self._add("1 check", label, lambda write: write.condition_check(model, hash_key, range_key, condition))

    def delete(self, label: str, item: Model, condition: Condition | None = None) -> None:
        self._add("2 delete", label, lambda write: write.delete(item, condition=condition))

    def put(self, label: str, item: Model, condition: Condition | None = None, *, telling: bool = False) -> None:
        values = "ALL_OLD" if telling else None
        self._add("3 put", label, lambda write: write.save(item, condition=condition, return_values=values))

    def update(self, label: str, item: Model, actions: Sequence[Action], condition: Condition) -> None:
        self._add("4 update", label, lambda write: write.update(item, actions=list(actions), condition=condition))

    def commit(self) -> None:
        """All or nothing.

        :raises ConditionFailed: with the labels of the operations whose conditions did not hold.
        :raises Unavailable: and it is not known whether anything was written.
        """
        for left in reversed(range(CONFLICT_TRIES)):
            try:
                with _in_our_words():
                    return self._commit()
            except Unavailable as error:
                codes = _cancellation_codes(error.__cause__)
                refused = frozenset(
                    label for label, code in zip(self._labels(), codes, strict=False) if code == _CONDITION
                )
                if refused:
                    raise ConditionFailed(refused, self._told(error.__cause__)) from None
                if not left or not _PASSING & set(codes):
                    raise
                _pause(left)
        raise AssertionError("unreachable")

    def _told(self, error: BaseException | None) -> dict[str, Mapping[str, Any]]:
        reasons: list[Any] = getattr(error, "cancellation_reasons", [])
        pairs = zip(self._labels(), reasons, strict=False)
        return {label: reason.raw_item for label, reason in pairs if reason and reason.raw_item}

    def _commit(self) -> None:
        with TransactWrite(connection=CoreItem._get_connection().connection) as write:
            for _kind, _label, operation in self._operations:
                operation(write)

    def _labels(self) -> list[str]:
        """PynamoDB sends checks, deletes, puts, updates, and the reasons come back in that order."""
        return [label for _kind, label, _ in sorted(self._operations, key=lambda operation: operation[0])]


def _cancellation_codes(error: BaseException | None) -> list[str]:
    reasons: list[Any] = getattr(error, "cancellation_reasons", [])
    return [reason.code if reason else "" for reason in reasons]
