"""An entity's webhook, for the accounting platform and nobody else: the console has no part in it."""

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.handlers import api_shapes as shapes
from chalicelib.handlers.api import ANY, actor, entity_of
from chalicelib.handlers.api_guard import JSON, Answer, fields, requires, text
from chalicelib.services.callers import Caller

blueprint = Blueprint(__name__)

_PATH = "/v1/entities/{entity_id}/webhook"


@blueprint.route(_PATH, methods=["PUT"], content_types=JSON)
@requires(blueprint, "webhooks:write")
def put_webhook(caller: Caller, entity_id: str) -> Answer:
    """Set where events go. The secret is in the answer that makes it, and in no other."""
    url = text(fields(blueprint), "url")
    entity_of(entity_id)
    webhook, secret = wiring.subscribing().put(entity_id, url, actor(caller))
    return 201 if secret else 200, shapes.webhook(webhook, secret)


@blueprint.route(_PATH, methods=["GET"])
@requires(blueprint, "webhooks:read")
def get_webhook(_caller: Caller, entity_id: str) -> Answer:
    """Where, since when, and whether it is on."""
    return 200, shapes.webhook(wiring.subscribing().get(entity_id))


@blueprint.route(f"{_PATH}/rotate", methods=["POST"], content_types=ANY)
@requires(blueprint, "webhooks:write")
def rotate_webhook(caller: Caller, entity_id: str) -> Answer:
    """A new secret; the one before signs along for a day."""
    return 200, shapes.webhook(*wiring.subscribing().rotate(entity_id, actor(caller)))


@blueprint.route(_PATH, methods=["DELETE"])
@requires(blueprint, "webhooks:write")
def delete_webhook(caller: Caller, entity_id: str) -> Answer:
    """Nothing is posted any more; its secrets are gone."""
    wiring.subscribing().remove(entity_id, actor(caller))
    return 200, {"removed": True}
