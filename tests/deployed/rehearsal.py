"""The packaged stack, deployed by the very code of `make deploy`, and everybody who meets it."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3

from deploy import preparing
from deploy.functions import FUNCTIONS
from deploy.stack import Outputs, Stack
from deploy.stage import Stage
from local import configuration
from local.simulators import Simulators
from local.token import AUDIENCE, ISSUER, SCOPES, make
from tests.deployed import emulator as emulators
from tests.deployed.emulator import REGION, Emulator
from tests.support.visitor import Answer, Platform, Visitor

SECONDS = 60
BUCKET, SECRET = "deployments", "client-connect/rehearsal"
MAIL_FROM = "Client Connect <connect@mail.bookkeep.example>"
SENDERS = ("OnCoreChange", "Sweep")
PARAMETERS = {
    "MailFrom": MAIL_FROM,
    "MailIdentity": "mail.bookkeep.example",
    "AlarmAddress": "operations@bookkeep.example",
    "ApiIssuer": ISSUER,
    "ApiAudience": AUDIENCE,
}


class HttpGateway:
    """Chalice's LocalGateway as a Visitor uses it, but over HTTP and through the stack's API Gateway."""

    def __init__(self, port: int, host: str) -> None:
        self._port, self._host = port, host

    def handle_request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request(method, path, body=body or None, headers={**headers, "host": self._host})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        named = dict(answer.getheaders())
        cookies = answer.msg.get_all("Set-Cookie") or []
        return {
            "statusCode": answer.status,
            "headers": named,
            "multiValueHeaders": {"Set-Cookie": cookies},
            "body": text,
        }


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A deployed stack."""

    emulator: Emulator
    stage: Stage
    base_url: str
    outputs: Outputs
    simulators: Simulators
    api_secret: str

    @property
    def origin(self) -> str:
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.base_url))

    @property
    def prefix(self) -> str:
        """API Gateway's stage, which precedes every path."""
        return urlsplit(self.base_url).path

    def _gateway(self) -> Any:
        return HttpGateway(self.emulator.port, urlsplit(self.base_url).netloc)

    def visitor(self) -> Visitor:
        """Somebody with a fresh browser. Paths begin with the stage."""
        return Visitor(self._gateway(), self.origin)

    def platform(self) -> "Platform":
        return Platform(self._gateway(), make(self.api_secret, SCOPES))

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """One call of the API, as the accounting platform."""
        return self.platform().request(method, f"{self.prefix}/v1{path}", body)

    def letters(self, to: str, about: str = "") -> list[dict[str, Any]]:
        return [letter for letter in self.emulator.letters() if to in letter["To"] and about in letter["Subject"]]

    def letter(self, to: str, about: str) -> dict[str, Any]:
        """The first such letter, as soon as there is one."""
        return eventually(lambda: self.letters(to, about), f"a letter to {to} about {about}")[0]

    def functions(self) -> dict[str, dict[str, Any]]:
        """Each function's configuration by its logical id."""
        found = self.emulator.client("lambda").list_functions()["Functions"]
        return {
            function.name: next(one for one in found if f"-{function.name}-" in one["FunctionName"])
            for function in FUNCTIONS
        }

    def queue(self, body: str) -> None:
        """A message in the queue of revocations."""
        client = self.emulator.client("sqs")
        address = client.get_queue_url(QueueName="client-connect-rehearsal-revocations")["QueueUrl"]
        client.send_message(QueueUrl=address, MessageBody=body)

    def publish(self, message: object) -> None:
        """What SES would publish about a letter."""
        topics = self.emulator.client("sns").list_topics()["Topics"]
        [topic] = [topic["TopicArn"] for topic in topics if topic["TopicArn"].endswith("-mail-events")]
        # Lambda's SNS event always has a subject and attributes; the emulator leaves out what a publisher does not give.
        self.emulator.client("sns").publish(
            TopicArn=topic,
            Subject="Amazon SES Email Event Notification",
            Message=json.dumps(message),
            MessageAttributes={"from": {"DataType": "String", "StringValue": "ses"}},
        )


def eventually[T](found: Callable[[], T], what: str) -> T:
    """What ``found`` answers, as soon as that is something."""
    until = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < until, f"{what}: not within {SECONDS} seconds"
        time.sleep(0.1)
    return value


@contextmanager
def deployed(folder: Path, archive: Path, template: Path) -> Iterator[Rehearsal]:
    """Deploy the package, twice: first as for a new account, then with the address at which this machine finds it."""
    with emulators.running(folder) as emulator:
        # Only while deploying: other tests of this process have an AWS of their own.
        with patch.dict("os.environ", emulator.environment):
            session = boto3.session.Session(region_name=REGION)
            session.client("s3").create_bucket(Bucket=BUCKET)
            stage = _stage()
            preparing.check_account(session, stage)
            assert preparing.make_secret(session, stage)
            first = Stack(session, stage, lambda _line: None, pause=0.1).up(archive, template)
        base_url = f"http://{first['RestAPIId']}.execute-api.localhost:{emulator.port}/live"
        clients = configuration.clients(base_url)
        with Simulators(clients) as simulators:
            with patch.dict("os.environ", emulator.environment):
                secret = _put_secret(session, simulators, clients)
                stage = _stage(BaseUrl=base_url)
                outputs = Stack(session, stage, lambda _line: None, pause=0.1).up(archive, template)
            rehearsal = Rehearsal(
                emulator=emulator,
                stage=stage,
                base_url=base_url,
                outputs=outputs,
                simulators=simulators,
                api_secret=secret["API_SECRET"],
            )
            _let_letters_go(rehearsal)
            yield rehearsal


def _let_letters_go(rehearsal: Rehearsal) -> None:
    """AWS authorises SendEmail on the sender's identity, to which the roles are held; this emulator on ``*`` only. Of
    EventBridge's source and KMS's encryption context, which AWS compares with a role's conditions, it knows nothing,
    and to it a batch of messages is an action of its own.
    """
    functions = rehearsal.functions()
    lacking = {
        **dict.fromkeys(SENDERS, ("ses:SendEmail", "events:PutEvents", "sqs:SendMessageBatch")),
        "OnWebhook": ("kms:Decrypt",),
    }
    for name, actions in lacking.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = functions[name]["Role"].rpartition("/")[2]
        rehearsal.emulator.client("iam").put_role_policy(RoleName=role, PolicyName="emulator", PolicyDocument=policy)


def _stage(**more: str) -> Stage:
    return Stage(name="rehearsal", region=REGION, bucket=BUCKET, secret=SECRET, parameters={**PARAMETERS, **more})


def _put_secret(session: Any, simulators: Simulators, clients: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator does after the first deploy: the apps' credentials go into the secret."""
    manager = session.client("secretsmanager")
    made: dict[str, Any] = json.loads(manager.get_secret_value(SecretId=SECRET)["SecretString"])
    product = configuration.product("http://unused.example", "unused", clients, made["API_SECRET"])
    made["APP_CREDENTIALS"] = json.loads(product["APP_CREDENTIALS"])
    made["APP_ENDPOINTS"] = json.loads(configuration.endpoints(simulators)["APP_ENDPOINTS"])
    manager.put_secret_value(SecretId=SECRET, SecretString=json.dumps(made))
    return made
