"""Events to webhooks: signed, posted once, and again later if the receiver did not take it. docs/events.md says it to them."""

import json
import random
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Event, EventKind, Outgoing, Receiver, Webhook, WebhookState
from chalicelib.errors import AppDown, Conflict
from chalicelib.services.attending import OURSELVES
from chalicelib.services.event_bodies import body
from chalicelib.services.events import event
from chalicelib.services.webhook_ports import Poster, Sealer, Webhooks
from chalicelib.services.webhook_signatures import headers

SECONDS = 15.0
"""What a receiver has to answer in."""
TRIES = 13
"""Then the message goes to those that wait for a person; with the pauses between, after three days."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=11, minutes=30)
"""SQS lets a message wait for twelve hours from when it was received."""
_OK = range(200, 300)
_GONE = 410


class NotTaken(Exception):
    """The receiver did not take it. ``status`` is what it answered, if anything; ``retry_after`` its wish, in seconds."""

    def __init__(self, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__()
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post to, and what signs."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """``web`` leads to public addresses only; ``own`` wherever the operator's own webhook is."""

    webhooks: Webhooks
    sealer: Sealer
    web: Poster
    own: Poster
    deployment: Target | None
    """The webhook of the whole deployment, as the operator set it."""

    def deliver(self, found: Outgoing) -> None:
        """Post an event. Nothing happens if event or webhook have gone, or the webhook is disabled.

        :raises NotTaken: if it is to come again. :raises Unavailable: the same, and it is our fault.
        """
        told, webhook = self.webhooks.with_event(found.entity_id, found.event_id)
        if told is None:
            _say(found, "gone")
        elif found.receiver is Receiver.ENTITY:
            self._to_entity(found, told, webhook)
        elif self.deployment is not None:
            # That it is gone is for the operator to see: a no like any other.
            self._post(self.own, self.deployment, found, told)

    def _to_entity(self, found: Outgoing, told: Event, webhook: Webhook | None) -> None:
        if webhook is None or webhook.state is not WebhookState.ENABLED:
            _say(found, "gone")
            return
        secrets = [self.sealer.open(sealed, webhook.entity_id) for sealed in webhook.secrets(keys.now())]
        try:
            self._post(self.web, Target(url=webhook.url, secrets=tuple(secrets)), found, told)
        except NotTaken as problem:
            if problem.status != _GONE:
                raise
            self._disable(webhook)
            _say(found, "disabled")

    def _post(self, web: Poster, target: Target, found: Outgoing, told: Event) -> None:
        raw = json.dumps(body(told), ensure_ascii=False, separators=(",", ":")).encode()
        signed = headers(target.secrets, told.id, int(keys.now().timestamp()), raw)
        try:
            status, retry_after = web.post(target.url, raw, {"Content-Type": "application/json", **signed})
        except AppDown as down:
            _say(found, down.why, taken=False)
            raise NotTaken from None
        taken = status in _OK
        _say(found, str(status), taken=taken)
        if not taken:
            raise NotTaken(status, retry_after)

    def _disable(self, webhook: Webhook) -> None:
        try:
            self.webhooks.disable(webhook, event(webhook.entity_id, EventKind.WEBHOOK_DISABLED, OURSELVES))
        except Conflict:
            return


def pause(tries: int, retry_after: float | None = None) -> timedelta:
    """How long a message waits that was tried so often; not at all after the last try, which ends it."""
    if tries >= TRIES:
        return timedelta()
    grown = min(FIRST_PAUSE * int(4 ** min(tries - 1, TRIES)), LONGEST_PAUSE)
    jittered = grown * random.uniform(0.8, 1)  # noqa: S311 - jitter, no secret
    return min(max(jittered, timedelta(seconds=retry_after or 0)), LONGEST_PAUSE)


def _say(found: Outgoing, outcome: str, *, taken: bool | None = None) -> None:
    counted = {} if taken is None else {"webhooks_taken": 1} if taken else {"webhooks_not_taken": 1}
    logs.event("webhook", receiver=found.receiver.value, event_id=found.event_id, outcome=outcome, **counted)
