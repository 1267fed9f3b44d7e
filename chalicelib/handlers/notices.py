"""Where the apps' own servers tell us something. A signature over the raw bytes guards it; nobody's browser comes here."""

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import pages

blueprint = Blueprint(__name__)

KINDS = [incoming.JSON, *incoming.FORM, "text/plain", "application/jwt", "application/octet-stream"]


@blueprint.route("/webhooks/{app}", methods=["POST"], content_types=KINDS)
@pages
def notice(app: str) -> Response:
    """A notice in the body. Empty and unheeded ones are answered alike, so that no app tries again."""
    return _received(app)


@blueprint.route("/webhooks/{app}", methods=["GET"])
@pages
def notice_in_the_address(app: str) -> Response:
    """BigCommerce's way: a JWT in the query. The same signature guards it, so this GET may change something."""
    return _received(app)


def _received(app: str) -> Response:
    request = blueprint.current_request
    wiring.noticing().receive(
        incoming.segment(app), incoming.query(request), incoming.headers(request), incoming.body(request)
    )
    return Response(body="", status_code=200, headers={"Content-Type": "text/plain; charset=utf-8"})
