"""Apps that fail for many at once. An item for each, in ``ephemeral``; most apps have none."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pynamodb.expressions.update import Action

from chalicelib.storage.models import BreakerItem
from chalicelib.storage.tables import ConditionFailed, call, update

KEPT = timedelta(hours=6)
"""So long an app that is having trouble is remembered as one."""


class Breakers:
    """The breaker rows of ``ephemeral``."""

    def of(self, apps: Iterable[str], now: datetime) -> Mapping[str, tuple[datetime | None, int]]:
        """Until when each is open, if it is, and how often it opened lately. One call for all of them."""
        found = call(lambda: list(BreakerItem.batch_get([_pk(app) for app in apps])))
        fresh = (item for item in found if item.expires_at > now)
        return {item.pk.split("#", 1)[1]: (item.open_until, int(item.opened)) for item in fresh}

    def failed(self, app: str, connection_id: str, now: datetime, window: timedelta) -> int:
        """One more failed; returns for how many different connections it did within the window."""
        item = BreakerItem(_pk(app))
        kept = BreakerItem.expires_at.set(now + KEPT)
        typed = BreakerItem.type.set(BreakerItem)
        try:
            update(item, [BreakerItem.failing.add({connection_id}), kept], BreakerItem.window_until > now)
        except ConditionFailed:
            begun: list[Action] = [
                BreakerItem.failing.set({connection_id}),
                BreakerItem.window_until.set(now + window),
                kept,
                typed,
            ]
            call(lambda: item.update(begun))
        return len(item.failing or ())

    def open(self, app: str, now: datetime, until: datetime) -> bool:
        """Nobody asks the app until then. Of several at once one opens it."""
        item = BreakerItem(_pk(app))
        actions = [
            BreakerItem.open_until.set(until),
            BreakerItem.opened.add(1),
            BreakerItem.failing.remove(),
            BreakerItem.window_until.remove(),
        ]
        try:
            update(item, actions, BreakerItem.open_until.does_not_exist() | (BreakerItem.open_until <= now))
        except ConditionFailed:
            return False
        return True

    def close(self, app: str) -> None:
        """It works again."""
        call(BreakerItem(_pk(app)).delete)


def _pk(app: str) -> str:
    return f"BREAKER#{app}"
