"""Where entities' events are posted to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain import Event, Webhook, WebhookState
from chalicelib.errors import Conflict
from chalicelib.outbound.envelopes import under
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EventItem, WebhookItem
from chalicelib.storage.sealed import marks
from chalicelib.storage.tables import ConditionFailed, Transaction, call


class Webhooks:
    """The webhook rows of ``core``: one for an entity at the most. Each change is an event too."""

    def get(self, entity_id: str) -> Webhook | None:
        """The entity's, whatever its state."""
        try:
            return noun(call(lambda: WebhookItem.get(*_key(entity_id), consistent_read=True)))
        except WebhookItem.DoesNotExist:
            return None

    def of(self, entity_ids: Iterable[str]) -> frozenset[str]:
        """Those entities, of at most a hundred, whose events are posted: one call."""
        wanted = [_key(entity_id) for entity_id in set(entity_ids)]
        items = call(lambda: list(WebhookItem.batch_get(wanted, consistent_read=True))) if wanted else []
        return frozenset(rows.id_in(item.pk) for item in items if item.state == WebhookState.ENABLED.value)

    def with_event(self, entity_id: str, event_id: str) -> tuple[Event | None, Webhook | None]:
        """An event, and the webhook if there is one: one call."""
        wanted = [(rows.entity_key(entity_id), f"{rows.EVENTS}{event_id}"), _key(entity_id)]
        items = call(lambda: list(CoreItem.batch_get(wanted, consistent_read=True)))
        event = next((rows.event(item) for item in items if isinstance(item, EventItem)), None)
        return event, next((noun(item) for item in items if isinstance(item, WebhookItem)), None)

    def create(self, webhook: Webhook, event: Event) -> None:
        """The entity's first.

        :raises Conflict: if it has one.
        """
        write = Transaction()
        write.put("webhook", _item(webhook), WebhookItem.pk.does_not_exist())
        _commit(write, event)

    def point(self, webhook: Webhook, url: str, event: Event) -> None:
        """To another address, or on again.

        :raises Conflict: if it has gone.
        """
        actions = [WebhookItem.url.set(url), WebhookItem.state.set(WebhookState.ENABLED.value)]
        _change(webhook, actions, WebhookItem.pk.exists(), event)

    def rotate(self, webhook: Webhook, sealed: bytes, until: datetime, event: Event) -> None:
        """``sealed`` signs from now on, and what signed so far until then as well. Of two at once, one wins.

        :raises Conflict: if the secret is another by now.
        """
        actions = [
            WebhookItem.sealed.set(sealed),
            WebhookItem.sealed_under.set(under(sealed)),
            WebhookItem.previous.set(webhook.sealed),
            WebhookItem.previous_until.set(until),
        ]
        _change(webhook, actions, WebhookItem.sealed == webhook.sealed, event)

    def disable(self, webhook: Webhook, event: Event) -> None:
        """Nothing is posted there any more.

        :raises Conflict: if it is already, or leads elsewhere by now.
        """
        same = (WebhookItem.url == webhook.url) & (WebhookItem.state == WebhookState.ENABLED.value)
        _change(webhook, [WebhookItem.state.set(WebhookState.DISABLED.value)], same, event)

    def remove(self, entity_id: str, event: Event) -> None:
        """:raises Conflict: if there is none."""
        write = Transaction()
        write.delete("webhook", WebhookItem(*_key(entity_id)), WebhookItem.pk.exists())
        _commit(write, event)


def _key(entity_id: str) -> tuple[str, str]:
    return rows.entity_key(entity_id), rows.WEBHOOK


def _change(webhook: Webhook, actions: Sequence[Action], condition: Condition, event: Event) -> None:
    write = Transaction()
    write.update("webhook", WebhookItem(*_key(webhook.entity_id)), actions, condition)
    _commit(write, event)


def _commit(write: Transaction, event: Event) -> None:
    write.put("event", rows.event_item(event))
    try:
        write.commit()
    except ConditionFailed:
        raise Conflict from None


def noun(item: WebhookItem) -> Webhook:
    """The webhook of its row."""
    return Webhook(
        entity_id=rows.id_in(item.pk),
        url=item.url,
        state=WebhookState(item.state),
        created_at=item.created_at,
        sealed=item.sealed,
        previous=item.previous or b"",
        previous_until=item.previous_until,
    )


def _item(webhook: Webhook) -> WebhookItem:
    return WebhookItem(
        *_key(webhook.entity_id),
        url=webhook.url,
        state=webhook.state.value,
        created_at=webhook.created_at,
        sealed=webhook.sealed,
        **marks(webhook.entity_id, webhook.sealed),
    )
