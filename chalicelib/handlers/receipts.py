"""Where an owner's receipt leads: "This wasn't me". The link's MAC guards it; opening it changes nothing."""

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import DeadReceipt, NotFound
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import html, pages
from chalicelib.services.receipts import Receipt

blueprint = Blueprint(__name__)


@blueprint.route("/not-me/{receipt}", methods=["GET", "HEAD"])
@pages
def not_me(receipt: str) -> Response:
    """What would end. Mail scanners open links: opening this one does nothing."""
    segment = _segment(receipt)
    return _page(segment, wiring.receipts().open(segment))


@blueprint.route("/not-me/{receipt}", methods=["POST"], content_types=incoming.FORM)
@pages
def end(receipt: str) -> Response:
    """End it. No session: whoever has the letter may."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    incoming.form(request)
    segment = _segment(receipt)
    return _page(segment, wiring.receipts().disconnect(segment))


def _segment(receipt: str) -> str:
    """One that does not even decode looks like any other that does not work."""
    try:
        return incoming.segment(receipt)
    except NotFound:
        raise DeadReceipt from None


def _page(segment: str, found: Receipt) -> Response:
    page = wiring.renderer().page(
        "not_me",
        receipt=segment,
        entity_name=found.entity.name,
        app=wiring.apps().providers[found.event.app],
        connection=found.connection,
    )
    return html(page)
