"""What happens by the clock."""

import json

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.handlers.edge import log

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(_event: CloudWatchEvent) -> dict[str, int]:
    """Finish the letters that the stream could not."""
    due = wiring.alerting().sweep()
    if due:
        log.info(json.dumps({"event": "swept", "due": due}))
    return {"due": due}
