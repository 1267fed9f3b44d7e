"""When something is to be done about a grant, asked for or not. From what the vault says of it and the app's row."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.domain import Held
from chalicelib.providers.base import Provider

LEAST = timedelta(minutes=1)
"""A token that ends sooner would end on its way to whoever asked for it."""
EARLY = timedelta(days=10)
"""A refresh token that a new one replaces is used so long before its end, or when a third of its life is left."""
PAUSE = timedelta(days=1)
"""No refresh token is renewed more often for its own sake."""
REMINDERS = (30, 7, 1)
"""Days before a consent ends."""
CHECK_EVERY = timedelta(days=7)
CHECK_AGAIN = timedelta(days=1)


def renews(row: Provider) -> bool:
    """Whether the app has a way to the next access token."""
    return row.renewal is not None or row.mint is not None


def usable(held: Held, now: datetime) -> bool:
    """Whether the access token can be handed out still."""
    return held.sealed.expires_at is None or held.sealed.expires_at > now + LEAST


def stale(row: Provider, held: Held, now: datetime) -> bool:
    """Whether the access token has to be renewed before it is handed out.

    Of tokens that do not even live for twice the margin half the life is enough: else every reading would renew them.
    """
    end = held.sealed.expires_at
    if end is None:
        return False
    margin = min(row.margin, (end - held.refreshed_at) / 2) if renews(row) else LEAST
    return now >= end - margin


def keep_alive_at(row: Provider, held: Held) -> datetime | None:
    """When the grant is to be renewed though nobody asks for it; ``None``: it lives on without."""
    if row.renewal is None:
        return held.sealed.expires_at if row.mint is None else None
    times = [held.refreshed_at + row.renewal.every] if row.renewal.every else []
    if row.renewal.rotates and (end := held.sealed.refresh_expires_at):
        times.append(max(end - min(EARLY, (end - held.refreshed_at) / 3), held.refreshed_at + PAUSE))
    if not times:
        return None
    return max(min(times), held.trouble.retry_at or min(times))


def consent_ends(row: Provider, held: Held) -> datetime | None:
    """When the owner has to be asked again, whatever we do."""
    return held.granted_at + row.consent_lasts if row.consent_lasts else None


def reminder(row: Provider, held: Held, now: datetime) -> int | None:
    """How many days before the end it is time to remind of now; ``None``: it was done, is not yet time, or too late."""
    end = consent_ends(row, held)
    if end is None or now >= end:
        return None
    reached = [days for days in REMINDERS if now >= end - timedelta(days=days)]
    return min(reached) if reached and (not held.reminded or min(reached) < held.reminded) else None


def remind_at(row: Provider, held: Held, now: datetime) -> datetime | None:
    """When the next reminder is due."""
    end = consent_ends(row, held)
    left = [days for days in REMINDERS if not held.reminded or days < held.reminded]
    return end - timedelta(days=left[0]) if end and left and now < end else None


def check_at(held: Held) -> datetime:
    """When the app is to be asked again whose account it is."""
    return (held.checked_at or held.granted_at) + (CHECK_AGAIN if held.refusals else CHECK_EVERY)


def due_at(row: Provider, held: Held, now: datetime, *, check_after: datetime | None = None) -> datetime:
    """The earliest of it all. ``check_after``: the app could not be asked, and is not to be asked before."""
    return min(_times(row, held, now, check_after))


def _times(row: Provider, held: Held, now: datetime, check_after: datetime | None) -> Iterator[datetime]:
    yield max(check_at(held), check_after or check_at(held))
    for at in (keep_alive_at(row, held), remind_at(row, held, now)):
        if at:
            yield at
