"""The console's pages. Reading only; console_forms.py has what changes something."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from chalice.app import Blueprint, Response

from chalicelib import keys, qr, wiring
from chalicelib.domain import Account, Books
from chalicelib.errors import InvalidField
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.console_guard import Admin, signed_in
from chalicelib.handlers.edge import html
from chalicelib.providers.base import Provider
from chalicelib.services.apps import Card, card, known, refillable

blueprint = Blueprint(__name__)

PAGE = 50


@blueprint.route("/entities", methods=["GET"])
@signed_in(blueprint)
def entities(admin: Admin) -> Response:
    """The entities that the admin looks after."""
    after = incoming.query(blueprint.current_request).get("after", "")
    found, following = wiring.storage().members.entities_of(admin.session.email, incoming.segment(after))
    return _page("entities", admin, entities=found, next_after=following)


@blueprint.route("/entities/{entity_id}", methods=["GET"])
@signed_in(blueprint)
def my_apps(admin: Admin, entity_id: str) -> Response:
    """What is connected."""
    books = admin.books(entity_id)
    own = {connection.app for connection in books.living}
    troubled = {app: until for app, until in (wiring.breaking().troubled() if own else {}).items() if app in own}
    return _page(
        "my_apps", admin,
        entity=books.entity, connections=books.connections, apps=wiring.apps().providers, troubled=troubled,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category with its apps."""

    category: str
    tiles: tuple[Card, ...]


@blueprint.route("/entities/{entity_id}/available", methods=["GET"])
@signed_in(blueprint)
def available_apps(admin: Admin, entity_id: str) -> Response:
    """What can be connected, by category."""
    books = admin.books(entity_id)
    wanted = incoming.query(blueprint.current_request).get("q", "")[:100]
    return _page("available_apps", admin, entity=books.entity, shelves=_shelves(books, wanted), query=wanted)


def _shelves(books: Books, wanted: str) -> list[Shelf]:
    offered = [app for app in wiring.apps().all() if wiring.apps().configured(app)]
    found = [card(app, books) for app in offered if wanted.strip().casefold() in app.name.casefold()]
    grouped = groupby(found, key=lambda tile: tile.app.category)
    return [Shelf(category=category.value, tiles=tuple(tiles)) for category, tiles in grouped]


@blueprint.route("/entities/{entity_id}/apps/{app}", methods=["GET"])
@signed_in(blueprint)
def app_panel(admin: Admin, entity_id: str, app: str) -> Response:
    """Connect now, and where the app is eligible, ask the owner."""
    wanted = incoming.query(blueprint.current_request).get("mend", "")
    return show_panel(admin, admin.books(entity_id), app, {"mend": wanted})


def show_panel(
    admin: Admin,
    books: Books,
    app: str,
    typed: Mapping[str, str] | None = None,
    error: InvalidField | None = None,
    *,
    refused: str = "",
    status: int = 400,
) -> Response:
    """The app's panel, perhaps with a form that has to be corrected. Secrets are never put back into it.

    ``refused`` is an address that the form asked to write to and that is not written to.
    """
    provider = wiring.apps().offered(incoming.segment(app))
    invitations = [invitation for invitation in books.invitations if invitation.app == provider.slug]
    return _page(
        "app_panel",
        admin,
        status=status if error else 200,
        entity=books.entity,
        app=provider,
        connections=known(provider, books),
        invitations=invitations,
        suppressions=wiring.suppressing().behind(books, invitations, refused),
        link_address=_address(books, provider.slug),
        ask_owner=provider.ask_owner,
        **_state(provider, books, typed or {}),
        typed=refillable(provider, typed or {}),
        error=error,
    )


def _state(app: Provider, books: Books, typed: Mapping[str, str]) -> Mapping[str, object]:
    """What of the app waits for somebody, or is in trouble; and what the page was opened to mend."""
    return {
        "arrived": _arrived(app),
        "mending": next((found for found in books.connections if found.id == typed.get("mend")), None),
        "troubled_until": wiring.breaking().troubled().get(wiring.apps().serving(app).slug),
        "waiting": books.entity.waiting.get(app.slug),
    }


def _arrived(app: Provider) -> tuple[Account, ...]:
    """What waits for this browser, which came from the app."""
    return wiring.arriving().waiting(incoming.cookie(blueprint.current_request, incoming.INSTALL_COOKIE), app)


def _address(books: Books, app: str = "") -> str:
    """The link to copy; nothing, where the key that made it was retired and only Regenerate helps."""
    links, link = wiring.links(), books.entity.link
    return links.address(link, app) if links.works(link) else ""


@blueprint.route("/entities/{entity_id}/client-connect", methods=["GET"])
@signed_in(blueprint)
def client_connect(admin: Admin, entity_id: str) -> Response:
    """The link, its QR code, and the invitations."""
    books = admin.books(entity_id)
    address = _address(books)
    return _page(
        "client_connect",
        admin,
        entity=books.entity,
        link_address=address,
        qr=qr.svg(address) if address else "",
        invitations=books.invitations[:PAGE],
        suppressions=wiring.suppressing().behind(books, books.invitations[:PAGE]),
        apps=wiring.apps().providers,
    )


@blueprint.route("/entities/{entity_id}/client-connect/regenerate", methods=["GET"])
@signed_in(blueprint)
def confirm_regenerate(admin: Admin, entity_id: str) -> Response:
    """What a new link would mean, before there is one."""
    from chalicelib.services.inviting import unanswered

    books = admin.books(entity_id)
    waiting = unanswered(books.invitations, books.entity.link)
    return _page("regenerate", admin, entity=books.entity, open_invitations=len(waiting))


@blueprint.route("/entities/{entity_id}/history", methods=["GET"])
@signed_in(blueprint)
def history(admin: Admin, entity_id: str) -> Response:
    """What happened, newest first."""
    books = admin.books(entity_id)
    cursor = incoming.query(blueprint.current_request).get("cursor", "")
    after = cursor if keys.is_id(cursor) else ""
    events = wiring.administering().history(books.entity.id, after, PAGE + 1)
    following = events[PAGE - 1].id if len(events) > PAGE else ""
    apps = wiring.apps().providers
    return _page("history", admin, entity=books.entity, events=events[:PAGE], apps=apps, next_cursor=following)


@blueprint.route("/entities/{entity_id}/members", methods=["GET"])
@signed_in(blueprint)
def members(admin: Admin, entity_id: str) -> Response:
    """Who gets the letters and may change things."""
    return show_members(admin, admin.books(entity_id))


def show_members(
    admin: Admin, books: Books, typed: Mapping[str, str] | None = None, error: InvalidField | None = None
) -> Response:
    """The members page, perhaps with a form that has to be corrected."""
    return _page(
        "members", admin, status=400 if error else 200,
        entity=books.entity, members=books.members, typed=typed or {}, error=error,
    )  # fmt: skip


def _page(name: str, admin: Admin, *, status: int = 200, **words: object) -> Response:
    return html(wiring.renderer().page(name, **admin.words, **words), status=status)
