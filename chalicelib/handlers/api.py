"""The JSON API for the accounting platform. openapi.json beside this file describes it; a test holds the two together."""

import json
from pathlib import Path

from chalice.app import Blueprint, Response

from chalicelib import keys, wiring
from chalicelib.domain import Books, Entity
from chalicelib.errors import BadRequest, InvalidField, NotFound
from chalicelib.handlers import api_shapes as shapes
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.api_guard import JSON, Answer, fields, requires, text
from chalicelib.services.callers import Caller

blueprint = Blueprint(__name__)

PAGE = 50
MOST = 100
ANY = [*JSON, "application/x-www-form-urlencoded", "application/octet-stream", "text/plain"]
"""What may come with a POST that has no body: some clients always name a type."""


@blueprint.route("/v1/openapi.json", methods=["GET"])
def openapi() -> Response:
    """The description, for anyone."""
    described = json.loads((Path(__file__).parent / "openapi.json").read_text("utf-8"))
    described["servers"] = [{"url": wiring.settings().base_url}]
    return Response(body=json.dumps(described), headers={"Content-Type": "application/json; charset=utf-8"})


@blueprint.route("/v1/entities/{entity_id}", methods=["PUT"], content_types=JSON)
@requires(blueprint, "entities:write")
def put_entity(caller: Caller, entity_id: str) -> Answer:
    """Create or update."""
    body = fields(blueprint)
    name, admins = text(body, "name"), body.get("admins")
    if "admins" in body and not (isinstance(admins, list) and all(isinstance(email, str) for email in admins)):
        raise InvalidField("admins", "Must be a list of email addresses.")
    entity, emails, new = wiring.administering().put(entity_id, name, admins, actor(caller))
    return 201 if new else 200, shapes.entity(entity, emails)


@blueprint.route("/v1/entities/{entity_id}", methods=["GET"])
@requires(blueprint, "entities:read")
def get_entity(_caller: Caller, entity_id: str) -> Answer:
    """The entity with its admins."""
    books = _with_members(entity_id)
    return 200, shapes.entity(books.entity, tuple(sorted(books.admins)))


@blueprint.route("/v1/entities/{entity_id}/link", methods=["GET"])
@requires(blueprint, "links:read")
def get_link(_caller: Caller, entity_id: str) -> Answer:
    """The connect link, the same until it is regenerated."""
    return 200, shapes.link(entity_of(entity_id).link, wiring.links())


@blueprint.route("/v1/entities/{entity_id}/link/regenerate", methods=["POST"], content_types=ANY)
@requires(blueprint, "links:write")
def regenerate_link(caller: Caller, entity_id: str) -> Answer:
    """A new link; the old one is dead."""
    return 200, shapes.link(wiring.links().regenerate(entity_of(entity_id), actor(caller)), wiring.links())


@blueprint.route("/v1/apps", methods=["GET"])
@requires(blueprint, "apps:read")
def get_apps(_caller: Caller) -> Answer:
    """The whole catalogue."""
    apps = wiring.apps()
    return 200, [shapes.app(app, configured=apps.configured(app)) for app in apps.all()]


@blueprint.route("/v1/entities/{entity_id}/invitations", methods=["POST"], content_types=JSON)
@requires(blueprint, "invitations:write")
def post_invitation(_caller: Caller, entity_id: str) -> Answer:
    """Ask an owner, in the name of one of the entity's admins."""
    body = fields(blueprint)
    books = _with_members(entity_id)
    app, email, by = (text(body, name) for name in ("app", "email", "requested_by"))
    invitation = wiring.inviting().ask(books, app, email=email, requested_by=by, note=text(body, "note", ""))
    return 201, shapes.invitation(invitation, wiring.links().address(books.entity.link, app, invitation.id))


@blueprint.route("/v1/entities/{entity_id}/invitations", methods=["GET"])
@requires(blueprint, "invitations:read")
def get_invitations(_caller: Caller, entity_id: str) -> Answer:
    """Newest first."""
    after, limit = _window()
    found = wiring.inviting().page(entity_id, after, limit + 1)
    return 200, shapes.listing([shapes.invitation(invitation) for invitation in found], limit)


@blueprint.route("/v1/entities/{entity_id}/connections", methods=["GET"])
@requires(blueprint, "connections:read")
def get_connections(_caller: Caller, entity_id: str) -> Answer:
    """What is connected; never a secret."""
    books = wiring.storage().entities.landing(entity_id)
    if books is None:
        raise NotFound
    return 200, [shapes.connection(connection) for connection in books.connections]


@blueprint.route("/v1/entities/{entity_id}/connections/{connection_id}", methods=["DELETE"])
@requires(blueprint, "connections:write")
def delete_connection(caller: Caller, entity_id: str, connection_id: str) -> Answer:
    """End a connection; a second time changes nothing. The row stays, and says so."""
    if not keys.is_id(connection_id):
        raise NotFound
    return 200, shapes.connection(wiring.disconnecting().by_id(entity_id, connection_id, actor(caller)))


@blueprint.route("/v1/entities/{entity_id}/connections/{connection_id}/credentials", methods=["GET"])
@requires(blueprint, "credentials:read")
def get_credentials(caller: Caller, entity_id: str, connection_id: str) -> Answer:
    """What the platform calls the app with. Deployed, a function of its own serves this: only it may open grants."""
    if not keys.is_id(connection_id):
        raise NotFound
    return 200, shapes.credential(wiring.crediting().credential(entity_id, connection_id, caller.name))


@blueprint.route("/v1/entities/{entity_id}/events", methods=["GET"])
@requires(blueprint, "events:read")
def get_events(_caller: Caller, entity_id: str) -> Answer:
    """The history, newest first."""
    entity_of(entity_id)
    after, limit = _window()
    found = wiring.administering().history(entity_id, after, limit + 1)
    return 200, shapes.listing([shapes.event(event) for event in found], limit)


@blueprint.route("/v1/entities/{entity_id}/console-sessions", methods=["POST"], content_types=JSON)
@requires(blueprint, "entities:write")
def post_console_session(_caller: Caller, entity_id: str) -> Answer:
    """An address that signs an admin in: whoever may set the admins may do that too."""
    email = text(fields(blueprint), "email")
    entity_of(entity_id)
    return 201, {"url": wiring.signing_in().hand_over(entity_id, email)}


def _with_members(entity_id: str) -> Books:
    books = wiring.storage().entities.with_members(entity_id)
    if books is None:
        raise NotFound
    return books


def entity_of(entity_id: str) -> Entity:
    """:raises NotFound: if there is none."""
    entity = wiring.storage().entities.get(entity_id)
    if entity is None:
        raise NotFound
    return entity


def actor(caller: Caller) -> str:
    """What the history calls a caller."""
    return f"platform {caller.name}"


def _window() -> tuple[str, int]:
    """``cursor`` and ``limit`` of a listing."""
    params = incoming.query(blueprint.current_request)
    cursor, limit = params.get("cursor", ""), params.get("limit", str(PAGE))
    if cursor and not keys.is_id(cursor):
        raise BadRequest("cursor: take it from the answer before.")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST and len(limit) <= len(str(MOST))):
        raise BadRequest("limit: a number from 1 to 100.")
    return cursor, int(limit)
