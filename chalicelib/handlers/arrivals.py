"""Visits that begin at an app. They bind nothing to anybody: a link or a signed-in admin claims them."""

from urllib.parse import quote, urlencode, urlsplit

from chalice.app import Blueprint, Request, Response

from chalicelib import wiring
from chalicelib.errors import AppProblem, DeadLink, InvalidField, NotFound
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import FRAMES, app_problem_page, html, pages, redirect
from chalicelib.i18n import N_
from chalicelib.providers.base import Provider

blueprint = Blueprint(__name__)

WAITING_SECONDS = 3600


@blueprint.route("/install/{app}", methods=["GET"])
@pages
def install(app: str) -> Response:
    """The address that an app is given for its app store, its dashboard and its launch button."""
    return arrived(incoming.segment(app), blueprint.current_request)


def arrived(slug: str, request: Request) -> Response:
    """Take the visit in, outside of any frame."""
    params = incoming.query(request)
    app = wiring.apps().providers.get(slug)
    if app is None or app.arrive is None:
        raise NotFound
    if request.headers.get("sec-fetch-dest") == "iframe" and app.frames:
        path = f"/install/{slug}?{urlencode(params)}"
        page = html(wiring.renderer().page("framed", app=app, path=path))
        page.headers[FRAMES] = " ".join(app.frames)
        return page
    try:
        arrival = wiring.arriving().arrive(slug, params)
    except AppProblem as problem:
        return app_problem_page(problem, app)
    tenant = f"?tenant={quote(arrival.tenant)}" if arrival.tenant else ""
    cookies = (
        (incoming.set_cookie(incoming.INSTALL_COOKIE, arrival.secret, seconds=WAITING_SECONDS),)
        if arrival.secret
        else ()
    )
    return redirect(f"/arrived/{slug}{tenant}", cookies=cookies)


@blueprint.route("/arrived/{app}", methods=["GET"])
@pages
def which_books(app: str) -> Response:
    """For which books?"""
    request = blueprint.current_request
    return _which_books(_arriving(app), incoming.query(request).get("tenant", ""))


def _which_books(app: Provider, tenant: str, error: InvalidField | None = None) -> Response:
    secret = incoming.cookie(blueprint.current_request, incoming.INSTALL_COOKIE)
    accounts = wiring.arriving().waiting(secret, app)
    page = wiring.renderer().page("arrived", app=app, accounts=accounts, tenant=tenant, error=error)
    return html(page, status=400 if error else 200)


@blueprint.route("/install/{app}", methods=["POST"], content_types=incoming.FORM)
@pages
def claim(app: str) -> Response:
    """A link was pasted: on to its page for this app."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    provider, fields = _arriving(app), incoming.form(request)
    tenant = fields.get("tenant", "")
    segment = urlsplit(fields.get("link", "").strip()).path.removeprefix(wiring.settings().base_path)
    try:
        link = incoming.segment(segment.removeprefix("/c/").partition("/")[0])
        wiring.links().read(link)
    except (DeadLink, NotFound):
        return _which_books(provider, tenant, InvalidField("link", N_("Paste the whole link from the email.")))
    return redirect(f"/c/{link}/{provider.slug}" + (f"?{urlencode({'tenant': tenant})}" if tenant else ""))


def _arriving(app: str) -> Provider:
    provider = wiring.apps().providers.get(incoming.segment(app))
    if provider is None or provider.arrive is None:
        raise NotFound
    return provider
