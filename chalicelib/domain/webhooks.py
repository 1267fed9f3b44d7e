"""Where an entity's events are posted to, and what is still to be posted."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class WebhookState(StrEnum):
    """``disabled``: the receiver answered that it is gone; set anew, it is enabled again."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An entity's. What signs for it is sealed; only whoever posts can open it."""

    entity_id: str
    url: str = field(repr=False)
    """May hold a secret of the receiver's own."""
    state: WebhookState = WebhookState.ENABLED
    created_at: datetime
    sealed: bytes = field(repr=False)
    previous: bytes = field(default=b"", repr=False)
    """The secret before, which signs too until ``previous_until``."""
    previous_until: datetime | None = None

    def secrets(self, now: datetime) -> tuple[bytes, ...]:
        """Those that sign now, sealed; the newest first."""
        rotating = self.previous_until is not None and self.previous_until > now
        return (self.sealed, self.previous) if rotating else (self.sealed,)


class Receiver(StrEnum):
    """Whose webhook it is."""

    ENTITY = "entity"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event that is to be posted to one receiver. Travels as a message: ids only."""

    entity_id: str
    event_id: str
    receiver: Receiver


def dumped(outgoing: Outgoing) -> str:
    """As a message's body."""
    return json.dumps({name: getattr(outgoing, name) for name in ("entity_id", "event_id", "receiver")})


def loaded(body: str) -> Outgoing:
    """The inverse of ``dumped``."""
    found = json.loads(body)
    return Outgoing(entity_id=found["entity_id"], event_id=found["event_id"], receiver=Receiver(found["receiver"]))
