"""Disconnecting in the console: what it would mean, and then doing it."""

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.console_guard import Admin, signed_in
from chalicelib.handlers.edge import html, redirect
from chalicelib.services.disconnecting import find

blueprint = Blueprint(__name__)

_PATH = "/entities/{entity_id}/connections/{connection_id}/disconnect"


@blueprint.route(_PATH, methods=["GET"])
@signed_in(blueprint)
def confirm_disconnect(admin: Admin, entity_id: str, connection_id: str) -> Response:
    """What would end, before it does."""
    books = admin.books(entity_id)
    connection = find(books.living, incoming.segment(connection_id))
    app = wiring.apps().providers[connection.app]
    return html(
        wiring.renderer().page("disconnect", **admin.words, entity=books.entity, connection=connection, app=app)
    )


@blueprint.route(_PATH, methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def disconnect(admin: Admin, entity_id: str, connection_id: str) -> Response:
    """End it. A second click finds it ended."""
    books = admin.books(entity_id)
    connection = find(books.connections, incoming.segment(connection_id))
    wiring.disconnecting().end(connection, admin.actor)
    return redirect(f"/entities/{books.entity.id}?done=disconnected")
