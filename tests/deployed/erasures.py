"""Erasing on the deployed stack: by the function that may, and the queue; and the report that says that nothing is left."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib import keys
from tests.deployed import endings
from tests.deployed.grants import SCHEDULED
from tests.deployed.owners import ask, books, connect
from tests.deployed.rehearsal import Rehearsal, eventually

CORE = "client-connect-rehearsal-core"


def erased(stack: Rehearsal) -> None:
    """An entity with a grant, an invitation and an attempt; and as if ten quiet minutes were over."""
    made = books(stack)
    ask(stack, made)
    connect(stack, made.link)
    stack.letter(made.pat, "connected")
    export = stack.call("GET", f"/entities/{made.id}/export").json
    assert {"entity", "connection", "member"} == {item["type"] for item in export["items"]}
    begun = stack.call("DELETE", f"/entities/{made.id}")
    assert begun.status == 202, begun.body
    erasure_id = begun.json["id"]
    _run_until(stack, erasure_id, lambda: endings.in_vault(stack, made.id) == 0, "an empty vault")
    stack.letter(made.pat, "was erased")
    _run_until(stack, erasure_id, lambda: "apps" in _report(stack, erasure_id)["steps"], "the app's answer")
    _before(stack, erasure_id, "found_at", timedelta(minutes=11))
    _run_until(stack, erasure_id, lambda: _report(stack, erasure_id)["state"] == "erased", "the end")
    report = _report(stack, erasure_id)
    # Other entities of other tests may have the same simulated account.
    assert [one["outcome"] in {"revoked", "standing"} for one in report["grants"]] == [True]
    assert not any(report["left"].values())


def _report(stack: Rehearsal, erasure_id: str) -> Any:
    return stack.call("GET", f"/erasures/{erasure_id}").json


def _run_until(stack: Rehearsal, erasure_id: str, done: Callable[[], bool], what: str) -> None:
    """The clock comes every minute, and to the same erasure a minute later; a test does not wait for either."""
    name = stack.functions()["Erase"]["FunctionName"]
    payload = json.dumps({**SCHEDULED, "detail": {}, "resources": []}).encode()

    def run() -> bool:
        if not done():
            _set(stack, erasure_id, "due_at", {"N": "1"})
            stack.emulator.client("lambda").invoke(FunctionName=name, Payload=payload)
        return done()

    eventually(run, what)


def _before(stack: Rehearsal, erasure_id: str, attribute: str, ago: timedelta) -> None:
    then = (keys.now() - ago).isoformat(timespec="microseconds").replace("+00:00", "+0000")
    _set(stack, erasure_id, attribute, {"S": then})


def _set(stack: Rehearsal, erasure_id: str, attribute: str, value: dict[str, str]) -> None:
    stack.emulator.client("dynamodb").update_item(
        TableName=CORE,
        Key={"pk": {"S": f"ERASURE#{erasure_id}"}, "sk": {"S": "1"}},
        UpdateExpression=f"SET {attribute} = :value",
        ExpressionAttributeValues={":value": value},
    )
