"""Counters for limits, and what an Idempotency-Key was answered with."""

from datetime import datetime, timedelta

from chalicelib.storage.models import CounterItem, IdempotencyItem
from chalicelib.storage.tables import ConditionFailed, call, update


class Counters:
    """The counter rows of ``ephemeral``: a row per name and window."""

    def take(self, name: str, limit: int, window: timedelta, now: datetime) -> bool:
        """Count one more of ``name`` in this window, unless ``limit`` is reached. Atomic."""
        seconds = int(window.total_seconds())
        number = int(now.timestamp()) // seconds
        item = CounterItem(f"COUNT#{name}#{seconds}#{number}")
        expires_at = now + 2 * window
        actions = [
            CounterItem.taken.add(1),
            CounterItem.expires_at.set(expires_at),
            CounterItem.type.set(CounterItem),
        ]
        below = CounterItem.taken.does_not_exist() | (CounterItem.taken < limit)
        try:
            update(item, actions, below)
        except ConditionFailed:
            return False
        return True


class Answers:
    """The idempotency rows of ``ephemeral``."""

    def claim(self, name: str, request_hash: str, claim: str, now: datetime, lease: timedelta) -> bool:
        """Be the first to serve this key. A row that has passed but was not yet deleted counts as gone."""
        item = IdempotencyItem(f"IDEMPOTENCY#{name}", request_hash=request_hash, claim=claim, expires_at=now + lease)
        free = IdempotencyItem.pk.does_not_exist() | (IdempotencyItem.expires_at <= now)
        try:
            call(lambda: item.save(condition=free | (IdempotencyItem.claim == claim)))
        except ConditionFailed:
            return False
        return True

    def get(self, name: str) -> tuple[str, bytes | None] | None:
        """The digest of the request that was served first, and its sealed answer (``None`` while it is served)."""
        try:
            item = call(lambda: IdempotencyItem.get(f"IDEMPOTENCY#{name}", consistent_read=True))
        except IdempotencyItem.DoesNotExist:
            return None
        return item.request_hash, item.response

    def answer(self, name: str, response: bytes, until: datetime) -> None:
        """Keep the answer, sealed by the caller."""
        update(
            IdempotencyItem(f"IDEMPOTENCY#{name}"),
            [IdempotencyItem.response.set(response), IdempotencyItem.expires_at.set(until)],
            IdempotencyItem.pk.exists(),
        )

    def release(self, name: str) -> None:
        """It came to nothing: the key may be tried again."""
        call(IdempotencyItem(f"IDEMPOTENCY#{name}").delete)
