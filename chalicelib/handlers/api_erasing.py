"""Everything about an entity as JSON, and its end. For the accounting platform and nobody else: the console has no part in it."""

import re

from chalice.app import Blueprint

from chalicelib import keys, wiring
from chalicelib.domain import Erasure
from chalicelib.errors import BadRequest, NotFound
from chalicelib.handlers import api_shapes as shapes
from chalicelib.handlers import export_shapes
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.api import actor, entity_of
from chalicelib.handlers.api_guard import Answer, requires
from chalicelib.services.callers import Caller

blueprint = Blueprint(__name__)

PAGE = 200
"""Items on a page after the first: an item is cut at 2 KB long before it comes in, so a page stays far below 6 MB."""
REST = "rest"
"""The cursor of the page that begins with the first invitation."""
_CURSOR = re.compile(rf"{REST}|[456][0-9a-f]{{32}}")


@blueprint.route("/v1/entities/{entity_id}/export", methods=["GET"])
@requires(blueprint, "entities:export")
def export(_caller: Caller, entity_id: str) -> Answer:
    """First entity, connections and members, then the rest a page at a time."""
    cursor = incoming.query(blueprint.current_request).get("cursor", "")
    if cursor and not _CURSOR.fullmatch(cursor):
        raise BadRequest("cursor: take it from the answer before.")
    if cursor:
        entity_of(entity_id)
        found, following = wiring.storage().exports.rest(entity_id, cursor.removeprefix(REST), PAGE)
    else:
        found, following = wiring.storage().exports.first(entity_id), REST
        if not found:
            raise NotFound
    items: list[shapes.Shape] = [export_shapes.item(noun) for noun in found]
    return 200, {"items": items, "next_cursor": following or None}


@blueprint.route("/v1/entities/{entity_id}", methods=["DELETE"])
@requires(blueprint, "entities:erase")
def erase_entity(caller: Caller, entity_id: str) -> Answer:
    """Begun, or begun before: the report as far as it goes."""
    return _report(wiring.erasing().begin(entity_id, actor(caller)))


@blueprint.route("/v1/erasures/{erasure_id}", methods=["GET"])
@requires(blueprint, "entities:erase")
def get_erasure(caller: Caller, erasure_id: str) -> Answer:
    """The report, for whoever may erase that entity."""
    if not keys.is_id(erasure_id):
        raise NotFound
    erasure = wiring.erasing().get(erasure_id)
    caller.check("entities:erase", erasure.entity_id)
    return _report(erasure)


def _report(erasure: Erasure) -> Answer:
    return 200 if erasure.ended_at else 202, export_shapes.erasure(erasure)
