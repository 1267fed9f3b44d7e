"""What an owner meets: landing, consent, start, the app's callback, the outcome.

No GET changes anything but the callback, which state and cookie guard.
"""

from datetime import timedelta

from chalice.app import Blueprint, Response

from chalicelib import keys, wiring
from chalicelib.domain import Attempt, AttemptState, Entity
from chalicelib.errors import DeadLink, InvalidField, NotFound
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import html, pages, redirect

blueprint = Blueprint(__name__)

READING = ["GET", "HEAD"]
STILL_WORKING = timedelta(seconds=30)
BROWSER_SECONDS = 86_400


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
    return _consent(link, app, _invitation_id(incoming.query(blueprint.current_request)))


def _consent(link: str, app: str, invitation_id: str, typed: str = "", error: InvalidField | None = None) -> Response:
    segment = _segment(link)
    books = wiring.links().open(segment)
    provider = wiring.apps().for_owner(incoming.segment(app))
    page = wiring.renderer().page(
        "consent",
        entity=books.entity,
        link=segment,
        app=provider,
        asked=books.entity.asked.get(provider.slug),
        connections=[connection for connection in books.connections if connection.app == provider.slug],
        invitation_id=invitation_id,
        typed={"tenant": typed},
        error=error,
    )
    return html(page, status=400 if error else 200)


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
    """Begin an attempt and send the browser to the app."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    fields = incoming.form(request)
    held = incoming.cookie(request, incoming.BROWSER_COOKIE)
    browser = held or keys.random_secret()
    try:
        provider, address = wiring.starting().by_link(
            _segment(link),
            incoming.segment(app),
            typed=fields,
            browser=browser,
            invitation_id=fields.get("i", ""),
        )
    except InvalidField as error:
        return _consent(link, app, _invitation_id(fields), fields.get("tenant", ""), error)
    cookie = incoming.set_cookie(incoming.BROWSER_COOKIE, browser, seconds=BROWSER_SECONDS)
    return html(wiring.renderer().page("leaving", app=provider, address=address), cookies=(cookie,))


@blueprint.route("/callback/{app}", methods=["GET"])
@pages
def callback(app: str) -> Response:
    """The app sends the browser back, with a code or an error."""
    request = blueprint.current_request
    attempt = wiring.finishing().finish(incoming.segment(app), incoming.query(request), _cookies())
    return redirect(f"/attempts/{attempt.id}")


def _cookies() -> tuple[str, ...]:
    request = blueprint.current_request
    return incoming.cookie(request, incoming.BROWSER_COOKIE), incoming.cookie(request, incoming.SESSION_COOKIE)


@blueprint.route("/attempts/{attempt}", methods=["GET"])
@pages
def outcome(attempt: str) -> Response:
    """What became of an attempt, for the browser that made it."""
    found = wiring.storage().attempts.get(incoming.segment(attempt))
    held = [keys.digest(cookie) for cookie in _cookies() if cookie]
    if found is None or found.browser_hash not in held:
        raise NotFound
    if found.state is AttemptState.DONE:
        return _connected(found)
    if found.state is AttemptState.CLAIMED and found.claimed_at and keys.now() - found.claimed_at < STILL_WORKING:
        return html(wiring.renderer().page("working", app=wiring.apps().providers[found.app]))
    return _not_connected(found)


def _connected(attempt: Attempt) -> Response:
    books = wiring.storage().entities.landing(attempt.entity_id)
    if books is None or attempt.account is None:
        raise NotFound
    connected, wanted = wiring.apps().progress(books)
    page = wiring.renderer().page(
        "result",
        entity_name=books.entity.name,
        app=wiring.apps().providers[attempt.app],
        account=attempt.account,
        reconnected=attempt.reconnected,
        by_admin=bool(attempt.authority.admin),
        back=_way_back(attempt, books.entity),
        connected=connected,
        wanted=wanted,
    )
    return html(page)


def _not_connected(attempt: Attempt) -> Response:
    """Cancelled, refused, down: the page says which, and the way back is one click."""
    cause = attempt.failure or ("unfinished" if attempt.state is AttemptState.CLAIMED else "expired")
    app = wiring.apps().providers[attempt.app]
    back = _way_back(attempt, wiring.storage().entities.get(attempt.entity_id), attempt.app)
    page = wiring.renderer().page("problem", cause=cause, app=app, back=back, hint="", retry_after=0)
    return html(page)


def _way_back(attempt: Attempt, entity: Entity | None, app: str = "") -> str:
    """To the console, or to the landing page if the link that was used still works."""
    if attempt.authority.admin:
        return f"/entities/{attempt.entity_id}" + (f"/apps/{app}" if app else "")
    if entity is None or not keys.same(entity.link.nonce, attempt.authority.nonce):
        return ""
    if not wiring.links().works(entity.link):
        return ""
    path = f"/c/{wiring.links().segment(entity.link)}" + (f"/{app}" if app else "")
    return f"{path}?i={attempt.invitation_id}" if attempt.invitation_id else path
