"""The whole product in this process: moto for AWS, simulators for the apps, a pump for the stream."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from chalice.config import Config
from chalice.local import LocalGateway

from chalicelib import wiring
from local import configuration
from local.letters import Letter, parse
from local.pump import Pump, SourceMapping
from local.simulators import Simulators
from local.stream import TableStream
from local.token import SCOPES, make
from local.web import _thread_safe
from tests.support.aws import Aws, fresh, furnish
from tests.support.visitor import Platform, Visitor

BASE_URL = "https://connect.bookkeep.example"
API_SECRET = "sentinel-api-secret-0123456789abcdef"
SIGNING_KEYS = f"1:{'5e' * 32}"
STREAMS = "https://streams.dynamodb.us-east-1.amazonaws.com"
TOPIC = "arn:aws:sns:us-east-1:123456789012:client-connect-mail-events"
PAT, SAM, OWNER = "pat@acme.example", "sam@acme.example", "olive@coffee.example"


@cache
def client(service: str, **options: str) -> Any:
    """Clients take long to make, and moto does not mind which of its lives they are used in."""
    return boto3.client(service, **options)


@cache
def _table(name: str) -> Any:
    return boto3.resource("dynamodb").Table(name)


class World:
    """What a test needs of the product, at its edges."""

    def __init__(self, aws: Aws, simulators: Simulators) -> None:
        self.aws = aws
        self.apps = simulators
        self.app = _app()
        self._gateway = LocalGateway(self.app, Config(config_from_disk={"app_name": "client-connect"}))
        self.ephemeral, self.core, self.vault = (Table(name) for name in ("ephemeral", "core", "vault"))
        stream = TableStream("core", client("dynamodb"), client("dynamodbstreams", endpoint_url=STREAMS))
        self.records: list[dict[str, Any]] = []
        self.pump = Pump(self._trigger, stream, SourceMapping(batch_size=25), say=lambda _line: None)

    def _trigger(self, event: dict[str, Any], context: object) -> Mapping[str, Any]:
        self.records += event["Records"]
        return self.trigger(event, context)

    def trigger(self, event: dict[str, Any], context: object = None) -> Mapping[str, Any]:
        """The stream handler, as Lambda calls it."""
        answer: Mapping[str, Any] = self.app.handler_map["on_core_change"](event, context)
        return answer

    def sweep(self) -> None:
        """The schedule's handler, as EventBridge calls it."""
        event = dict.fromkeys(("version", "account", "region", "time", "id", "detail-type", "source"), "x")
        self.app.handler_map["sweep"]({**event, "detail": {}, "resources": []}, None)

    def deliver(self) -> list[Letter]:
        """Let the stream's trigger run until nothing is left; all letters so far."""
        self.pump.once()
        return self.letters()

    def letters(self, to: str = "") -> list[Letter]:
        """All letters that SES took, oldest first."""
        from moto.backends import get_backend
        from moto.core.models import DEFAULT_ACCOUNT_ID

        sent = get_backend("ses")[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
        found = [parse(message.raw_data) for message in sent]
        return [letter for letter in found if not to or to in letter["to"]]

    def visitor(self) -> Visitor:
        """Somebody with a fresh browser."""
        return Visitor(self._gateway, BASE_URL)

    def platform(self, *scopes: str, entities: list[str] | None = None, secret: str = API_SECRET) -> Platform:
        """The accounting platform, with all scopes or with these."""
        return Platform(self._gateway, make(secret, scopes or SCOPES, entities))

    def entity(
        self, entity_id: str = "acme", name: str = "Acme Coffee LLC", admins: tuple[str, ...] = (PAT, SAM)
    ) -> str:
        """An entity that the platform made."""
        answer = self.platform().put(f"/v1/entities/{entity_id}", {"name": name, "admins": list(admins)})
        assert answer.status in {200, 201}, answer.body
        return entity_id

    def link(self, entity_id: str = "acme") -> str:
        """The path of the entity's connect link."""
        url: str = self.platform().get(f"/v1/entities/{entity_id}/link").json["url"]
        return url.removeprefix(BASE_URL)

    def admin(self, email: str = PAT, entity_id: str = "acme") -> Visitor:
        """An admin, signed in."""
        url = self.platform().post(f"/v1/entities/{entity_id}/console-sessions", {"email": email}).json["url"]
        visitor = self.visitor()
        visitor.get(url)
        visitor.submit(url.removeprefix(BASE_URL))
        assert visitor.page.status == 200
        return visitor

    def registered(self, app: str) -> dict[str, str]:
        """Our registration with an app."""
        found: dict[str, str] = json.loads(os.environ["APP_CREDENTIALS"])[app]
        return found

    def connections(self, entity_id: str = "acme") -> list[dict[str, Any]]:
        """What the platform sees connected."""
        found: list[dict[str, Any]] = self.platform().get(f"/v1/entities/{entity_id}/connections").json
        return found

    def events(self, entity_id: str = "acme") -> list[str]:
        """The kinds of what happened, newest first."""
        found = self.platform().get(f"/v1/entities/{entity_id}/events?limit=100").json["items"]
        return [event["kind"] for event in found]


class Table:
    """A table as AWS holds it, for looking and for tampering."""

    def __init__(self, name: str) -> None:
        self.table = _table(name)

    def items(self, kind: str = "") -> list[dict[str, Any]]:
        return [item for item in self.table.scan()["Items"] if not kind or item.get("type") == kind]

    def put(self, item: dict[str, Any]) -> None:
        self.table.put_item(Item=item)


def _app() -> Any:
    import app

    return _thread_safe(app.app)


def environment(simulators: Simulators, clients: Mapping[str, Any]) -> dict[str, str]:
    """The product's settings in tests: constant, so that what wiring caches can stay."""
    product = configuration.product(BASE_URL, "alias/grants", clients, API_SECRET)
    names = {"CORE_TABLE": "core", "VAULT_TABLE": "vault", "EPHEMERAL_TABLE": "ephemeral"}
    mail = {"MAIL_CONFIGURATION_SETS": "client-connect-test", "MAIL_EVENTS_TOPIC": TOPIC}
    return product | configuration.endpoints(simulators) | names | mail | {"SIGNING_KEYS": SIGNING_KEYS}


def forget() -> None:
    """Let wiring make everything anew, from the environment as it is now."""
    for made in vars(wiring).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@contextmanager
def world(simulators: Simulators) -> Iterator[World]:
    """A fresh AWS with our tables, key and sender in it."""
    simulators.reset()
    with fresh() as aws:
        wiring.storage()
        for queue in (configuration.REVOCATIONS, configuration.WEBHOOKS):
            client("sqs").create_queue(QueueName=queue)
        furnish(aws, _make)
        yield World(aws, simulators)


def _make() -> None:
    from chalicelib.storage.models import tables

    for model in tables():
        model.create_table(wait=False)
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/grants", TargetKeyId=key)
    client("sesv2").create_email_identity(EmailIdentity="mail.bookkeep.example")
    client("ses").verify_email_identity(EmailAddress="connect@mail.bookkeep.example")


def settings_with(**changes: str) -> None:
    """Other settings from here on; the ``world`` fixture puts things right afterwards."""
    os.environ.update(changes)
    forget()


__all__ = ["OWNER", "PAT", "SAM", "World", "environment", "forget", "settings_with", "world"]
