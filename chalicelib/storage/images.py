"""Stream images back into the domain."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from chalicelib.domain import Event, OutboxItem
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EventItem, OutboxRow


def noun(image: Mapping[str, Any]) -> Event | OutboxItem | None:
    """The event or letter that an image of ``core`` holds; ``None`` for anything else that we know.

    :raises Exception: of some kind, if the image is none of ours.
    """
    item = CoreItem.from_raw_data({name: _value(value) for name, value in image.items()})
    if type(item) is CoreItem:
        raise ValueError("no type")
    if isinstance(item, EventItem):
        return rows.event(item)
    return rows.outbox_item(item) if isinstance(item, OutboxRow) else None


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    """Lambda hands binary over as base64 text, DynamoDB's own API as bytes."""
    ((kind, raw),) = value.items()
    if kind == "B" and isinstance(raw, str):
        try:
            raw = base64.b64decode(raw, validate=True)
        except binascii.Error:
            raise ValueError("binary") from None
    return {kind: raw}
