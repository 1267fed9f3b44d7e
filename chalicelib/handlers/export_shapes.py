"""An entity's nouns as its export has them: everything that is kept of them, but what opens something. And its erasure."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.domain import (
    Asked,
    Connection,
    Entity,
    Erasure,
    Event,
    Invitation,
    Member,
    OutboxItem,
    Returned,
    Suppression,
    Webhook,
)
from chalicelib.handlers import api_shapes as shapes
from chalicelib.handlers.api_shapes import Shape, moment


def item(noun: object) -> Shape:
    """Any of them; ``type`` says which."""
    name, shape = _SHAPES[type(noun)]
    return {"type": name, **shape(noun)}


def _entity(entity: Entity) -> Shape:
    return {
        "id": entity.id,
        "name": entity.name,
        "created_at": moment(entity.created_at),
        "link": {"generation": entity.link.generation, "created_at": moment(entity.link.created_at)},
        "asked": {app: _asked(asked) for app, asked in entity.asked.items()},
        "waiting": {app: _asked(asked) for app, asked in entity.waiting.items()},
    }


def _asked(asked: Asked) -> Shape:
    return {"by": asked.by, "at": moment(asked.at)}


def _member(member: Member) -> Shape:
    return {
        "email": member.email,
        "added_at": moment(member.added_at),
        "added_by": member.added_by,
        "suppressed": _suppressed(member.suppression) if member.suppression else None,
    }


def _suppressed(suppression: Suppression) -> Shape:
    return {"complained": suppression.complained, "since": moment(suppression.since)}


def _letter(letter: OutboxItem) -> Shape:
    return {
        "id": letter.id,
        "kind": letter.kind.value,
        "to": letter.to,
        "about": letter.subject_id,
        "state": letter.state.value,
        "delivery": letter.delivery.value if letter.delivery else None,
        "created_at": moment(letter.created_at),
    }


def _connection(connection: Connection) -> Shape:
    more = {
        "first_connected_at": moment(connection.first_connected_at),
        "invited": connection.invited or None,
    }
    return {**shapes.connection(connection), **more}


def _invitation(invitation: Invitation) -> Shape:
    return {**shapes.invitation(invitation), "link_generation": invitation.generation}


def _event(event: Event) -> Shape:
    return {**shapes.event(event), **({"was": event.was} if event.was else {})}


_SHAPES: Mapping[type[object], tuple[str, Callable[[Any], Shape]]] = {
    Entity: ("entity", _entity),
    Connection: ("connection", _connection),
    Member: ("member", _member),
    Invitation: ("invitation", _invitation),
    Event: ("event", _event),
    OutboxItem: ("letter", _letter),
    Webhook: ("webhook", shapes.webhook),
}


def erasure(erasure: Erasure) -> Shape:
    """Ids, numbers and times: whose they were is gone."""
    return {
        "id": erasure.id,
        "entity_id": erasure.entity_id,
        "state": "erased" if erasure.ended_at else "erasing",
        "requested_by": erasure.requested_by,
        "requested_at": moment(erasure.requested_at),
        "ended_at": moment(erasure.ended_at) if erasure.ended_at else None,
        "steps": {step.value: moment(at) for step, at in erasure.steps.items()},
        "removed": dict(erasure.counts),
        "grants": [_returned(one) for one in erasure.returned],
        "left": dict(erasure.left) if erasure.ended_at else None,
    }


def _returned(one: Returned) -> Shape:
    return {"connection_id": one.connection_id, "app": one.app, "outcome": one.outcome.value, "at": moment(one.at)}
