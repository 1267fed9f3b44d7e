import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from .callback import callback
from .landing import landing
from .shared import READY


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's."""
    began = time.perf_counter()
    route = event["requestContext"]["resourcePath"]
    status, headers, body = landing(event) if route == "/c/{link}" else callback(event)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {
        "timestamp": now.replace("+00:00", "Z"),
        "level": "INFO",
        "event": "request",
        "function": context.function_name,
        "request_id": event["requestContext"]["requestId"],
        "route": route,
        "method": event["httpMethod"],
        "status": status,
        "milliseconds": round((time.perf_counter() - began) * 1000, 1),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return {"statusCode": status, "headers": headers | READY["headers"], "multiValueHeaders": {}, "body": body}
