"""Signing in and out of the console."""

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import InvalidField
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.console_guard import Admin, signed_in
from chalicelib.handlers.edge import html, pages, redirect

blueprint = Blueprint(__name__)


@blueprint.route("/", methods=["GET"])
@pages
def front() -> Response:
    """The console is the front door: owners come by their link."""
    return redirect("/entities")


@blueprint.route("/sign-in", methods=["GET"])
@pages
def ask_address() -> Response:
    """Asks for an address."""
    return html(wiring.renderer().page("sign_in", typed={}, error=None))


@blueprint.route("/sign-in", methods=["POST"], content_types=incoming.FORM)
@pages
def send_letter() -> Response:
    """The same answer for every address."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    typed = incoming.form(request).get("email", "")
    try:
        email = wiring.signing_in().ask(typed, incoming.client_address(request))
    except InvalidField as error:
        return html(wiring.renderer().page("sign_in", typed={"email": typed}, error=error), status=400)
    return html(wiring.renderer().page("sign_in_sent", email=email))


@blueprint.route("/sign-in/{token}", methods=["GET", "HEAD"])
@pages
def confirm(token: str) -> Response:
    """Mail scanners open links: opening this one does nothing."""
    secret = incoming.segment(token)
    return html(wiring.renderer().page("sign_in_confirm", email=wiring.signing_in().peek(secret), token=secret))


@blueprint.route("/sign-in/{token}", methods=["POST"], content_types=incoming.FORM)
@pages
def sign_in(token: str) -> Response:
    """Uses the link up and begins a session."""
    from chalicelib.services.signing_in import AT_MOST

    request = blueprint.current_request
    incoming.check_same_origin(request)
    incoming.form(request)
    old = incoming.cookie(request, incoming.SESSION_COOKIE)
    secret = wiring.signing_in().sign_in(incoming.segment(token), old)
    lasting = int(AT_MOST.total_seconds())
    return redirect("/entities", cookies=(incoming.set_cookie(incoming.SESSION_COOKIE, secret, seconds=lasting),))


@blueprint.route("/sign-out", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def sign_out(admin: Admin) -> Response:
    """The session is over, not only the cookie."""
    wiring.signing_in().sign_out(admin.secret)
    return redirect("/sign-in", cookies=(incoming.set_cookie(incoming.SESSION_COOKIE, ""),))
