"""The end of a grant on the deployed stack: by the queue, and what goes wrong there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from chalicelib import keys
from chalicelib.domain import Grant, Revocation, ending
from chalicelib.outbound import sealing
from local.simulators import Misbehaviour
from tests.deployed.owners import books, connect
from tests.deployed.rehearsal import Rehearsal, eventually

VAULT = "client-connect-rehearsal-vault"


def disconnected(stack: Rehearsal, entity_id: str) -> None:
    """The platform ends the entity's one connection."""
    [found] = stack.call("GET", f"/entities/{entity_id}/connections").json
    answer = stack.call("DELETE", f"/entities/{entity_id}/connections/{found['id']}")
    assert (answer.status, answer.json["status"]) == (200, "disconnected"), answer.body


def in_vault(stack: Rehearsal, entity_id: str) -> int:
    query = {"KeyConditionExpression": "entity_id = :id", "ExpressionAttributeValues": {":id": {"S": entity_id}}}
    count: int = stack.emulator.client("dynamodb").query(TableName=VAULT, **query)["Count"]
    return count


def ended_through_trouble(stack: Rehearsal) -> None:
    """Told at once; a token that has ended; an app that could not be told for a day."""
    made = books(stack)
    connect(stack, made.link)
    disconnected(stack, made.id)
    stack.letter(made.pat, "is disconnected")
    eventually(lambda: in_vault(stack, made.id) == 0, "an empty vault")
    stack.simulators.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE)
    stack.queue(_message(stack, made.id, Grant(secrets={"access_token": "x"}), since=keys.now() - timedelta(days=2)))
    eventually(lambda: "revocation_failed" in _events(stack, made.id), "that it was given up")
    tokens = {"access_token": "ended", "refresh_token": "ended"}
    over = Grant(secrets=tokens, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    before = stack.simulators.count("square", "token")
    stack.queue(_message(stack, made.id, over, since=keys.now()))
    eventually(lambda: stack.simulators.count("square", "token") > before, "a try to renew it")


def _events(stack: Rehearsal, entity_id: str) -> list[str]:
    return [one["kind"] for one in stack.call("GET", f"/entities/{entity_id}/events").json["items"]]


def _message(stack: Rehearsal, entity_id: str, grant: Grant, *, since: datetime) -> str:
    """As the function itself would have put it into the queue."""
    found = Revocation(entity_id=entity_id, id="0" * 32, app="square", account_id="MLNOBODY", since=since)
    with patch("chalicelib.outbound.aws.client", lambda name, **_options: stack.emulator.client(name)):
        sealed = sealing.Sealer("alias/client-connect-rehearsal").seal(grant, found)
    return ending.dumped(replace(found, sealed=sealed.ciphertext))
