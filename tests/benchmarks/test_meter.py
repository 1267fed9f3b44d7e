from unittest.mock import patch

import pytest

from benchmarks.calls import is_over
from benchmarks.meter import Bill
from benchmarks.operations import Operation, operations
from benchmarks.stage import Stage
from chalicelib.domain import Books
from chalicelib.services.links import Links
from tests.support import aws

_open = Links.open


def _open_and_look_again(self: Links, segment: str) -> Books:
    books = _open(self, segment)
    self.entities.get(books.entity.id)
    return books


def _landing() -> Operation:
    return next(operation for operation in operations() if operation.name == "Landing page")


def _bill(stage: Stage, operation: Operation) -> Bill:
    return stage.measured(operation.ready(stage))


@pytest.mark.parametrize(
    "operation", [operation for operation in operations() if operation.most], ids=lambda operation: operation.name
)
def test_each_operation_is_within_its_budget(stage: Stage, operation: Operation) -> None:
    """The second time, as the report has it: what a process remembers for a while is at hand."""
    operation.ready(stage)()
    assert not is_over(operation, _bill(stage, operation))


def test_a_renewal_is_four_calls_more_and_one_of_the_apps(stage: Stage) -> None:
    """And a reading with its key at hand is one call."""
    reading, _, _, renewed = (_measured(stage, name) for name in READINGS)
    assert reading.calls == ["dynamodb.GetItem"]
    assert renewed.calls == [
        *("dynamodb.GetItem", "dynamodb.UpdateItem", "kms.Decrypt", "kms.GenerateDataKey", "dynamodb.UpdateItem"),
    ]
    assert (reading.apps, renewed.apps) == (0, 1)


READINGS = [operation.name for operation in operations() if operation.name.startswith("GET credentials")]


def _measured(stage: Stage, name: str) -> Bill:
    operation = next(operation for operation in operations() if operation.name == name)
    operation.ready(stage)()
    return _bill(stage, operation)


def test_a_page_costs_one_query(stage: Stage) -> None:
    bill = _bill(stage, _landing())
    assert bill.calls == ["dynamodb.Query"]
    assert (bill.read, bill.written) == (1, 0)


def test_one_call_more_is_noticed(stage: Stage) -> None:
    with patch.object(Links, "open", _open_and_look_again):
        bill = _bill(stage, _landing())
    assert bill.calls == ["dynamodb.Query", "dynamodb.GetItem"]
    assert bill.read == 2
    assert is_over(_landing(), bill)


def test_a_key_more_and_a_question_more_are_noticed() -> None:
    """Whatever the design allows of DynamoDB: KMS and the apps have budgets of their own."""
    reading = next(operation for operation in operations() if operation.name == READINGS[0])
    assert not is_over(reading, Bill(calls=["dynamodb.GetItem"]))
    assert is_over(reading, Bill(calls=["dynamodb.GetItem", "kms.Decrypt"]))
    assert is_over(reading, Bill(calls=["dynamodb.GetItem"], apps=1))


def test_a_repeated_try_is_a_call(stage: Stage) -> None:
    act = _landing().ready(stage)
    stage.world.aws.fail("Query", aws.error("InternalServerError", 500))
    assert stage.measured(act).operations == "Query, Query"


def test_kms_and_the_app_are_counted_apart(stage: Stage) -> None:
    _, callback = stage.callback(stage.entity())
    bill = stage.measured(callback)
    assert (bill.count("dynamodb"), bill.count("kms"), bill.apps) == (2, 1, 2)


def test_what_is_made_ready_costs_nothing(stage: Stage) -> None:
    with stage.meter.bill() as bill:
        pass
    stage.connect(stage.entity())
    assert bill == Bill()
