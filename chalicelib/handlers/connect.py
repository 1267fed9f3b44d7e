"""What an owner meets: landing, consent, start, the app's callback, the outcome.

No GET changes anything but the callback, which state and cookie guard.
"""

from collections.abc import Mapping

from chalice.app import Blueprint, Response

from chalicelib import keys, wiring
from chalicelib.errors import AppProblem, DeadLink, InvalidField, NotFound
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import app_problem_page, html, pages, redirect
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import connected, refillable
from chalicelib.services.starting import Started, mends_of

blueprint = Blueprint(__name__)

READING = ["GET", "HEAD"]
BROWSER_SECONDS = 86_400
ATTEMPT_SECONDS = 600


@blueprint.route("/c/{link}", methods=READING)
@pages
def landing(link: str) -> Response:
    """Every app that can be connected from this link."""
    segment = _segment(link)
    books = wiring.links().open(segment)
    connected, wanted = wiring.apps().progress(books)
    page = wiring.renderer().page(
        "landing",
        entity=books.entity,
        link=segment,
        cards=wiring.apps().landing_cards(books),
        invitation_id=_invitation_id(incoming.query(blueprint.current_request)),
        connected=connected,
        wanted=wanted,
    )
    return html(page)


@blueprint.route("/c/{link}/{app}", methods=READING)
@pages
def consent(link: str, app: str) -> Response:
    """One app in front: what is asked, before anything happens."""
    values = incoming.query(blueprint.current_request)
    told = {name: values.get(name, "") for name in ("tenant", "mend")}
    return _consent(link, app, _invitation_id(values), told)


def _consent(
    link: str, app: str, invitation_id: str, typed: Mapping[str, str] | None = None, error: InvalidField | None = None
) -> Response:
    segment = _segment(link)
    books = wiring.links().open(segment)
    provider = wiring.apps().for_owner(incoming.segment(app))
    page = wiring.renderer().page(
        "consent",
        entity=books.entity,
        link=segment,
        app=provider,
        asked=books.entity.asked.get(provider.slug),
        connections=connected(provider, books),
        waiting=wiring.arriving().waiting(_arrival(), provider),
        invitation_id=invitation_id,
        mends=mends_of(typed or {}),
        troubled_until=wiring.breaking().troubled().get(wiring.apps().serving(provider).slug),
        typed=refillable(provider, typed or {}),
        error=error,
    )
    return html(page, status=400 if error else 200)


def _arrival() -> str:
    return incoming.cookie(blueprint.current_request, incoming.INSTALL_COOKIE)


def _segment(link: str) -> str:
    """The link as its maker wrote it. One that does not even decode looks like any other that does not work."""
    try:
        return incoming.segment(link)
    except NotFound:
        raise DeadLink from None


def _invitation_id(values: dict[str, str]) -> str:
    """The invitation that a letter's link names, if it has the form of one."""
    found = values.get("i", "")
    return found if keys.is_id(found) else ""


@blueprint.route("/c/{link}/{app}", methods=["POST"], content_types=incoming.FORM)
@pages
def start(link: str, app: str) -> Response:
    """Begin an attempt and send the browser to the app, or check the keys that were pasted."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    fields = incoming.form(request)
    segment, slug = _segment(link), incoming.segment(app)
    opened = wiring.starting().opened(segment, fields.get("i", ""), slug)
    provider = wiring.apps().serving(wiring.apps().for_owner(slug))
    browser = incoming.cookie(request, incoming.BROWSER_COOKIE) or keys.random_secret()
    cookie = incoming.set_cookie(incoming.BROWSER_COOKIE, browser, seconds=BROWSER_SECONDS)
    try:
        if "arrival" in fields:
            return redirect(f"/attempts/{wiring.arriving().by_link(provider, opened, _arrival()).id}")
        if provider.mechanism is Mechanism.KEY_FORM:
            address = incoming.client_address(request)
            attempt = wiring.key_forms().by_link(provider, opened, fields, browser, address)
            return redirect(f"/attempts/{attempt.id}", cookies=(cookie,))
        if provider.mechanism is Mechanism.REQUEST:
            wiring.requesting().by_link(opened, provider)
            return html(wiring.renderer().page("requested", app=provider, entity=opened.entity, link=segment))
        started = wiring.starting().by_link(provider, opened, typed=fields, browser=browser)
    except InvalidField as error:
        return _consent(link, app, _invitation_id(fields), fields, error)
    except AppProblem as problem:
        return app_problem_page(problem, provider, f"/c/{segment}/{slug}")
    return leaving(started, (cookie,))


def leaving(started: Started, cookies: tuple[str, ...] = ()) -> Response:
    """The page that sends the browser to the app."""
    if started.remember:
        cookies += (incoming.set_cookie(incoming.ATTEMPT_COOKIE, started.remember, seconds=ATTEMPT_SECONDS),)
    return html(wiring.renderer().page("leaving", app=started.app, address=started.address), cookies=cookies)
