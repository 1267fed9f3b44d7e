"""Receivers of events in tests, and handing the queue for webhooks to its function as SQS does."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from standardwebhooks.webhooks import Webhook

from chalicelib import wiring
from local import configuration
from tests.support.world import World

HOST = "hooks.acme.example"
URL = f"https://{HOST}/events?of=connect"
PATH = "/v1/entities/acme/webhook"
PUBLIC = "93.184.215.14"
GIVEN_UP_AFTER = 60


@dataclass
class Posted:
    """What a receiver was sent."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def verified(self, secret: str) -> dict[str, Any]:
        """By the standard's own library; raises if the signature is not good."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return found


@dataclass
class Receiver:
    """Takes what comes, or answers with the next of ``answers``: a status, or raw bytes as they are."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: list[int | bytes | threading.Event] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    connections: list[tuple[str, int]] = field(default_factory=list)
    """The addresses that were connected to, as if there were an Internet."""

    @property
    def events(self) -> list[str]:
        return [posted.event["type"] for posted in self.posted]


@contextmanager
def listening(*, tls: bool = True) -> Iterator[Receiver]:
    """A receiver on this machine; over TLS it has a certificate for ``HOST``."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.posted.append(Posted(self.path, headers, raw.decode()))
            _answer(self, receiver, receiver.answers.pop(0) if receiver.answers else 204)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate())
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, receiver: Receiver, answer: int | bytes | threading.Event) -> None:
    if isinstance(answer, threading.Event):  # drips, until the test is over or has waited for long enough
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not answer.wait(0.05):
            try:
                handler.wfile.write(b"X-Drip: 1\r\n")
            except OSError:
                return
    elif isinstance(answer, bytes):
        handler.wfile.write(answer)
    else:
        handler.send_response(answer)
        for name, value in receiver.headers.items():
            handler.send_header(name, value)
        handler.end_headers()


@cache
def certificate() -> Path:
    """Key and certificate for ``HOST``, which signs itself; in a file, as Python's ssl wants it."""
    import tempfile
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{HOST.partition('.')[2]}")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = Path(tempfile.mkdtemp(prefix="webhooks-")) / "receiver.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file


@contextmanager
def internet(receiver: Receiver, *addresses: str) -> Iterator[list[list[str]]]:
    """Every name resolves to these (at first to the first list of what is yielded, if something is put there); public
    addresses lead to the receiver, and its certificate is trusted.
    """
    next_answers: list[list[str]] = []
    real, look_up = socket.create_connection, socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **options: Any) -> Any:
        if not host.endswith(".example"):
            return look_up(host, port, *more, **options)
        found = next_answers.pop(0) if next_answers else list(addresses or (PUBLIC,))
        return [(2, 1, 6, "", (address, port)) for address in found]

    def connect(address: tuple[str, int], timeout: float, **_options: Any) -> Any:
        if address[0] == "127.0.0.1":
            return real(address, timeout)
        receiver.connections.append(address)
        return real(("127.0.0.1", receiver.port), timeout)

    with (
        patch("socket.getaddrinfo", resolve),
        patch("urllib3.util.connection.create_connection", connect),
        patch("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate())),
    ):
        yield next_answers


# The queue


def _queue() -> Any:
    return get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[configuration.WEBHOOKS]


def waiting() -> list[dict[str, Any]]:
    """Every message in the queue."""
    return [json.loads(message.body) for message in _queue()._messages]


def drain() -> list[dict[str, Any]]:
    """Everything out of the queue."""
    found = waiting()
    _queue()._messages.clear()
    return found


def take(world: World, message: dict[str, Any], tries: int = 1) -> tuple[bool, float | None]:
    """One message, as SQS invokes Lambda with it: whether it is done, and else for how many seconds it waits."""
    record = {
        "messageId": "id", "receiptHandle": "handle", "body": json.dumps(message), "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": str(tries)}, "messageAttributes": {},
    }  # fmt: skip
    pauses: list[timedelta] = []
    with patch.object(type(wiring.outgoings()), "postpone", lambda _self, _receipt, pause: pauses.append(pause)):
        answer = world.app.handler_map["on_webhook"]({"Records": [record]}, None)
    assert answer["batchItemFailures"] in ([], [{"itemIdentifier": "id"}])
    return not answer["batchItemFailures"], pauses[0].total_seconds() if pauses else None


def deliver(world: World) -> Sequence[tuple[bool, float | None]]:
    """What the stream has to tell, told; then each message in the queue once."""
    world.deliver()
    return [take(world, message) for message in drain()]


def on_the_bus(world: World) -> list[dict[str, Any]]:
    """Every entry that EventBridge took, oldest first."""
    calls = zip(world.aws.calls, world.aws.bodies, strict=True)
    return [entry for call, body in calls if call == "PutEvents" for entry in json.loads(body)["Entries"]]
