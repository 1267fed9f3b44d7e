"""Making events: the id, the time and the kind, in one place."""

from chalicelib import keys
from chalicelib.domain import Event, EventKind


def event(entity_id: str, kind: EventKind, actor: str, *, app: str = "", detail: str = "") -> Event:
    """Something that happens now."""
    now = keys.now()
    return Event(
        id=keys.newest_first_id(now),
        entity_id=entity_id,
        kind=kind,
        at=now,
        actor=actor,
        app=app,
        detail=detail,
    )
