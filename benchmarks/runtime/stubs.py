"""AWS and the app, each with the few answers that the two requests need, in the form in which they give them."""

import base64
import json
import os
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.runtime.loopback import Asked, Loopback, Said
from benchmarks.runtime.scene import ENVIRONMENT, MERCHANT, TOKEN, Scene, secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything outside of the function, and what was asked of it."""

    environment: Mapping[str, str]
    calls: list[str] = field(default_factory=list)
    """In order; of a transaction, also its operations."""


def _consumed(table: str, units: float) -> dict[str, object]:
    return {"CapacityUnits": units, "TableName": ENVIRONMENT[f"{table.upper()}_TABLE"]}


@contextmanager
def outside(scene: Scene, tls: ssl.SSLContext) -> Iterator[Outside]:
    """AWS on plain HTTP and the app on TLS, as long as the ``with`` lasts."""
    calls: list[str] = []
    with Loopback(_App(calls).answer, tls) as app, Loopback(_Aws(calls, scene, app.url).answer) as aws:
        yield Outside(environment={**ENVIRONMENT, "AWS_ENDPOINT_URL": aws.url}, calls=calls)


class _App:
    """Square's token endpoint, and who the merchant is."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def answer(self, asked: Asked) -> Said:
        self._calls.append(f"{asked.method} {asked.path}")
        if asked.path == "/token":
            assert json.loads(asked.body)["grant_type"] == "authorization_code"
            return _said(TOKEN, "application/json")
        assert asked.headers["authorization"] == f"Bearer {TOKEN['access_token']}"
        return _said(MERCHANT, "application/json")


class _Aws:
    """JSON-protocol services: DynamoDB, KMS, Secrets Manager. Each answer is written once."""

    def __init__(self, calls: list[str], scene: Scene, app: str) -> None:
        self._calls = calls
        found = scene.landing_items()
        answers: dict[str, dict[str, Any]] = {
            "Query": {"Count": len(found), "Items": found, "ScannedCount": len(found)},
            "UpdateItem": {"Attributes": scene.claimed()},
            "TransactWriteItems": {},
            "GenerateDataKey": _data_key(),
            "GetSecretValue": _secret(app),
        }
        self._answers = {name: _said(answer, _kind(name)) for name, answer in answers.items()}
        self._answers |= {
            f"{name}+": _said(answers[name] | {"ConsumedCapacity": capacity}, _DYNAMODB)
            for name, capacity in _CONSUMED.items()
        }

    def answer(self, asked: Asked) -> Said:
        assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIABENCHMARK/")
        operation = asked.headers["x-amz-target"].rpartition(".")[2]
        self._calls.append(operation + _inside(operation, asked.body))
        # PynamoDB wants to know.
        return self._answers[f"{operation}+" if b"ReturnConsumedCapacity" in asked.body else operation]


_DYNAMODB, _JSON = "application/x-amz-json-1.0", "application/x-amz-json-1.1"
_CONSUMED: Mapping[str, object] = {
    "Query": _consumed("core", 1.0),
    "UpdateItem": _consumed("ephemeral", 1.0),
    "TransactWriteItems": [_consumed("core", 6.0), _consumed("vault", 2.0), _consumed("ephemeral", 2.0)],
}


def _kind(operation: str) -> str:
    return _DYNAMODB if operation in _CONSUMED else _JSON


def _inside(operation: str, body: bytes) -> str:
    """A Query's table and condition, and what a transaction does where: both sides must ask the same."""
    asked = json.loads(body)
    if operation == "TransactWriteItems":
        done = ((kind, write["TableName"]) for item in asked["TransactItems"] for kind, write in item.items())
        return "".join(f", {kind} {table.rpartition('-')[2]}" for kind, table in done)
    return " consistently" if asked.get("ConsistentRead") else ""


def _data_key() -> dict[str, Any]:
    return {
        "CiphertextBlob": base64.b64encode(os.urandom(184)).decode(),
        "KeyId": ENVIRONMENT["KMS_KEY_ID"],
        "Plaintext": base64.b64encode(os.urandom(32)).decode(),
    }


def _secret(app: str) -> dict[str, Any]:
    return {
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:client-connect/bench-AbCdEf",
        "CreatedDate": 1777887000.0,
        "Name": ENVIRONMENT["SECRET_ID"],
        "SecretString": secret(app),
        "VersionId": "00000000-0000-4000-8000-000000000000",
        "VersionStages": ["AWSCURRENT"],
    }


def _said(document: Mapping[str, Any], kind: str) -> Said:
    """DynamoDB says each answer's checksum, which its clients look at."""
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = {"Content-Type": kind, "x-amzn-RequestId": "BENCHMARKBENCHMARKBENCHMARKBENCHMARKBENCHMARKBENCHMA"}
    if kind == _DYNAMODB:
        headers["x-amz-crc32"] = str(zlib.crc32(body))
    return Said(headers=headers, body=body)
