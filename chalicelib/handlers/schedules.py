"""What happens by the clock."""

import json

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.handlers.edge import log, log_crash

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(_event: CloudWatchEvent) -> dict[str, int]:
    """Finish the letters that the stream could not. One that cannot be finished does not hold up the others."""
    due, failed = wiring.alerting().due(), 0
    for found in due:
        try:
            wiring.alerting().finish(found)
        except Exception as error:  # noqa: BLE001 - it stays due, and the next sweep says so again
            log_crash(error)
            failed += 1
    if due:
        log.info(json.dumps({"event": "swept", "due": len(due), "failed": failed}))
    return {"due": len(due), "failed": failed}
