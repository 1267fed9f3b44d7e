"""Webhooks on the deployed stack. No receiver with a public address is on this machine: what is posted is not taken."""

from datetime import UTC, datetime
from unittest.mock import patch

from chalicelib.outbound.sealing import WebhookSealer
from chalicelib.services.webhook_signatures import new_secret
from chalicelib.storage import rows
from tests.deployed.rehearsal import Rehearsal

CORE = "client-connect-rehearsal-core"


def hooked(stack: Rehearsal, entity_id: str) -> None:
    """The entity gets a webhook, as the API would write it if it found the host."""
    with patch("chalicelib.outbound.aws.client", lambda name, **_options: stack.emulator.client(name)):
        sealed = WebhookSealer("alias/client-connect-rehearsal").seal(new_secret(), entity_id)
    item = {
        "pk": {"S": rows.entity_key(entity_id)},
        "sk": {"S": rows.WEBHOOK},
        "type": {"S": "webhook"},
        "url": {"S": "https://hooks.acme.example/"},
        "state": {"S": "enabled"},
        "created_at": {"S": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f%z}"},
        "sealed": {"B": sealed},
    }
    stack.emulator.client("dynamodb").put_item(TableName=CORE, Item=item)
