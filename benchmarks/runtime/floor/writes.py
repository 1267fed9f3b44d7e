import os
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .shared import client, name_of


def write(  # noqa: PLR0917 - by hand
    attempt_id: str, claim: str, attempt: Mapping[str, Any], merchant: Mapping[str, str], connection: str, sealed: bytes
) -> None:
    """Connection, grant, event and the attempt's end, if the link is still the same."""
    now, partition, name = datetime.now(UTC).isoformat(), f"E#{attempt['entity_id']['S']}", merchant["business_name"]
    core, account = os.environ["CORE_TABLE"], {"account_id": {"S": merchant["id"]}, "app": {"S": "square"}}
    still = {
        "TableName": core,
        "Key": {"pk": {"S": partition}, "sk": {"S": "1"}},
        "ConditionExpression": "nonce = :nonce",
        "ExpressionAttributeValues": {":nonce": attempt["nonce"]},
    }
    new = {
        "TableName": core,
        "Item": account | _connection(partition, connection, name, now),
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    grant = {
        "entity_id": attempt["entity_id"],
        "connection_id": {"S": connection},
        "sealed": {"B": sealed},
        "updated_at": {"S": now},
    }
    writes = [
        {"ConditionCheck": still},
        {"Put": new},
        {"Put": {"TableName": os.environ["VAULT_TABLE"], "Item": account | grant}},
        {"Put": {"TableName": core, "Item": _account(attempt["entity_id"], merchant["id"], connection)}},
        {"Put": {"TableName": core, "Item": account | _event(partition, connection, name, now)}},
        {"Update": _end(attempt_id, claim, merchant["id"], name)},
    ]
    client("dynamodb").transact_write_items(TransactItems=writes)


def _connection(partition: str, connection: str, name: str, now: str) -> dict[str, Any]:
    return {
        "pk": {"S": partition},
        "sk": {"S": f"2#square#{connection}"},
        "type": {"S": "connection"},
        "account_name": {"S": name},
        "status": {"S": "active"},
        "connected_at": {"S": now},
        "connected_by": {"S": "connect link"},
        "first_connected_at": {"S": now},
    }


def _account(entity_id: Mapping[str, str], account_id: str, connection: str) -> dict[str, Any]:
    return {
        "pk": {"S": f"ACCOUNT#{name_of('square', account_id)}"},
        "sk": entity_id,
        "type": {"S": "account"},
        "app": {"S": "square"},
        "connection_id": {"S": connection},
        "living": {"BOOL": True},
    }


def _event(partition: str, connection: str, name: str, now: str) -> dict[str, Any]:
    return {
        "pk": {"S": partition},
        "sk": {"S": f"5#{secrets.token_hex(16)}"},
        "type": {"S": "event"},
        "at": {"S": now},
        "kind": {"S": "connected"},
        "actor": {"S": "connect link"},
        "connection_id": {"S": connection},
        "detail": {"S": name},
        "due_shard": {"S": "due-0"},
        "due_at": {"N": str(int(time.time()) + 120)},
    }


def _end(attempt_id: str, claim: str, account_id: str, name: str) -> dict[str, Any]:
    return {
        "TableName": os.environ["EPHEMERAL_TABLE"],
        "Key": {"pk": {"S": f"ATTEMPT#{attempt_id}"}},
        "UpdateExpression": "SET #state = :done, account_id = :id, account_name = :name, reconnected = :no, "
        "verifier = :empty REMOVE parked",
        "ConditionExpression": "claim = :claim AND #state = :claimed",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":done": {"S": "done"},
            ":id": {"S": account_id},
            ":name": {"S": name},
            ":no": {"N": "0"},
            ":empty": {"S": ""},
            ":claim": {"S": claim},
            ":claimed": {"S": "claimed"},
        },
    }
