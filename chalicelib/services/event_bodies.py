"""An event as it leaves: the same JSON for EventBridge and for webhooks. docs/events.md and openapi.json describe it.

``type``, ``timestamp`` and ``data`` are as Standard Webhooks 1.0.0 has them. It holds what the history shows, and no
more: nothing that opens anything.
"""

from collections.abc import Mapping

from chalicelib.domain import Event, EventKind

DETAIL: Mapping[EventKind, str] = {
    EventKind.ENTITY_CREATED: "name",
    EventKind.ENTITY_RENAMED: "name",
    EventKind.ADMIN_ADDED: "email",
    EventKind.ADMIN_REMOVED: "email",
    EventKind.LETTERS_RESUMED: "email",
    EventKind.OWNER_ASKED: "email",
    EventKind.CONNECTION_FAILED: "cause",
    EventKind.CONNECTED: "account_name",
    EventKind.RECONNECTED: "account_name",
    EventKind.DISCONNECTED: "account_name",
    EventKind.NEEDS_ATTENTION: "reason",
    EventKind.CONSENT_ENDING: "days",
    EventKind.PRIVACY_NOTICE: "topic",
    EventKind.WEBHOOK_SET: "host",
}
"""What an event's own word is called, where its kind has one."""
NUMBERS = frozenset({"days"})

type Body = dict[str, object]


def body(event: Event) -> Body:
    """Members without a value are left out."""
    data: Body = {
        "entity_id": event.entity_id,
        "actor": event.actor,
        "app": event.app,
        "connection_id": event.connection_id,
        "account_id": event.account_id,
    }
    if name := DETAIL.get(event.kind):
        number = name in NUMBERS and event.detail.isdecimal()
        data[name] = int(event.detail) if number else event.detail
    return {
        "id": event.id,
        "type": event.kind.value,
        "timestamp": f"{event.at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "data": {member: value for member, value in data.items() if value != ""},
    }
