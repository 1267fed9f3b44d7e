"""What must be there before a stack can be: credentials, a bucket, a sender that SES knows, a secret."""

import json
import secrets
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deploy.stage import Refused, Stage

type Parameters = dict[str, str]


def check_account(session: Any, stage: Stage) -> None:
    """:raises Refused: without credentials that work, or without the bucket."""
    try:
        session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"AWS does not know you ({error}): set a profile or keys as for the AWS CLI") from None
    try:
        session.client("s3").head_bucket(Bucket=stage.bucket)
    except ClientError:
        raise Refused(
            f"There is no bucket {stage.bucket} that you may use: aws s3 mb s3://{stage.bucket} --region {stage.region}"
        ) from None


def mail_warnings(session: Any, stage: Stage) -> list[str]:
    """What keeps letters from leaving; a stack can be made meanwhile."""
    ses, identity = session.client("sesv2"), stage.parameters.get("MailIdentity", "")
    found = []
    if not _identity(ses, identity).get("VerifiedForSendingStatus"):
        found.append(f"SES has not verified {identity} yet: publish its DKIM records (or click the link in its letter)")
    if not ses.get_account().get("ProductionAccessEnabled"):
        found.append("SES is in its sandbox: only verified addresses get letters until AWS grants production access")
    return found


def first_parameters(session: Any, stage: Stage) -> Parameters:
    """What a new stack makes, and what it finds: one mail identity, one log role, one key, never a second."""
    role = session.client("apigateway").get_account().get("cloudwatchRoleArn")
    return {
        "CreateMailIdentity": "no" if _identity(session.client("sesv2"), stage.parameters["MailIdentity"]) else "yes",
        "CreateLogRole": "no" if role else "yes",
        "ExistingKeyArn": _left_key(session.client("kms"), stage),
    }


def make_secret(session: Any, stage: Stage) -> bool:
    """A secret with fresh keys, if there is none yet; whether it was made.

    :raises Refused: if the one of this name is being deleted.
    """
    manager = session.client("secretsmanager")
    try:
        found = manager.describe_secret(SecretId=stage.secret)
    except manager.exceptions.ResourceNotFoundException:
        manager.create_secret(
            Name=stage.secret,
            Description=f"Client Connect, {stage.name}: docs/operating.md says what each member is",
            SecretString=json.dumps(_fresh_members(stage)),
        )
        return True
    if found.get("DeletedDate"):
        raise Refused(f"{stage.secret} is being deleted: aws secretsmanager restore-secret --secret-id {stage.secret}")
    return False


def _fresh_members(stage: Stage) -> dict[str, object]:
    members: dict[str, object] = {"SIGNING_KEYS": f"1:{secrets.token_hex(32)}", "APP_CREDENTIALS": {}}
    return members if stage.parameters.get("ApiJwksUrl") else members | {"API_SECRET": secrets.token_urlsafe(48)}


def _identity(ses: Any, identity: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = ses.get_email_identity(EmailIdentity=identity)
    except ses.exceptions.NotFoundException:
        return {}
    return found


def _left_key(kms: Any, stage: Stage) -> str:
    """The key that a stack of this name left behind: what it sealed opens with no other."""
    try:
        return str(kms.describe_key(KeyId=f"alias/client-connect-{stage.name}")["KeyMetadata"]["Arn"])
    except kms.exceptions.NotFoundException:
        return ""
