"""`make reseal STAGE=…`: the data key of all that is sealed under another KMS key is wrapped anew, under the stage's own.

By KMS's ReEncrypt: no data key ever leaves KMS, and nothing is opened here. A row is written only if it still holds what
was read: a renewal or a new connection meanwhile wins. Killed half way, it is started again: an index of each table has
what is left (docs/decisions/0020-a-data-key-can-be-wrapped-anew.md).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import batched
from operator import and_
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.outbound.envelopes import Context, key_id, wrapping
from chalicelib.outbound.sealing import of_grant, of_webhook
from chalicelib.storage.rows import id_in
from chalicelib.storage.sealed import SHARDS
from deploy.stage import Refused, Stage

AT_ONCE = 8
BATCH = 100
OUTPUT = "SealsWith"
"""The stack's output that names the KMS key which its functions seal with."""
_CONDITION = "ConditionalCheckFailedException"

type Item = Mapping[str, Any]
type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a grant is bound to."""

    entity_id: str
    id: str
    app: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Rows that keep something sealed, in these attributes; some of a row's may be missing."""

    what: str
    table: str
    keys: tuple[str, str]
    attributes: tuple[str, ...]
    context: Callable[[Item], Context]


SEALED = (
    Sealed(
        what="grants",
        table="vault",
        keys=("entity_id", "connection_id"),
        attributes=("sealed",),
        context=lambda item: of_grant(Bound(item["entity_id"], item["connection_id"], item["app"])),
    ),
    Sealed(
        what="webhooks",
        table="core",
        keys=("pk", "sk"),
        attributes=("sealed", "previous"),
        context=lambda item: of_webhook(id_in(item["pk"])),
    ),
)
"""All that KMS's key seals and a table keeps. Grants that wait in a queue to be given back pass within days."""


@dataclass(frozen=True, slots=True)
class Resealing:
    """``key`` is the ARN of the KMS key to seal under; ``names`` are the tables'."""

    dynamodb: Any
    kms: Any
    key: str
    names: Mapping[str, str]
    say: Say

    def run(self) -> int:
        """How many could not be sealed anew; a line for each, and for each hundred rows."""
        return sum(self._kind(kind) for kind in SEALED)

    def _kind(self, kind: Sealed) -> int:
        left, done = sum(answer["Count"] for answer in self._ask(kind, Select="COUNT")), Counter[str]()
        self.say(f"{kind.what}: {left} under another key")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for batch in batched(self._found(kind), BATCH):
                done.update(pool.map(partial(self._one, kind), batch))
                self.say(f"{kind.what}: {done.total()} of {left}: {_told(done)}")
        return done["failed"]

    def _found(self, kind: Sealed) -> Iterator[dict[str, str]]:
        for answer in self._ask(kind):
            yield from ({name: item[name] for name in kind.keys} for item in answer["Items"])

    def _ask(self, kind: Sealed, **options: str) -> Iterator[Mapping[str, Any]]:
        """What stands in the index on either side of our own key: a Query knows no "other than"."""
        own, under = key_id(self.key), Key("sealed_under")
        for shard in SHARDS:
            for other in (under.lt(own), under.gt(own)):
                found = Key("sealed_shard").eq(shard) & other
                asked = {"TableName": self.names[kind.table], "IndexName": "sealed", "KeyConditionExpression": found}
                yield from self.dynamodb.get_paginator("query").paginate(**asked, **options)

    def _one(self, kind: Sealed, key: dict[str, str]) -> str:
        """``resealed``; ``skipped``, if it is another by now or gone; ``failed``, and then nothing has changed."""
        try:
            return "resealed" if self._reseal(kind, key) else "skipped"
        except ValueError as error:
            self.say(f"{kind.what}: {'/'.join(key.values())}: {error}")
        except (BotoCoreError, ClientError) as error:
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            self.say(f"{kind.what}: {'/'.join(key.values())}: {code}")
        return "failed"

    def _reseal(self, kind: Sealed, key: dict[str, str]) -> bool:
        row = {"TableName": self.names[kind.table], "Key": key}
        item = self.dynamodb.get_item(**row, ConsistentRead=True).get("Item", {})
        read = {name: bytes(item[name].value) for name in kind.attributes if name in item}
        new = {name: self._wrapped(sealed, kind.context(item)) for name, sealed in read.items()}
        if new == read:
            return False
        values = {**new, "sealed_under": key_id(self.key)}
        try:
            self.dynamodb.update_item(
                **row,
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression=reduce(and_, (Attr(name).eq(value) for name, value in read.items())),
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _CONDITION:
                raise
            return False
        return True

    def _wrapped(self, sealed: bytes, context: Context) -> bytes:
        """The same under our key; as it is, if it is that already.

        :raises ValueError: if its format is one we do not know.
        """
        found, own = wrapping(sealed), key_id(self.key)
        if found.under == own:
            return sealed
        made = self.kms.re_encrypt(
            CiphertextBlob=found.wrapped,
            SourceKeyId=found.under,
            SourceEncryptionContext=context,
            DestinationKeyId=self.key,
            DestinationEncryptionContext=context,
        )
        return bytes(replace(found, under=own, wrapped=made["CiphertextBlob"]))


def _told(done: Counter[str]) -> str:
    return ", ".join(f"{done[outcome]} {outcome}" for outcome in ("resealed", "skipped", "failed"))


def of_stage(session: Any, stage: Stage, outputs: Mapping[str, str], say: Say) -> Resealing:
    """:raises Refused: if the stack is older than this command."""
    if OUTPUT not in outputs:
        raise Refused(f"The stack does not say which key it seals with: make deploy STAGE={stage.name} first")
    names = {kind.table: f"{stage.stack}-{kind.table}" for kind in SEALED}
    return made(session, outputs[OUTPUT], names, say)


def made(session: Any, key: str, names: Mapping[str, str], say: Say) -> Resealing:
    """``key`` may be an alias."""
    # A resource's client takes and gives plain values, and is for several threads at once.
    dynamodb, kms = session.resource("dynamodb").meta.client, session.client("kms")
    return Resealing(dynamodb, kms, kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"], names, say)
