"""Records read from a real table's stream have the shape in which Lambda hands them over."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from local.aws import LocalAws
from local.pump import Pump
from local.stream import TableStream, lambda_record


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    running = LocalAws()
    yield running
    running.stop()


@pytest.fixture
def table(aws: LocalAws) -> str:
    name = f"t{uuid4().hex}"
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return name


def test_a_new_item_arrives_once_and_in_lambdas_shape(aws: LocalAws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    events: list[dict[str, Any]] = []
    pump = Pump(
        lambda event, _context: events.append(event), TableStream(table, dynamodb, aws.client("dynamodbstreams"))
    )
    item = {"pk": {"S": "a"}, "raw": {"B": b"\x00\xff"}, "many": {"M": {"raws": {"BS": [b"1"]}, "yes": {"BOOL": True}}}}
    dynamodb.put_item(TableName=table, Item=item)

    assert pump.once() == 1
    assert pump.once() == 0

    [event] = events
    [record] = event["Records"]
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"].endswith(f"table/{table}/stream/" + record["eventSourceARN"].rpartition("/")[2])
    change = record["dynamodb"]
    assert change["NewImage"] == {
        "pk": {"S": "a"},
        "raw": {"B": "AP8="},
        "many": {"M": {"raws": {"BS": ["MQ=="]}, "yes": {"BOOL": True}}},
    }
    assert isinstance(change["ApproximateCreationDateTime"], int)
    assert change["StreamViewType"] == "NEW_IMAGE"
    assert change["SequenceNumber"].isdigit()
    json.dumps(event)


def test_changes_and_removals_follow_in_order(aws: LocalAws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    stream = TableStream(table, dynamodb, aws.client("dynamodbstreams"))
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}})
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    assert [record["eventName"] for record in stream.read()] == ["INSERT", "MODIFY"]
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": "a"}})
    assert [record["eventName"] for record in stream.read()] == ["REMOVE"]


def test_a_refused_transaction_leaves_no_record_and_no_silence(aws: LocalAws, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "there"}})
    new = {"Put": {"TableName": table, "Item": {"pk": {"S": "new"}}}}
    taken = {
        "Put": {"TableName": table, "Item": {"pk": {"S": "there"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    }
    stream = TableStream(table, dynamodb, aws.client("dynamodbstreams"))
    assert len(stream.read()) == 1
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[new, taken])
    assert not stream.read()
    dynamodb.transact_write_items(TransactItems=[new])
    assert [record["dynamodb"]["Keys"] for record in stream.read()] == [{"pk": {"S": "new"}}]


def test_a_removal_by_ttl_says_who_removed() -> None:
    change = {"Keys": {}, "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC), "SequenceNumber": "1"}
    record = {
        "eventID": "1",
        "eventName": "REMOVE",
        "dynamodb": change | {"StreamViewType": "NEW_IMAGE"},
        "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    }
    assert lambda_record(record, "arn")["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
