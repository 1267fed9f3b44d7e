"""What a deleted stack leaves behind on purpose, and how to be rid of it on purpose."""

from contextlib import suppress
from typing import Any

from deploy.stage import Stage

KEY_DAYS = 30
"""How long KMS waits before a key is gone for good, and with it everything that was sealed."""


def left_behind(stage: Stage) -> list[str]:
    """What stays when the stack goes."""
    return [
        *(f"table {name}" for name in _tables(stage)),
        f"KMS key alias/client-connect-{stage.name}",
        f"secret {stage.secret}",
        f"mail identity {stage.parameters.get('MailIdentity', '')}",
    ]


def delete(session: Any, stage: Stage) -> None:
    """Delete tables, key (in 30 days) and secret. The mail identity stays: others may send by it."""
    dynamodb, kms = session.client("dynamodb"), session.client("kms")
    for name in _tables(stage):
        try:
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2})
            dynamodb.delete_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            continue
    alias = f"alias/client-connect-{stage.name}"
    try:
        kms.schedule_key_deletion(
            KeyId=kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"], PendingWindowInDays=KEY_DAYS
        )
        kms.delete_alias(AliasName=alias)
    except kms.exceptions.NotFoundException:
        pass
    manager = session.client("secretsmanager")
    # Gone, or on its way already.
    with suppress(manager.exceptions.ResourceNotFoundException, manager.exceptions.InvalidRequestException):
        manager.delete_secret(SecretId=stage.secret)


def _tables(stage: Stage) -> list[str]:
    return [f"client-connect-{stage.name}-{table}" for table in ("core", "vault", "ephemeral")]
