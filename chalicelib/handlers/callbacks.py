"""What comes back from an app, and what came of it. Only state and the browser's cookie make a callback an attempt's."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from chalice.app import Blueprint, Response

from chalicelib import keys, wiring
from chalicelib.domain import Account, Attempt, AttemptState, Entity
from chalicelib.errors import InvalidField, NotFound, StillComing
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.arrivals import arrived
from chalicelib.handlers.edge import html, pages, redirect
from chalicelib.services.establishing import expected

blueprint = Blueprint(__name__)

STILL_WORKING = timedelta(seconds=30)


@blueprint.route("/callback/{app}", methods=["GET"])
@pages
def callback(app: str) -> Response:
    """The app sends the browser back, with a code or an error."""
    request = blueprint.current_request
    slug, params = incoming.segment(app), incoming.query(request)
    remembered = incoming.cookie(request, incoming.ATTEMPT_COOKIE)
    if wiring.finishing().unasked(slug, params, remembered):
        return arrived(slug, request)
    try:
        attempt = wiring.finishing().finish(slug, params, _cookies(), remembered)
    except StillComing:
        return html(wiring.renderer().page("working", app=wiring.apps().providers[slug]))
    return redirect(f"/attempts/{attempt.id}")


@blueprint.route("/callback/{app}", methods=["POST"], content_types=[*incoming.FORM, incoming.JSON])
@pages
def posted_callback(app: str) -> Response:
    """What comes as a POST: the app's own server with keys (JSON), or a form that a browser sent on (form_post).

    A cross-site POST brings no cookies, so a form stores nothing: its values go to the callback above.
    """
    request = blueprint.current_request
    slug = incoming.segment(app)
    if incoming.is_json(request):
        wiring.handing_over().receive(slug, incoming.json_object(request))
        return Response(body="", status_code=200)
    if slug not in wiring.apps().providers:
        raise NotFound
    return redirect(f"/callback/{slug}?{urlencode(_back(incoming.form(request)))}")


def _back(fields: Mapping[str, str]) -> dict[str, str]:
    """What of a posted callback is needed: an id_token that came by a browser proves nothing, and is long."""
    return {name: value for name, value in fields.items() if name in {"code", "state", "error", "iss"}}


def _cookies() -> tuple[str, ...]:
    request = blueprint.current_request
    names = (incoming.BROWSER_COOKIE, incoming.SESSION_COOKIE, incoming.INSTALL_COOKIE)
    return tuple(incoming.cookie(request, name) for name in names)


@blueprint.route("/attempts/{attempt}", methods=["GET"])
@pages
def outcome(attempt: str) -> Response:
    """What became of an attempt, for the browser that made it."""
    found = _own(attempt)
    if found.state is AttemptState.DONE:
        return _connected(found)
    if found.state is AttemptState.PARKED and found.expires_at > keys.now():
        return _choose(found)
    if found.state is AttemptState.CLAIMED and found.claimed_at and keys.now() - found.claimed_at < STILL_WORKING:
        return html(wiring.renderer().page("working", app=wiring.apps().providers[found.app]))
    return _not_connected(found)


def _own(attempt: str) -> Attempt:
    found = wiring.storage().attempts.get(incoming.segment(attempt))
    held = [keys.digest(cookie) for cookie in _cookies() if cookie]
    if found is None or found.browser_hash not in held:
        raise NotFound
    return found


def _choose(attempt: Attempt, error: InvalidField | None = None) -> Response:
    """Which account it is to be, or whether it is theirs at all."""
    entity = wiring.storage().entities.get(attempt.entity_id)
    if entity is None:
        raise NotFound
    accounts = wiring.choosing().choices(attempt, _cookies()).accounts
    page = wiring.renderer().page(
        "choose",
        attempt=attempt.id,
        app=wiring.apps().providers[attempt.app],
        entity_name=entity.name,
        accounts=accounts,
        mending=_other_than(attempt, accounts),
        error=error,
    )
    return html(page, status=400 if error else 200)


def _other_than(attempt: Attempt, accounts: tuple[Account, ...]) -> str:
    """The account that was to be connected again, by its name, where none of these is it."""
    if any(expected(attempt, account) for account in accounts):
        return ""
    wanted = wiring.storage().connections.get(attempt.entity_id, attempt.app, attempt.mends)
    return wanted.account.name if wanted else ""


@blueprint.route("/attempts/{attempt}", methods=["POST"], content_types=incoming.FORM)
@pages
def choose(attempt: str) -> Response:
    """The answer to that question."""
    request = blueprint.current_request
    incoming.check_same_origin(request)
    found = _own(attempt)
    fields = incoming.form(request)
    try:
        if found.state is AttemptState.PARKED and found.expires_at > keys.now():
            account_id = "" if "none" in fields else fields.get("account", "-")
            wiring.choosing().choose(found, account_id, _cookies())
    except InvalidField as error:
        return _choose(found, error)
    return redirect(f"/attempts/{found.id}")


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
        elsewhere=_elsewhere(attempt, attempt.account),
    )
    return html(page)


def _elsewhere(attempt: Attempt, account: Account) -> bool:
    """Whether other books have this account too; nothing of them is told."""
    found = wiring.storage().accounts.of(attempt.app, account.id)
    return any(living and entity_id != attempt.entity_id for entity_id, _, living in found)


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
