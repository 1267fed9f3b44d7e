"""Reads a table's DynamoDB stream and gives its records the shape in which Lambda hands them over."""

import base64
from functools import cached_property
from typing import Any

from local.pump import Record

_FROM_THE_BEGINNING = {"ShardIteratorType": "TRIM_HORIZON"}


class TableStream:
    """The stream of one table, read once from its beginning. Remembers how far it has read each shard."""

    def __init__(self, table_name: str, dynamodb: Any, streams: Any) -> None:
        self._table_name, self._dynamodb, self._streams = table_name, dynamodb, streams
        self._read_to: dict[str, str] = {}

    @cached_property
    def _arn(self) -> str:
        table = self._dynamodb.describe_table(TableName=self._table_name)["Table"]
        return str(table["LatestStreamArn"])

    def read(self) -> list[Record]:
        """The records that came since the last call, shard by shard, oldest first."""
        found = {shard: self._read_shard(shard) for shard in self._shards()}
        # Only now: what one shard gave must not be lost because the next one failed.
        self._read_to |= {
            shard: records[-1]["dynamodb"]["SequenceNumber"] for shard, records in found.items() if records
        }
        return [record for records in found.values() for record in records]

    def _shards(self) -> list[str]:
        described = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        return [shard["ShardId"] for shard in described["Shards"]]

    def _read_shard(self, shard: str) -> list[Record]:
        """By a new iterator each time: moto's hold a table as it was, and a refused transaction puts another in its place."""
        last = self._read_to.get(shard)
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last} if last else _FROM_THE_BEGINNING
        asked = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **where)
        answer = self._streams.get_records(ShardIterator=asked["ShardIterator"])
        return [lambda_record(record, self._arn) for record in answer["Records"]]


def lambda_record(record: Record, stream_arn: str) -> Record:
    """A record of the GetRecords API as Lambda shapes it: the ARN added, times as numbers, bytes as base64."""
    change = record["dynamodb"]
    images = {name: _json(change[name]) for name in ("Keys", "NewImage", "OldImage") if name in change}
    shaped: Record = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": record.get("awsRegion", ""),
        "dynamodb": {
            **images,
            "ApproximateCreationDateTime": int(change["ApproximateCreationDateTime"].timestamp()),
            "SequenceNumber": change["SequenceNumber"],
            "SizeBytes": change.get("SizeBytes", 0),
            "StreamViewType": change["StreamViewType"],
        },
        "eventSourceARN": stream_arn,
    }
    if identity := record.get("userIdentity"):
        shaped["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    return shaped


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json(inner) for inner in value]
    return value
