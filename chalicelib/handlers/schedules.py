"""What happens by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import keys, logs, wiring
from chalicelib.domain import Event, OutboxItem
from chalicelib.errors import Unavailable
from chalicelib.handlers.invocations import trigger
from chalicelib.handlers.streams import publish
from chalicelib.services.removing import lateness

blueprint = Blueprint(__name__)

MOST = 500
"""Grants in a run."""
ENOUGH_SECONDS = 60.0
"""The longest that one grant may take: a lease's time, and a second try's."""
ERASING_SECONDS = 20.0
"""The longest that a transaction may take, all its tries, and what is left to note after it."""


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
@trigger
def sweep(_event: CloudWatchEvent) -> dict[str, int]:
    """Finish what the stream could not. One that cannot be finished does not hold up the others."""
    due, failed = wiring.alerting().due(), 0
    told: list[Event] = []
    for found in due:
        logs.bind(entity_id=found.entity_id)
        try:
            wiring.alerting().finish(found)
            told += [found] if isinstance(found, Event) else []
        except Exception as error:  # noqa: BLE001 - it stays due, and the next sweep says so again
            logs.crash(error)
            failed += 1
    publish(told)
    if due:
        logs.event("swept", due=len(due), failed=failed, outbox_age=max(_age(found) for found in due))
    return {"due": len(due), "failed": failed}


@blueprint.schedule(Rate(5, unit=Rate.MINUTES), name="keep_alive")
@trigger
def keep_alive(event: CloudWatchEvent) -> dict[str, int]:
    """Grants that something is due for, until the time is over; the rest has its turn in the next run."""
    keeping, done, failed = wiring.keeping(), 0, 0
    due = keeping.due()
    late = max((int((keys.now() - found.due_at).total_seconds()) for found in due), default=0)
    for found in due[:MOST]:
        if _seconds_left(event) < ENOUGH_SECONDS:
            break
        logs.bind(entity_id=found.entity_id, app=found.app)
        done += 1
        try:
            failed += not keeping.keep(found)
        except Unavailable:
            failed += 1  # it stays due
        except Exception as error:  # noqa: BLE001 - one grant must not cost the others
            logs.crash(error)
            keeping.crashed(found)
            failed += 1
    logs.bind(entity_id="", app="")
    logs.event("kept_alive", due=len(due), done=done, failed=failed, grants_late=late)
    return {"due": len(due), "done": done, "failed": failed}


@blueprint.schedule(Rate(5, unit=Rate.MINUTES), name="erase")
@trigger
def erase(event: CloudWatchEvent) -> dict[str, int]:
    """Erasures that are not over, each as far as the time goes; who has waited longest comes first."""
    removing, done, failed = wiring.removing(), 0, 0
    due = removing.due()
    for erasure in due:
        if not _time_to_erase(event):
            break
        logs.bind(entity_id=erasure.entity_id)
        done += 1
        try:
            removing.go_on(erasure, lambda: _time_to_erase(event))
        except Exception as error:  # noqa: BLE001 - it stays due, and must not hold up the others
            logs.crash(error)
            failed += 1
    logs.bind(entity_id="")
    if due:
        logs.event("erasing", due=len(due), done=done, failed=failed, erasure_age=max(map(lateness, due)))
    return {"due": len(due), "done": done, "failed": failed}


def _time_to_erase(event: CloudWatchEvent) -> bool:
    return _seconds_left(event) >= ERASING_SECONDS


def _seconds_left(event: CloudWatchEvent) -> float:
    """What is left of the run. Where nobody counts, enough."""
    left = getattr(event.context, "get_remaining_time_in_millis", None)
    return left() / 1000 if left else ENOUGH_SECONDS


def _age(found: Event | OutboxItem) -> int:
    """Seconds since it came to be."""
    return int((keys.now() - (found.at if isinstance(found, Event) else found.created_at)).total_seconds())
