"""The stream's trigger on the stack: what is delivered twice, and what SES leaves in the dark."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

import pytest

from local.stream import TableStream
from tests.deployed.owners import books, connect
from tests.deployed.rehearsal import Rehearsal, eventually


def test_a_record_that_comes_again_sends_nothing_more(stack: Rehearsal) -> None:
    """Threat 26. Three times, and twice at once."""
    acme = books(stack)
    connect(stack, acme.link)
    for admin in (acme.pat, acme.sam):
        stack.letter(admin, "connected")
    core = stack.emulator.client("dynamodb"), stack.emulator.client("dynamodbstreams")
    records = TableStream("client-connect-rehearsal-core", *core).read()
    ours = [r for r in records if acme.id in json.dumps(r["dynamodb"]["Keys"]) and r["eventName"] == "INSERT"]
    assert len(ours) >= 3
    payload = json.dumps({"Records": ours}).encode()
    name = stack.functions()["OnCoreChange"]["FunctionName"]
    invoke = stack.emulator.client("lambda").invoke
    answers = [json.load(invoke(FunctionName=name, Payload=payload)["Payload"])]
    threads = [threading.Thread(target=invoke, kwargs={"FunctionName": name, "Payload": payload}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"batchItemFailures": []}]
    assert [len(stack.letters(admin, "connected")) for admin in (acme.pat, acme.sam)] == [1, 1]


class _Silent(BaseHTTPRequestHandler):
    """Takes every letter and answers 500: nobody can tell whether it was taken."""

    taken = 0

    def do_POST(self) -> None:
        type(self).taken += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def silent_ses(stack: Rehearsal) -> Iterator[type[_Silent]]:
    """SES's answers are lost, until the test ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = stack.emulator.client("lambda")
    name = stack.functions()["OnCoreChange"]["FunctionName"]
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    lost = {"AWS_ENDPOINT_URL_SESV2": f"http://127.0.0.1:{server.server_port}"}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {**before, **lost}})
    _Silent.taken = 0
    yield _Silent
    client.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    server.shutdown()
    server.server_close()


def test_an_answer_that_is_lost_is_no_reason_to_write_again(stack: Rehearsal, silent_ses: type[_Silent]) -> None:
    """Threat 39. One request for each letter, and what is known is written down."""
    acme = books(stack)
    connect(stack, acme.link)

    def states() -> list[str]:
        answer = stack.emulator.client("dynamodb").query(
            TableName="client-connect-rehearsal-core",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :outbox)",
            ExpressionAttributeValues={":pk": {"S": f"E#{acme.id}"}, ":outbox": {"S": "6#"}},
        )
        return [item["state"]["S"] for item in answer["Items"]]

    eventually(lambda: states() == ["unknown", "unknown"], "both letters unknown")
    assert silent_ses.taken == 2
