"""The life of a grant on the deployed stack, where no clock can be turned: the vault's times are, instead."""

import json
from typing import Any

from local.simulators import Misbehaviour
from tests.deployed.owners import books, connect
from tests.deployed.rehearsal import Rehearsal
from tests.support.visitor import Answer

VAULT = "client-connect-rehearsal-vault"
LONG_AGO = "2026-01-01T00:00:00.000000+0000"
SCHEDULED = dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source"), "x")


def read_through_trouble(stack: Rehearsal, entity_id: str) -> None:
    """The app fails, then gives a new token, then says that it is over."""
    stack.simulators.misbehave("square", "token", Misbehaviour.UNAVAILABLE)
    _aged(stack, entity_id, "expires_at")
    assert _read(stack, entity_id).status == 503
    _aged(stack, entity_id, "expires_at", forget="retry_at")
    answer = _read(stack, entity_id)
    assert answer.status == 200, answer.body
    stack.simulators.misbehave("square", "token", Misbehaviour.INVALID_GRANT)
    _aged(stack, entity_id, "expires_at")
    assert _read(stack, entity_id).status == 409


def kept_through_trouble(stack: Rehearsal) -> None:
    """The same, and a look whether the app still knows us, by the scheduled run."""
    made = books(stack)
    connect(stack, made.link)
    stack.simulators.misbehave("square", "token", Misbehaviour.UNAVAILABLE)
    _aged(stack, made.id, "refreshed_at")
    assert _run(stack) == {"due": 1, "done": 1, "failed": 1}
    _aged(stack, made.id, "refreshed_at", forget="retry_at")
    assert _run(stack) == {"due": 1, "done": 1, "failed": 0}
    _aged(stack, made.id, "checked_at")
    assert _run(stack) == {"due": 1, "done": 1, "failed": 0}
    stack.simulators.misbehave("square", "token", Misbehaviour.INVALID_GRANT)
    _aged(stack, made.id, "refreshed_at")
    assert _run(stack) == {"due": 1, "done": 1, "failed": 1}
    [connection] = stack.call("GET", f"/entities/{made.id}/connections").json
    assert connection["status"] == "needs_attention"


def _read(stack: Rehearsal, entity_id: str) -> Answer:
    [connection] = stack.call("GET", f"/entities/{entity_id}/connections").json
    return stack.call("GET", f"/entities/{entity_id}/connections/{connection['id']}/credentials")


def _run(stack: Rehearsal) -> Any:
    name = stack.functions()["KeepAlive"]["FunctionName"]
    payload = json.dumps({**SCHEDULED, "detail": {}, "resources": []}).encode()
    answer = stack.emulator.client("lambda").invoke(FunctionName=name, Payload=payload)
    return json.loads(answer["Payload"].read())


def _aged(stack: Rehearsal, entity_id: str, name: str, forget: str = "lease_until") -> None:
    """As if this were long ago, and something were due since."""
    client = stack.emulator.client("dynamodb")
    query = {"KeyConditionExpression": "entity_id = :id", "ExpressionAttributeValues": {":id": {"S": entity_id}}}
    for item in client.query(TableName=VAULT, **query)["Items"]:
        client.update_item(
            TableName=VAULT,
            Key={"entity_id": item["entity_id"], "connection_id": item["connection_id"]},
            UpdateExpression=f"SET {name} = :then, due_at = :due REMOVE {forget}",
            ExpressionAttributeValues={":then": {"S": LONG_AGO}, ":due": {"N": "1"}},
        )
