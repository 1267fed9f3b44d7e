"""The functions of the stack: how large, how long, and exactly what each may do.

A function may do what its code does, and no more: the pages may write to the vault and have data keys made, but neither
read the vault nor decrypt. `tests/deployed/` compares what each used with what it has.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

type Statement = dict[str, Any]

CORE, VAULT, EPHEMERAL = "CoreTable", "VaultTable", "EphemeralTable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function; ``name`` is its logical id, for most in Chalice's own template."""

    name: str
    log: str
    memory: int
    timeout: int
    """Seconds. A letter's lease is two minutes, so whoever sends letters has less."""
    may: tuple[Statement, ...]
    properties: dict[str, Any]


def _table(table: str, *actions: str) -> Statement:
    return {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": {"Fn::GetAtt": [table, "Arn"]},
    }


_SECRET = {
    "Effect": "Allow",
    "Action": ["secretsmanager:GetSecretValue"],
    # Secrets Manager adds six random characters to a secret's ARN.
    "Resource": {
        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretName}-??????"
    },
}
_SEND_LETTERS = {
    "Effect": "Allow",
    # SES asks for SendRawEmail too, where SendEmail is given a raw message.
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
    "Resource": [
        {"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"},
        {
            "Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/client-connect-${Stage}-*"
        },
    ],
}
# In its sandbox SES asks for the same on the recipient, who is an identity of the account there: whoever it is, from us.
_SEND_IN_THE_SANDBOX = {
    "Effect": "Allow",
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
    "Resource": {"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"},
    "Condition": {
        "StringLike": {
            "ses:FromAddress": [
                {"Fn::Sub": "${MailIdentity}"},
                {"Fn::Sub": "*@${MailIdentity}"},
                {"Fn::Sub": "*@*.${MailIdentity}"},
            ]
        }
    },
}


def _grants_key(action: str) -> Statement:
    key: Any = {"Fn::If": ["MakesKey", {"Fn::GetAtt": ["GrantsKey", "Arn"]}, {"Ref": "ExistingKeyArn"}]}
    if action == "kms:Decrypt":
        # As long as something is sealed under the key before (make reseal), it has to open as well.
        key = {"Fn::If": ["HasFormerKey", [key, {"Ref": "FormerKeyArn"}], key]}
    return {"Effect": "Allow", "Action": [action], "Resource": key}


# By the encryption context (outbound/sealing.py): who posts opens what signs for webhooks, and no grant.
_OPEN_WEBHOOKS = {
    **_grants_key("kms:Decrypt"),
    "Condition": {"StringEquals": {"kms:EncryptionContext:purpose": "webhook"}},
}
_PUT_EVENTS = {
    "Effect": "Allow",
    "Action": ["events:PutEvents"],
    "Resource": {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBus}"},
    "Condition": {"StringEquals": {"events:source": "client-connect"}},
}


_READ_STREAM = {
    "Effect": "Allow",
    "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
    "Resource": {"Fn::GetAtt": ["CoreTable", "StreamArn"]},
}
# Lambda wants it before it makes the mapping, and listing knows no resources.
_LIST_STREAMS = {"Effect": "Allow", "Action": ["dynamodb:ListStreams"], "Resource": "*"}
_FIND_DUE = {
    "Effect": "Allow",
    "Action": ["dynamodb:Query"],
    "Resource": {"Fn::Sub": "${CoreTable.Arn}/index/due"},
}


_FIND_ATTEMPTS = {
    "Effect": "Allow",
    "Action": ["dynamodb:Query"],
    "Resource": {"Fn::Sub": "${EphemeralTable.Arn}/index/entity"},
}


_FIND_DUE_GRANTS = {
    "Effect": "Allow",
    "Action": ["dynamodb:Query"],
    "Resource": {"Fn::Sub": "${VaultTable.Arn}/index/due"},
}


def _queue(queue: str, *actions: str) -> Statement:
    named = [f"sqs:{action}" for action in actions]
    return {"Effect": "Allow", "Action": named, "Resource": {"Fn::GetAtt": [queue, "Arn"]}}


def _park(queue: str) -> Statement:
    return _queue(queue, "SendMessage")


# DynamoDB hands out what it overwrites, if it is asked to: these may not ask, or to write would be to read.
def _write_vault(*actions: str) -> Statement:
    return {
        **_table(VAULT, *actions),
        "Condition": {"StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}},
    }


_LETTERS = (
    _table(CORE, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    _table(EPHEMERAL, "PutItem"),
    _SECRET,
    _SEND_LETTERS,
    _SEND_IN_THE_SANDBOX,
    # What else follows from an event: a grant that is to be given back; and the event leaves.
    _queue("Revocations", "SendMessage"),
    _queue("Webhooks", "SendMessage"),
    _PUT_EVENTS,
)

# Whoever opens grants renews them too: reads, leases, writes, and says what became of the connection.
_GRANTS = (
    _table(CORE, "PutItem", "UpdateItem"),
    _table(VAULT, "GetItem", "UpdateItem"),
    _table(EPHEMERAL, "BatchGetItem", "UpdateItem", "DeleteItem"),
    _grants_key("kms:Decrypt"),
    _grants_key("kms:GenerateDataKey"),
    _SECRET,
)

FUNCTIONS = (
    Function(
        name="APIHandler",
        log="api",
        memory=1024,
        timeout=29,
        may=(
            _table(
                CORE, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"
            ),
            _write_vault("PutItem", "UpdateItem"),
            _table(EPHEMERAL, "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
            _grants_key("kms:GenerateDataKey"),
            _SECRET,
        ),
        properties={},
    ),
    # The same zip and the same handler, behind one route: no page can open a grant.
    Function(
        name="CredentialsHandler",
        log="credentials",
        memory=1024,
        timeout=29,
        # That a day's first reading is in the history already.
        may=(*_GRANTS, _table(EPHEMERAL, "PutItem")),
        properties={
            "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "Handler": "app.app",
            "CodeUri": "./deployment.zip",
            "Architectures": ["x86_64"],
        },
    ),
    Function(
        name="OnCoreChange",
        log="on-core-change",
        memory=512,
        timeout=90,
        may=(*_LETTERS, _READ_STREAM, _LIST_STREAMS, _park("StreamFailures")),
        properties={
            "Events": {
                "OnCoreChangeDynamodbEventSource": {
                    "Properties": {
                        "Stream": {"Fn::GetAtt": ["CoreTable", "StreamArn"]},
                        "StartingPosition": "TRIM_HORIZON",
                        "FunctionResponseTypes": ["ReportBatchItemFailures"],
                        "BisectBatchOnFunctionError": True,
                        "MaximumRetryAttempts": 5,
                        "MaximumRecordAgeInSeconds": 21600,
                        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["StreamFailures", "Arn"]}}},
                        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]},
                    }
                }
            }
        },
    ),
    Function(
        name="Sweep",
        log="sweep",
        memory=512,
        timeout=55,
        may=(*_LETTERS, _FIND_DUE),
        # The next minute's sweep is the retry.
        properties={"EventInvokeConfig": {"MaximumRetryAttempts": 0}},
    ),
    Function(
        name="KeepAlive",
        log="keep-alive",
        memory=512,
        # Less than the five minutes to the next run.
        timeout=240,
        may=(*_GRANTS, _FIND_DUE_GRANTS),
        # The next run is the retry.
        properties={"EventInvokeConfig": {"MaximumRetryAttempts": 0}},
    ),
    # It removes entities. In the vault it sees what is sealed, may not open it, and leaves emptying to who may.
    Function(
        name="Erase",
        log="erase",
        memory=512,
        # Less than the five minutes to the next run.
        timeout=240,
        may=(
            _table(CORE, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
            _FIND_DUE,
            _table(VAULT, "Query"),
            _write_vault("UpdateItem"),
            _table(EPHEMERAL, "DeleteItem"),
            _FIND_ATTEMPTS,
            _SECRET,
            _queue("Revocations", "SendMessage"),
        ),
        # The next run is the retry.
        properties={"EventInvokeConfig": {"MaximumRetryAttempts": 0}},
    ),
    # It alone empties the vault. What it cannot give back yet it puts back into the queue, sealed.
    Function(
        name="OnRevocation",
        log="on-revocation",
        memory=512,
        timeout=60,
        may=(
            _table(CORE, "Query", "PutItem", "UpdateItem", "ConditionCheckItem"),
            _table(VAULT, "GetItem", "DeleteItem"),
            _grants_key("kms:Decrypt"),
            _grants_key("kms:GenerateDataKey"),
            _SECRET,
            _queue("Revocations", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"),
        ),
        properties={
            "Events": {
                "OnRevocationSqsEventSource": {
                    "Properties": {
                        "Queue": {"Fn::GetAtt": ["Revocations", "Arn"]},
                        # An app that is asked to end a thousand grants at once must not be asked all at once.
                        "ScalingConfig": {"MaximumConcurrency": 4},
                    }
                }
            }
        },
    ),
    # It leads to addresses that the platform set. No vault, and of all that is sealed only what signs.
    Function(
        name="OnWebhook",
        log="on-webhook",
        memory=256,
        timeout=30,
        may=(
            _table(CORE, "BatchGetItem", "PutItem", "UpdateItem"),
            _OPEN_WEBHOOKS,
            _SECRET,
            _queue("Webhooks", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"),
        ),
        properties={
            "Events": {
                "OnWebhookSqsEventSource": {
                    "Properties": {
                        "Queue": {"Fn::GetAtt": ["Webhooks", "Arn"]},
                        "FunctionResponseTypes": ["ReportBatchItemFailures"],
                        # Slow receivers must not take the pages' concurrency, which a new account has ten of.
                        "ScalingConfig": {"MaximumConcurrency": 4},
                    }
                }
            }
        },
    ),
    Function(
        name="OnMailEvent",
        log="on-mail-event",
        memory=256,
        timeout=30,
        may=(
            _table(CORE, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
            _SECRET,
            _park("MailEventFailures"),
        ),
        properties={
            "Events": {"OnMailEventSnsSubscription": {"Properties": {"Topic": {"Ref": "MailEvents"}}}},
            "EventInvokeConfig": {
                "MaximumRetryAttempts": 2,
                "DestinationConfig": {
                    "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["MailEventFailures", "Arn"]}}
                },
            },
        },
    ),
)


def resources() -> Iterator[tuple[str, dict[str, Any]]]:
    """For each function: its settings, merged into what Chalice says of it, its log and its role."""
    for function in FUNCTIONS:
        log, role = f"{function.name}Log", f"{function.name}Role"
        yield (
            function.name,
            {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "MemorySize": function.memory,
                    "Timeout": function.timeout,
                    "Role": {"Fn::GetAtt": [role, "Arn"]},
                    # Our lines are JSON already and pass as they are; a level above INFO would drop the metrics in them.
                    "LoggingConfig": {"LogGroup": {"Ref": log}, "LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
                    "Tracing": "Active",
                    **function.properties,
                },
            },
        )
        yield log, _log(function)
        yield role, _role(function, log)


def _log(function: Function) -> dict[str, Any]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/client-connect/${{Stage}}/{function.log}"},
            "RetentionInDays": {"Ref": "LogRetentionDays"},
        },
    }


def _role(function: Function, log: str) -> dict[str, Any]:
    write_log = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [log, "Arn"]},
    }
    # X-Ray knows no resources.
    trace = {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"}
    assume = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [assume]},
            "Policies": [
                {
                    "PolicyName": "what-it-does",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [*function.may, write_log, trace]},
                }
            ],
        },
    }
