import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import urllib3

from .shared import READY, client, name_of, secret
from .writes import write

CAP = 64 * 1024


def callback(event: Mapping[str, Any]) -> tuple[int, dict[str, str], str]:
    """One UpdateItem, two calls of the app, a data key, one TransactWriteItems."""
    query = event["queryStringParameters"]
    cookies = dict(pair.strip().split("=", 1) for pair in event["headers"]["cookie"].split(";"))
    attempt_id, claim = hashlib.sha256(query["state"].encode()).hexdigest(), secrets.token_urlsafe(32)
    attempt = _claimed(attempt_id, claim, hashlib.sha256(cookies["__Host-browser"].encode()).hexdigest())
    token, merchant = _redeemed(query["code"])
    entity_id = attempt["entity_id"]["S"]
    connection = name_of(entity_id, "square", merchant["id"])
    grant = {"access_token": token["access_token"], "refresh_token": token["refresh_token"]}
    sealed = _sealed(json.dumps(grant).encode(), {"entity": entity_id, "connection": connection, "app": "square"})
    write(attempt_id, claim, attempt, merchant, connection, sealed)
    return 303, {"Location": f"/attempts/{attempt_id}", "Content-Type": "text/plain; charset=utf-8"}, ""


def _claimed(attempt_id: str, claim: str, browser: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    answer = client("dynamodb").update_item(
        TableName=os.environ["EPHEMERAL_TABLE"],
        Key={"pk": {"S": f"ATTEMPT#{attempt_id}"}},
        UpdateExpression="SET #state = :claimed, claim = :claim, claimed_at = :at",
        ConditionExpression="(#state = :pending OR claim = :claim) AND app = :app AND browser_hash = :browser "
        "AND expires_at > :now",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={
            ":claimed": {"S": "claimed"},
            ":pending": {"S": "pending"},
            ":claim": {"S": claim},
            ":app": {"S": "square"},
            ":at": {"S": now.isoformat()},
            ":browser": {"S": browser},
            ":now": {"N": str(int(now.timestamp()))},
        },
        ReturnValues="ALL_NEW",
    )
    return dict(answer["Attributes"])


@cache
def _pool() -> urllib3.PoolManager:
    """One for all callbacks: connections and root certificates stay."""
    import certifi

    timeout = urllib3.Timeout(total=6)
    return urllib3.PoolManager(ca_certs=certifi.where(), retries=False, timeout=timeout, headers=READY["app_headers"])


def _redeemed(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    app, own = secret()["APP_ENDPOINTS"]["square"], secret()["APP_CREDENTIALS"]["square"]
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": own["client_id"],
        "client_secret": own["client_secret"],
        "redirect_uri": f"{os.environ['BASE_URL']}/callback/square",
    }
    token = _asked("POST", app["token_url"], json=body)
    headers = {**READY["app_headers"], "Authorization": f"Bearer {token['access_token']}"}
    return token, _asked("GET", app["identity_url"], headers=headers)["merchant"]


def _asked(method: str, url: str, **options: Any) -> dict[str, Any]:
    answer = _pool().request(method, url, redirect=False, preload_content=False, **options)
    raw = answer.read(CAP + 1)
    answer.release_conn()
    assert answer.status == 200
    assert len(raw) <= CAP
    return dict(json.loads(raw))


def _sealed(grant: bytes, context: Mapping[str, str]) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = client("kms").generate_data_key(KeyId=os.environ["KMS_KEY_ID"], KeySpec="AES_256", EncryptionContext=context)
    nonce, wrapped = os.urandom(12), bytes(key["CiphertextBlob"])
    bound = json.dumps(context, sort_keys=True).encode()
    return wrapped + nonce + AESGCM(key["Plaintext"]).encrypt(nonce, grant, wrapped + bound)
