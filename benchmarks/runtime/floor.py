"""The floor: the landing page and Square's callback as one would write them by hand for just these two requests.

botocore's clients, Jinja2, urllib3, and nothing of the product but its templates. The same calls of AWS and of the app,
the same page, the same checks of link and state, one log line. What can be made ready when it is packaged stands in
``floor.json``.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import botocore.session
import urllib3
from botocore.config import Config
from jinja2 import Environment, ModuleLoader
from markupsafe import Markup

HERE = Path(__file__).parent
READY = json.loads((HERE / "floor.json").read_text("utf-8"))
CORE, VAULT, EPHEMERAL = (os.environ[f"{name}_TABLE"] for name in ("CORE", "VAULT", "EPHEMERAL"))
APPS = {app["slug"]: app for app in READY["apps"]}
SEGMENT = re.compile(r"([A-Za-z0-9_-]{1,64})~([A-Za-z0-9_-]{44})")

session = botocore.session.get_session()
made = {}


def client(service):
    if service not in made:
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
        made[service] = session.create_client(service, config=config)
    return made[service]


def _environment():
    environment = Environment(
        loader=ModuleLoader(HERE / "templates" / "compiled"), autoescape=True, extensions=["jinja2.ext.i18n"],
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.install_null_translations(newstyle=True)
    environment.globals.update(READY["globals"])
    for name in ("style", "script"):
        environment.globals[name] = Markup(READY["globals"][name])
    environment.globals["url"] = str
    environment.globals["icon"] = lambda app: Markup(app["icon"])
    return environment


environment = _environment()


def secret():
    """Read once."""
    if "secret" not in made:
        answer = client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ID"])
        found = json.loads(answer["SecretString"])
        keys = dict(entry.split(":") for entry in found["SIGNING_KEYS"].split(","))
        found["keys"] = {int(number): _derived(bytes.fromhex(key)) for number, key in keys.items()}
        made["secret"] = found
    return made["secret"]


def _derived(key):
    return hmac.digest(key, b"connect-link\x01", "sha256")


def handler(event, context):
    began = time.perf_counter()
    route = event["requestContext"]["resourcePath"]
    status, headers, body = landing(event) if route == "/c/{link}" else callback(event)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {
        "timestamp": now.replace("+00:00", "Z"), "level": "INFO", "event": "request",
        "function": context.function_name, "request_id": event["requestContext"]["requestId"], "route": route,
        "method": event["httpMethod"], "status": status,
        "milliseconds": round((time.perf_counter() - began) * 1000, 1),
    }  # fmt: skip
    sys.stdout.write(json.dumps(line) + "\n")
    return {"statusCode": status, "headers": headers | READY["headers"], "multiValueHeaders": {}, "body": body}


def landing(event):
    segment = event["pathParameters"]["link"]
    entity_id, nonce = _link(segment)
    found = client("dynamodb").query(
        TableName=CORE,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND sk < :end",
        ExpressionAttributeValues={":pk": {"S": f"E#{entity_id}"}, ":end": {"S": "3#"}},
    )
    entity, *connections = found["Items"]
    assert hmac.compare_digest(entity["nonce"]["B"], nonce)
    asked = {app: {"by": row["M"]["by"]["S"]} for app, row in entity["asked"]["M"].items()}
    connected = {item["app"]["S"] for item in connections}
    page = environment.get_template("pages/landing.html").render(
        entity={"name": entity["name"]["S"]}, link=segment, cards=_cards(connections, asked), invitation_id="",
        connected=len(connected) if asked else 0, wanted=len(connected | set(asked)) if asked else 0,
    )  # fmt: skip
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page


def _link(segment):
    match = SEGMENT.fullmatch(segment)
    raw = base64.urlsafe_b64decode(match[2])
    entity_id, nonce = match[1].encode(), raw[1:17]
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (entity_id, nonce))
    assert hmac.compare_digest(raw[17:], hmac.digest(secret()["keys"][raw[0]], parts, "sha256")[:16])
    return match[1], nonce


def _cards(connections, asked):
    cards = [
        {
            "app": app, "asked": asked.get(slug),
            "connections": [
                {"account": {"name": item["account_name"]["S"]}} for item in connections if item["app"]["S"] == slug
            ],
        }
        for slug, app in APPS.items()
    ]  # fmt: skip
    return sorted(cards, key=lambda card: 2 if card["connections"] else not card["asked"])


def callback(event):
    query = event["queryStringParameters"]
    cookies = dict(pair.strip().split("=", 1) for pair in event["headers"]["cookie"].split(";"))
    attempt_id, claim = hashlib.sha256(query["state"].encode()).hexdigest(), secrets.token_urlsafe(32)
    attempt = _claim(attempt_id, claim, hashlib.sha256(cookies["__Host-browser"].encode()).hexdigest())
    token, merchant = _redeem(query["code"])
    entity_id = attempt["entity_id"]["S"]
    connection = hashlib.sha256(
        b"".join(len(part).to_bytes(4, "big") + part.encode() for part in (entity_id, "square", merchant["id"]))
    ).hexdigest()[:32]
    grant = {"access_token": token["access_token"], "refresh_token": token["refresh_token"]}
    sealed = _sealed(json.dumps(grant).encode(), {"entity": entity_id, "connection": connection, "app": "square"})
    _write(attempt_id, claim, attempt, merchant, connection, sealed)
    return 303, {"Location": f"/attempts/{attempt_id}", "Content-Type": "text/plain; charset=utf-8"}, ""


def _claim(attempt_id, claim, browser):
    now = datetime.now(UTC)
    answer = client("dynamodb").update_item(
        TableName=EPHEMERAL,
        Key={"pk": {"S": f"ATTEMPT#{attempt_id}"}},
        UpdateExpression="SET #state = :claimed, claim = :claim, claimed_at = :at",
        ConditionExpression="(#state = :pending OR claim = :claim) AND app = :app AND browser_hash = :browser "
        "AND expires_at > :now",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={
            ":claimed": {"S": "claimed"}, ":pending": {"S": "pending"}, ":claim": {"S": claim}, ":app": {"S": "square"},
            ":at": {"S": now.isoformat()}, ":browser": {"S": browser}, ":now": {"N": str(int(now.timestamp()))},
        },
        ReturnValues="ALL_NEW",
    )  # fmt: skip
    return answer["Attributes"]


def _pool():
    """One for all callbacks: connections and root certificates stay."""
    if "pool" not in made:
        import certifi

        made["pool"] = urllib3.PoolManager(
            ca_certs=certifi.where(), retries=False, timeout=urllib3.Timeout(total=6), headers=READY["app_headers"]
        )
    return made["pool"]


def _redeem(code):
    app, own = secret()["APP_ENDPOINTS"]["square"], secret()["APP_CREDENTIALS"]["square"]
    body = {
        "grant_type": "authorization_code", "code": code, "client_id": own["client_id"],
        "client_secret": own["client_secret"], "redirect_uri": f"{os.environ['BASE_URL']}/callback/square",
    }  # fmt: skip
    token = _asked("POST", app["token_url"], json=body)
    headers = {**READY["app_headers"], "Authorization": f"Bearer {token['access_token']}"}
    return token, _asked("GET", app["identity_url"], headers=headers)["merchant"]


def _asked(method, url, **options):
    answer = _pool().request(method, url, redirect=False, preload_content=False, **options)
    raw = answer.read(64 * 1024 + 1)
    answer.release_conn()
    assert answer.status == 200 and len(raw) <= 64 * 1024
    return json.loads(raw)


def _sealed(grant, context):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = client("kms").generate_data_key(
        KeyId=os.environ["KMS_KEY_ID"], KeySpec="AES_256", EncryptionContext=context
    )
    nonce, wrapped = os.urandom(12), key["CiphertextBlob"]
    bound = json.dumps(context, sort_keys=True).encode()
    return wrapped + nonce + AESGCM(key["Plaintext"]).encrypt(nonce, grant, wrapped + bound)


def _write(attempt_id, claim, attempt, merchant, connection, sealed):
    now = datetime.now(UTC).isoformat()
    partition, name = f"E#{attempt['entity_id']['S']}", merchant["business_name"]
    event_id = secrets.token_hex(16)
    account = {"account_id": {"S": merchant["id"]}, "app": {"S": "square"}}
    put = {
        **account, "pk": {"S": partition}, "sk": {"S": f"2#square#{connection}"}, "type": {"S": "connection"},
        "account_name": {"S": name}, "status": {"S": "active"}, "connected_at": {"S": now},
        "connected_by": {"S": "connect link"}, "first_connected_at": {"S": now},
    }  # fmt: skip
    vault = {
        **account, "entity_id": attempt["entity_id"], "connection_id": {"S": connection}, "sealed": {"B": sealed},
        "updated_at": {"S": now},
    }  # fmt: skip
    event = {
        **account, "pk": {"S": partition}, "sk": {"S": f"5#{event_id}"}, "type": {"S": "event"}, "at": {"S": now},
        "kind": {"S": "connected"}, "actor": {"S": "connect link"}, "connection_id": {"S": connection},
        "detail": {"S": name}, "due_shard": {"S": "due-0"}, "due_at": {"N": str(int(time.time()) + 120)},
    }  # fmt: skip
    end = {
        "TableName": EPHEMERAL, "Key": {"pk": {"S": f"ATTEMPT#{attempt_id}"}},
        "UpdateExpression": "SET #state = :done, account_id = :id, account_name = :name, reconnected = :no, verifier = :empty",
        "ConditionExpression": "claim = :claim AND #state = :claimed", "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":done": {"S": "done"}, ":id": {"S": merchant["id"]}, ":name": {"S": name}, ":no": {"N": "0"},
            ":empty": {"S": ""}, ":claim": {"S": claim}, ":claimed": {"S": "claimed"},
        },
    }  # fmt: skip
    still = {
        "TableName": CORE, "Key": {"pk": {"S": partition}, "sk": {"S": "1"}}, "ConditionExpression": "nonce = :nonce",
        "ExpressionAttributeValues": {":nonce": attempt["nonce"]},
    }  # fmt: skip
    new = {"TableName": CORE, "Item": put, "ConditionExpression": "attribute_not_exists(pk)"}
    writes = [{"ConditionCheck": still}, {"Put": new}, {"Put": {"TableName": VAULT, "Item": vault}}]
    writes += [{"Put": {"TableName": CORE, "Item": event}}, {"Update": end}]
    client("dynamodb").transact_write_items(TransactItems=writes)
