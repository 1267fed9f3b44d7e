"""Least privilege, seen: what each function did while it did everything, against what its role may do.

The emulator enforces the roles, so what is missing fails; this test finds what is too much.
"""

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.domain import LetterKind
from deploy.functions import FUNCTIONS
from local.simulators.people import approve
from tests.deployed import emulator, endings, erasures, grants, hooks
from tests.deployed.owners import ask, books, connect
from tests.deployed.rehearsal import Rehearsal, eventually
from tests.support import ses
from tests.support.dance import come_back, left_for

# What AWS does for a function rather than the function itself, and what the emulator has no word for.
NOT_CALLED: set[tuple[str, ...]] = {
    ("logs:CreateLogStream", "Log"),
    ("logs:PutLogEvents", "Log"),
    ("xray:PutTraceSegments", "*"),
    ("xray:PutTelemetryRecords", "*"),
    ("dynamodb:DescribeStream", "CoreTable"),
    ("dynamodb:GetRecords", "CoreTable"),
    ("dynamodb:GetShardIterator", "CoreTable"),
    ("dynamodb:ListStreams", '"*"'),
    ("sqs:SendMessage", "StreamFailures"),
    ("sqs:SendMessage", "MailEventFailures"),
    ("sqs:ReceiveMessage", "Revocations"),
    ("sqs:DeleteMessage", "Revocations"),
    ("sqs:GetQueueAttributes", "Revocations"),
    ("sqs:ReceiveMessage", "Webhooks"),
    ("sqs:DeleteMessage", "Webhooks"),
    ("sqs:GetQueueAttributes", "Webhooks"),
    # Nobody who could answer 410 is on this machine (tests/webhooks has them).
    ("dynamodb:PutItem", "CoreTable", "OnWebhook"),
    ("dynamodb:UpdateItem", "CoreTable", "OnWebhook"),
    # The emulator's CloudTrail has no SES (letters that arrive show the first; AWS asks for the second as well, where
    # SendEmail is given a raw message).
    ("ses:SendEmail", "identity"),
    ("ses:SendRawEmail", "identity"),
}

type Right = tuple[str, str]


def _held(name: str) -> set[Right]:
    """An action and, in a word, on what."""
    function = next(function for function in FUNCTIONS if function.name == name)
    return {
        (action, _word(json.dumps(statement["Resource"])))
        for statement in function.may
        for action in statement["Action"]
    }


def _word(resource: str) -> str:
    words = (
        "index/due",
        "index/entity",
        "CoreTable",
        "VaultTable",
        "EphemeralTable",
        "GrantsKey",
        "SecretName",
        "identity",
    )
    queues = ("StreamFailures", "MailEventFailures", "Revocations", "Webhooks")
    return next(
        (word for word in (*words, *queues, "event-bus", "Log") if word in resource),
        resource,
    )


CALLS = (
    *("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"),
    *("GenerateDataKey", "Decrypt", "GetSecretValue", "SendMessage", "SendMessageBatch"),
    *("ChangeMessageVisibility", "PutEvents"),
)


def _used(stack: Rehearsal) -> dict[str, set[Right]]:
    return {
        name: {
            right
            for call in CALLS
            for event in stack.emulator.calls(emulator.access_key(function["FunctionArn"], function["Role"]), call)
            for right in _rights(event)
        }
        for name, function in stack.functions().items()
    }


def _rights(event: dict[str, Any]) -> Iterator[Right]:
    service, name, said = event["eventSource"].partition(".")[0], event["eventName"], event["requestParameters"] or {}
    if name == "TransactWriteItems":
        for item in said["TransactItems"]:
            [(kind, part)] = item.items()
            action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
            yield f"dynamodb:{action}", _table(part["TableName"])
    elif name == "BatchGetItem":
        yield from ((f"dynamodb:{name}", _table(table)) for table in said["RequestItems"])
    elif service == "dynamodb":
        yield f"dynamodb:{name}", f"index/{said['IndexName']}" if said.get("IndexName") else _table(said["TableName"])
    elif service == "sqs":
        yield f"sqs:{name.removesuffix('Batch')}", "Webhooks" if "-webhooks" in json.dumps(said) else "Revocations"
    else:
        yield f"{service}:{name}", {"kms": "GrantsKey", "secretsmanager": "SecretName", "events": "event-bus"}[service]


def _table(name: str) -> str:
    return f"{name.rpartition('-')[2].capitalize()}Table"


def _do_everything(stack: Rehearsal) -> None:
    """Each flow once: the API, the console, an owner, letters, the sweep, SES's events."""
    acme = books(stack)
    hooks.hooked(stack, acme.id)
    stack.call("PUT", f"/entities/{acme.id}", {"name": "Acme", "admins": [acme.pat]})
    stack.call("PUT", f"/entities/{acme.id}", {"name": "Acme", "admins": [acme.pat, acme.sam]})
    repeated = stack.platform().post(
        f"{stack.prefix}/v1/entities/{acme.id}/invitations",
        {"app": "etsy", "email": acme.olive, "requested_by": acme.pat},
        idempotency_key="once",
    )
    assert repeated.status == 201
    invitation = ask(stack, acme)
    connect(stack, f"{acme.link}")
    connect(stack, f"{acme.link}")
    for admin in (acme.pat, acme.sam):
        stack.letter(admin, "connected")
    [connection] = stack.call("GET", f"/entities/{acme.id}/connections").json
    read = stack.call("GET", f"/entities/{acme.id}/connections/{connection['id']}/credentials")
    assert (read.status, read.json["type"]) == (200, "bearer"), read.body
    grants.read_through_trouble(stack, acme.id)
    grants.kept_through_trouble(stack)
    endings.ended_through_trouble(stack)
    _connect_now(stack, acme.pat, acme.id)
    stack.publish(ses.event("Bounce", _mail(acme.id, acme.olive, invitation)))
    stack.letter(acme.pat, "did not")
    stack.publish(ses.event("Bounce", _mail("", acme.sam, "a" * 32, LetterKind.SIGN_IN)))
    erasures.erased(stack)
    _without_the_stream(stack)


def _without_the_stream(stack: Rehearsal) -> None:
    """The sweep finishes all that the stream's trigger did not."""
    functions, client = stack.functions(), stack.emulator.client("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=functions["OnCoreChange"]["FunctionName"])[
        "EventSourceMappings"
    ]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    acme = books(stack)
    hooks.hooked(stack, acme.id)
    connect(stack, acme.link)
    asked = {"app": "square", "email": acme.olive, "requested_by": acme.pat}
    assert stack.call("POST", f"/entities/{acme.id}/invitations", asked).status == 201
    visitor = stack.visitor()
    visitor.get(f"{stack.prefix}/sign-in")
    visitor.submit("/sign-in", email=acme.sam)
    gone = books(stack)
    connect(stack, gone.link)
    endings.disconnected(stack, gone.id)
    for partition in (f"E#{acme.id}", f"A#{acme.sam}", f"E#{gone.id}"):
        _make_due(stack, partition)
    name = functions["Sweep"]["FunctionName"]
    client.invoke(FunctionName=name, Payload=json.dumps(SCHEDULED).encode())
    assert [len(stack.letters(to)) for to in (acme.olive, acme.pat, acme.sam)] == [1, 1, 2]
    eventually(lambda: endings.in_vault(stack, gone.id) == 0, "an empty vault")
    _make_due(stack, f"E#{acme.id}", again=acme.pat)
    client.invoke(FunctionName=name, Payload=json.dumps(SCHEDULED).encode())
    assert [len(stack.letters(to)) for to in (acme.olive, acme.pat, acme.sam)] == [1, 2, 2]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def _make_due(stack: Rehearsal, partition: str, again: str = "") -> None:
    """As if its two minutes were over; ``again``: as if SES had refused the letters to this address for now."""
    core, table = stack.emulator.client("dynamodb"), "client-connect-rehearsal-core"
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
    for item in core.query(TableName=table, **query)["Items"]:
        key = {"pk": item["pk"], "sk": item["sk"]}
        if "due_at" in item or (again and item.get("to") == {"S": again}):
            values = {":then": {"N": "1"}, ":shard": {"S": "due-0"}, ":state": item.get("state", {"S": "-"})}
            if again:
                values[":state"] = {"S": "retry"}
            core.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET due_at = :then, due_shard = :shard, #state = :state",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=values,
            )


SCHEDULED: dict[str, Any] = dict.fromkeys(
    ("version", "account", "region", "time", "id", "detail-type", "source"), "x"
) | {
    "detail": {},
    "resources": [],
}


def _mail(entity_id: str, to: str, outbox_id: str, kind: LetterKind = LetterKind.INVITATION) -> dict[str, Any]:
    tags = {"kind": [kind.value], "outbox": [outbox_id], **({"entity": [entity_id]} if entity_id else {})}
    return {"timestamp": ses.stamp(), "messageId": "m", "destination": [to], "tags": tags}


def _connect_now(stack: Rehearsal, email: str, entity_id: str) -> None:
    admin = stack.visitor()
    admin.get(f"{stack.prefix}/sign-in")
    admin.submit("/sign-in", email=email)
    letter = stack.letter(email, "ign")
    admin.get(next(word for word in letter["BodyText"].split() if word.startswith(f"{stack.base_url}/sign-in/")))
    admin.submit()
    admin.get(f"{stack.prefix}/entities/{entity_id}/apps/ebay")
    admin.submit("/connect")
    come_back(admin, approve(left_for(admin)))
    assert "is connected" in admin.page.text
    admin.get(f"{stack.prefix}/entities/{entity_id}")
    admin.submit("/sign-out")


def test_no_function_may_more_than_it_did(stack: Rehearsal) -> None:
    """Threat 25."""
    _do_everything(stack)
    # What SES says is heard in its own time.
    eventually(lambda: ("dynamodb:DeleteItem", "CoreTable") in _used(stack)["OnMailEvent"], "the sign-in letter's end")
    eventually(lambda: ("sqs:ChangeMessageVisibility", "Webhooks") in _used(stack)["OnWebhook"], "a pause")
    for name, used in _used(stack).items():
        assert used <= _held(name), name
        not_called = {one[:2] for one in NOT_CALLED if name in one or len(one) == 2}
        assert _held(name) - used - not_called == set(), name
