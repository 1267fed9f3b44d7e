"""The whole product on this machine, in this process: `Stack`. For a process of its own see `local.child`."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.services import webhook_signatures
from chalicelib.settings import load
from local import configuration, inbox, letters, ports, receiver, seed, state
from local.aws import LocalAws
from local.background import MAPPING, Background
from local.missing import not_found
from local.ports import HOST, Ports
from local.pump import Pump
from local.queue import QueuePump
from local.servers import Served
from local.simulators import Simulators
from local.stream import TableStream
from local.web import Web

ROOT = Path(__file__).parent.parent

type Say = Callable[[str], None]


class Stack:
    """Everything that `make run` starts. One at a time in a process: the product's settings and moto are global."""

    def __init__(self, where: Ports | None = None, say: Say = lambda _line: None) -> None:
        self.ports = where or ports.free()
        self.base_url = f"http://{HOST}:{self.ports.web}"
        self.api_secret = secrets.token_urlsafe(32)
        self.aws: LocalAws
        self.simulators: Simulators
        self.pump: Pump
        self.inbox_url = ""
        self.connect_url = ""
        self._say = say
        self._started = ExitStack()

    def start(self) -> "Stack":
        """Start it all, or leave nothing behind."""
        steps = (
            ("AWS's stand-in (DynamoDB, KMS, SES, SQS)", self._start_aws),
            ("The simulated apps", self._start_simulators),
            ("Settings and tables", self._prepare),
            ("The product", self._start_product),
            ("The triggers of stream and queue, and the schedules", self._start_background),
            ("The inbox", self._start_inbox),
            (f"The demo entity, {seed.NAME}", self._seed),
        )
        try:
            for number, (what, step) in enumerate(steps, 1):
                self._say(f"{number}/{len(steps)} {what} …")
                step()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what was started, last first, and put the environment back."""
        self._started.close()

    def run(self) -> state.Run:
        """Where everything is."""
        return state.Run(
            pid=os.getpid(),
            base_url=self.base_url,
            inbox_url=self.inbox_url,
            simulators_url=self.simulators.url,
            aws_url=self.aws.url,
            connect_url=self.connect_url,
            api_secret=self.api_secret,
        )

    def _start_aws(self) -> None:
        self.aws = LocalAws(self.ports.aws)
        self._started.callback(self.aws.stop)

    def _start_simulators(self) -> None:
        self._clients = configuration.clients(self.base_url)
        self.simulators = Simulators(self._clients, port=self.ports.simulators)
        self.simulators.start()
        self._started.callback(self.simulators.stop)

    def _prepare(self) -> None:
        self.aws.verify_sender(configuration.MAIL_FROM)
        for queue in (configuration.REVOCATIONS, configuration.WEBHOOKS):
            self.aws.client("sqs").create_queue(QueueName=queue)
        product = configuration.product(self.base_url, self.aws.new_key(), self._clients, self.api_secret)
        self._webhook_secret = webhook_signatures.new_secret()
        hears = {
            "WEBHOOK_URL": f"http://{HOST}:{self.ports.inbox}{receiver.PATH}",
            "WEBHOOK_SECRETS": self._webhook_secret,
        }
        self._set({**configuration.APART, **self.aws.environment(), **product, **hears})
        self._set(configuration.endpoints(self.simulators))
        # Read now, and not at the first request: what the caller's environment adds may be refused.
        load()
        _make_tables()

    def _set(self, environment: Mapping[str, str | None]) -> None:
        before = {name: os.environ.get(name) for name in environment}
        _put(environment)
        self._started.callback(_put, before)

    def _start_product(self) -> None:
        self._product = _product()
        web = Web(self._product, self.ports.web, not_found)
        self._started.callback(web.stop)

    def _start_background(self) -> None:
        stream = TableStream(
            configuration.TABLES["CORE_TABLE"], self.aws.client("dynamodb"), self.aws.client("dynamodbstreams")
        )
        self.pump = Pump(self._product.handler_map["on_core_change"], stream, MAPPING, self._say)
        handlers = self._product.handler_map
        queues = {"on_revocation": configuration.REVOCATIONS, "on_webhook": configuration.WEBHOOKS}
        pumps = {
            name: QueuePump(handlers[name], self.aws.client("sqs"), queue, self._say, name)
            for name, queue in queues.items()
        }
        background = Background({"stream": self.pump, **pumps}, handlers, self._say)
        background.start()
        self._started.callback(background.stop)

    def _start_inbox(self) -> None:
        application = inbox.create(letters.fetch)
        application.register_blueprint(receiver.create(self._webhook_secret))
        served = Served(application, self.ports.inbox)
        self._started.callback(served.stop)
        self.inbox_url = served.url

    def _seed(self) -> None:
        self.connect_url = seed.seed(self.base_url, self.api_secret)


def _product() -> Any:
    """The Chalice app at the project's root, whatever the current directory is."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return import_module("app").app


def _make_tables() -> None:
    from chalicelib.storage.models import tables
    from chalicelib.storage.tables import connect

    connect(*(configuration.TABLES[name] for name in ("CORE_TABLE", "VAULT_TABLE", "EPHEMERAL_TABLE")))
    for model in tables():
        model.create_table(billing_mode="PAY_PER_REQUEST", wait=True)


def _put(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
