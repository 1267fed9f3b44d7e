"""The queue of revocations in tests: what it holds, and handing it to its function as SQS does."""

import json
from typing import Any

from local import configuration
from tests.support.world import World


def waiting() -> list[tuple[int, dict[str, Any]]]:
    """Every message in the queue, each with the seconds for which it is held back."""
    from moto.backends import get_backend
    from moto.core.models import DEFAULT_ACCOUNT_ID

    queue = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[configuration.REVOCATIONS]
    return [(_held_back(one), json.loads(one.body)) for one in queue._messages]


def _held_back(message: Any) -> int:
    milliseconds: float = message.delayed_until - message.sent_timestamp
    return round(milliseconds / 1000)


def drain() -> list[dict[str, Any]]:
    """Everything out of the queue, whatever it is held back for."""
    from moto.backends import get_backend
    from moto.core.models import DEFAULT_ACCOUNT_ID

    queue = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[configuration.REVOCATIONS]
    found = [json.loads(one.body) for one in queue._messages]
    queue._messages.clear()
    return found


def take(world: World, message: dict[str, Any]) -> None:
    """One message, as SQS invokes Lambda with it."""
    record = {"body": json.dumps(message), "receiptHandle": "handle", "messageId": "id", "eventSource": "aws:sqs"}
    world.app.handler_map["on_revocation"]({"Records": [record]}, None)


def revoke(world: World, rounds: int = 2) -> None:
    """What the stream has to send, sent; then as often everything that the queue holds by then. Two ends an easy one."""
    world.deliver()
    for _ in range(rounds):
        for message in drain():
            take(world, message)
