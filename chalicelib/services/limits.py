"""How often who may do what. Counted in fixed windows, atomically, so that many at once cannot slip through."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys
from chalicelib.errors import LimitReached
from chalicelib.services.ports import Counters

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``count`` in each ``window``."""

    name: str
    count: int
    window: timedelta


SIGN_IN_ADDRESS = Limit(name="sign-in-address", count=5, window=HOUR)
SIGN_IN_CLIENT = Limit(name="sign-in-client", count=30, window=HOUR)
ASK_RECIPIENT = Limit(name="ask-recipient", count=10, window=DAY)
ASK_ADMIN = Limit(name="ask-admin", count=50, window=DAY)
ASK_ENTITY = Limit(name="ask-entity", count=100, window=DAY)
KEY_FORM = Limit(name="key-form", count=20, window=HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Takes one from each limit, or refuses."""

    counters: Counters

    def take(self, *limits: tuple[Limit, str]) -> None:
        """Count one of each; the key of each limit is hashed, so that no address is kept.

        :raises LimitReached: at the first that is used up.
        """
        now = keys.now()
        for limit, key in limits:
            if not self.counters.take(f"{limit.name}#{keys.name_of(key)}", limit.count, limit.window, now):
                raise LimitReached(int(limit.window.total_seconds()))
