"""What the console's forms do. Each ends in a redirect, so that a reload does nothing twice."""

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.errors import AppProblem, InvalidField, LimitReached, Suppressed
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.connect import leaving
from chalicelib.handlers.console import show_members, show_panel
from chalicelib.handlers.console_guard import Admin, signed_in
from chalicelib.handlers.edge import app_problem_page, redirect
from chalicelib.i18n import N_
from chalicelib.providers.parts import Mechanism

blueprint = Blueprint(__name__)


@blueprint.route("/entities/{entity_id}/client-connect/regenerate", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def regenerate(admin: Admin, entity_id: str) -> Response:
    """A new link; the old one is dead when the page comes back."""
    entity = admin.books(entity_id).entity
    wiring.links().regenerate(entity, admin.actor)
    return redirect(f"/entities/{entity.id}/client-connect?done=regenerated")


@blueprint.route("/entities/{entity_id}/apps/{app}/connect", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def connect(admin: Admin, entity_id: str, app: str) -> Response:
    """Connect now: off to the app, or the keys checked."""
    books = admin.books(entity_id)
    slug, typed = incoming.segment(app), incoming.form(blueprint.current_request)
    provider = wiring.apps().serving(wiring.apps().offered(slug))
    try:
        if "arrival" in typed:
            secret = incoming.cookie(blueprint.current_request, incoming.INSTALL_COOKIE)
            claimed = wiring.arriving().by_admin(provider, admin.session, books.entity.id, secret)
            return redirect(f"/attempts/{claimed.id}")
        if provider.mechanism is Mechanism.KEY_FORM:
            attempt = wiring.key_forms().by_admin(admin.session, books.entity.id, provider, typed, admin.secret)
            return redirect(f"/attempts/{attempt.id}")
        started = wiring.starting().by_admin(admin.session, books.entity.id, provider, typed=typed)
    except InvalidField as error:
        return show_panel(admin, books, slug, typed, error)
    except AppProblem as problem:
        back = f"/entities/{books.entity.id}/apps/{slug}"
        return app_problem_page(problem, provider, back)
    return leaving(started)


@blueprint.route("/entities/{entity_id}/apps/{app}/wait", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def wait(admin: Admin, entity_id: str, app: str) -> Response:
    """Note that the app was asked to let us in."""
    books = admin.books(entity_id)
    provider = wiring.apps().offered(incoming.segment(app))
    wiring.requesting().by_admin(books.entity, provider, admin.actor)
    return redirect(f"/entities/{books.entity.id}/apps/{provider.slug}?done=requested")


@blueprint.route("/entities/{entity_id}/apps/{app}/ask", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def ask(admin: Admin, entity_id: str, app: str) -> Response:
    """Ask the owner, by letter."""
    books = admin.books(entity_id)
    slug, typed = incoming.segment(app), incoming.form(blueprint.current_request)
    try:
        wiring.inviting().ask(
            books,
            slug,
            email=typed.get("email", ""),
            requested_by=admin.session.email,
            note=typed.get("note", ""),
        )
    except InvalidField as error:
        return show_panel(admin, books, slug, typed, error)
    except Suppressed as error:
        fault = InvalidField("email", error.hint)
        return show_panel(admin, books, slug, typed, fault, refused=error.email, status=409)
    except LimitReached:
        many = InvalidField(
            "email", N_("That is enough for now: many invitations were sent today. Try again tomorrow.")
        )
        return show_panel(admin, books, slug, typed, many, status=429)
    return redirect(f"/entities/{books.entity.id}/apps/{slug}?done=asked")


@blueprint.route("/entities/{entity_id}/write-again", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def write_again(admin: Admin, entity_id: str) -> Response:
    """Letters to an address again. Goes on to where the address is used: the app's form, or the members."""
    books = admin.books(entity_id)
    typed = incoming.form(blueprint.current_request)
    email = wiring.suppressing().lift(books, typed.get("email", ""), admin.actor)
    app, home = typed.get("app", ""), f"/entities/{books.entity.id}"
    if app in wiring.apps().providers:
        return redirect(f"{home}/apps/{app}?done=resumed")
    return redirect(f"{home}/{'members' if email in books.admins else 'client-connect'}?done=resumed")


@blueprint.route("/entities/{entity_id}/members", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def add_member(admin: Admin, entity_id: str) -> Response:
    """One more admin."""
    books = admin.books(entity_id)
    typed = incoming.form(blueprint.current_request)
    try:
        wiring.administering().add_admin(books, typed.get("email", ""), admin.actor)
    except InvalidField as error:
        return show_members(admin, books, typed, error)
    return redirect(f"/entities/{books.entity.id}/members?done=admin_added")


@blueprint.route("/entities/{entity_id}/members/remove", methods=["POST"], content_types=incoming.FORM)
@signed_in(blueprint)
def remove_member(admin: Admin, entity_id: str) -> Response:
    """One admin fewer. Whoever removes themself goes back to their list."""
    entity_id = admin.books(entity_id).entity.id
    email = incoming.form(blueprint.current_request).get("email", "").strip().lower()
    wiring.administering().remove_admin(entity_id, email, admin.actor)
    back = "/entities" if email == admin.session.email else f"/entities/{entity_id}/members"
    return redirect(f"{back}?done=admin_removed")
