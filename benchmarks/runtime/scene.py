"""What both functions are asked and what AWS and the app answer them: written with the product's own rows and keys."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pynamodb.models import Model

from chalicelib import keys
from chalicelib.domain import Account, Asked, Attempt, AttemptState, Authority, Connection, ConnectLink, Entity
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.services.links import Links
from chalicelib.storage import attempts, rows

BASE_URL = "https://connect.bookkeep.example"
KEY, KEY_ID = bytes(range(32)), 1
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
CONNECTED = {"stripe": "Acme Coffee", "etsy": "AcmeCoffeeBeans"}
ASKED = "square"
STATE, BROWSER = "s" * 43, "b" * 43
TOKEN = {
    "access_token": "EAAAEBenchmark" + "x" * 50,
    "token_type": "bearer",
    "expires_at": "2026-06-03T09:30:00Z",
    "merchant_id": "MLBENCHMARK",
    "refresh_token": "EQAAEBenchmark" + "x" * 50,
    "short_lived": False,
}
MERCHANT = {"merchant": {"id": "MLBENCHMARK", "business_name": "Acme Coffee", "country": "US", "status": "ACTIVE"}}
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "ASIABENCHMARK",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_SESSION_TOKEN": "benchmark",
    "BASE_URL": BASE_URL,
    "CORE_TABLE": "client-connect-bench-core",
    "VAULT_TABLE": "client-connect-bench-vault",
    "EPHEMERAL_TABLE": "client-connect-bench-ephemeral",
    "KMS_KEY_ID": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "REVOCATIONS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/client-connect-bench-revocations",
    "WEBHOOKS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/client-connect-bench-webhooks",
    "MAIL_FROM": "Client Connect <connect@mail.bookkeep.example>",
    "API_ISSUER": "https://platform.bookkeep.example",
    "API_AUDIENCE": "client-connect",
    "SECRET_ID": "client-connect/bench",
    "STAGE": "bench",
}


def secret(endpoint: str) -> str:
    """The stage's secret: every app has a client, and Square is at ``endpoint``."""
    return json.dumps(
        {
            "SIGNING_KEYS": f"{KEY_ID}:{KEY.hex()}",
            "API_SECRET": "benchmark-secret-of-forty-characters-0123",
            "APP_CREDENTIALS": {
                slug: {"client_id": f"bench-{slug}", "client_secret": "benchmark-client-secret"} for slug in PROVIDERS
            },
            "APP_ENDPOINTS": {"square": {"token_url": f"{endpoint}/token", "identity_url": f"{endpoint}/me"}},
        }
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """An entity that was asked for one app and has connected two others, and an owner who comes back from the app."""

    link: str = field(default_factory=lambda: _links().segment(_entity().link))

    def landing(self) -> dict[str, Any]:
        """A request for the landing page."""
        return _request("/c/{link}", {"link": self.link}, {}, {})

    def callback(self) -> dict[str, Any]:
        """Square's callback."""
        query = {"state": STATE, "code": "sq0cgb-benchmark", "response_type": "code"}
        return _request("/callback/{app}", {"app": ASKED}, query, {"cookie": f"__Host-browser={BROWSER}"})

    def landing_items(self) -> list[dict[str, Any]]:
        """What the landing's Query finds."""
        connections = [rows.connection_item(_connection(app, name)) for app, name in CONNECTED.items()]
        return [_json(item) for item in (rows.entity_item(_entity(), admins=2), *connections)]

    def claimed(self) -> dict[str, Any]:
        """The attempt as the claim's UpdateItem leaves it."""
        return _json(attempts._item(_attempt()))  # noqa: SLF001 - the row as it is written


def _links() -> Links:
    return Links(entities=None, signing_keys={KEY_ID: KEY}, base_url=BASE_URL)  # type: ignore[arg-type]


def _entity() -> Entity:
    link = ConnectLink(entity_id="acme-coffee", nonce=bytes(16), key_id=KEY_ID, generation=1, created_at=NOW)
    asked = {ASKED: Asked(by="pat@acme.example", at=NOW)}
    return Entity(id="acme-coffee", name="Acme Coffee LLC", link=link, created_at=NOW, asked=asked)


def _connection(app: str, name: str) -> Connection:
    return Connection(
        id=keys.name_of("acme-coffee", app, name),
        entity_id="acme-coffee",
        app=app,
        account=Account(id=f"{app}-account", name=name),
        status="active",
        connected_at=NOW,
        connected_by="connect link",
        first_connected_at=NOW,
    )


def _attempt() -> Attempt:
    return Attempt(
        id=keys.digest(STATE),
        entity_id="acme-coffee",
        app=ASKED,
        browser_hash=keys.digest(BROWSER),
        authority=Authority(nonce=bytes(16)),
        tenant="",
        state=AttemptState.CLAIMED,
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    )


def _json(item: Model) -> dict[str, Any]:
    """As DynamoDB writes it."""
    found: dict[str, Any] = json.loads(json.dumps(item.serialize(), default=_base64))
    return found


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _request(
    route: str, parts: Mapping[str, str], query: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, Any]:
    """As API Gateway hands it over."""
    path = route.format(**parts)
    sent = {"accept": "text/html", "host": "connect.bookkeep.example", "user-agent": "Mozilla/5.0", **headers}
    return {
        "resource": route,
        "path": path,
        "httpMethod": "GET",
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": dict(parts),
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": "GET",
            "path": path,
            "stage": "live",
            "domainName": "connect.bookkeep.example",
            "requestId": "00000000-0000-4000-8000-000000000000",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "Mozilla/5.0"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
