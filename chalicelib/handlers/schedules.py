"""What happens by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import keys, logs, wiring
from chalicelib.domain import Event, OutboxItem
from chalicelib.handlers.invocations import trigger

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
@trigger
def sweep(_event: CloudWatchEvent) -> dict[str, int]:
    """Finish the letters that the stream could not. One that cannot be finished does not hold up the others."""
    due, failed = wiring.alerting().due(), 0
    for found in due:
        logs.bind(entity_id=found.entity_id)
        try:
            wiring.alerting().finish(found)
        except Exception as error:  # noqa: BLE001 - it stays due, and the next sweep says so again
            logs.crash(error)
            failed += 1
    if due:
        logs.bind(entity_id="")
        logs.event("swept", due=len(due), failed=failed, outbox_age=max(_age(found) for found in due))
    return {"due": len(due), "failed": failed}


def _age(found: Event | OutboxItem) -> int:
    """Seconds since it came to be."""
    return int((keys.now() - (found.at if isinstance(found, Event) else found.created_at)).total_seconds())
