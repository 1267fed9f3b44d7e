"""The console's door: a session for every page; same origin and the form's own token for every change."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain import AdminSession, Books
from chalicelib.errors import NotSignedIn
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import html, pages

NOTICES = frozenset(
    {
        "asked",
        "requested",
        "regenerated",
        "admin_added",
        "admin_removed",
        "resumed",
        "connected",
        "disconnected",
        "signed_in",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Who is signed in."""

    session: AdminSession
    secret: str = field(repr=False)
    done: str
    """What was just done, for the page to say."""

    @property
    def words(self) -> dict[str, object]:
        """What every console page is given."""
        return {"admin": self.session.email, "csrf": incoming.csrf_token(self.secret), "done": self.done}

    @property
    def actor(self) -> str:
        """The admin in the history's words."""
        return f"admin {self.session.email}"

    def books(self, entity_id: str) -> Books:
        """The entity, if this admin is one of its own.

        :raises NotFound: otherwise.
        """
        return wiring.administering().books(incoming.segment(entity_id), self.session.email)


type ConsoleView = Callable[..., Response]


def signed_in(blueprint: Blueprint) -> Callable[[ConsoleView], ConsoleView]:
    """Hands the view an ``Admin``; without a session the answer is the sign-in form."""

    def decorate(view: ConsoleView) -> ConsoleView:
        @functools.wraps(view)
        @pages
        def guarded(**params: str) -> Response:
            request = blueprint.current_request
            if request.method == "POST":
                incoming.check_same_origin(request)
            secret = incoming.cookie(request, incoming.SESSION_COOKIE)
            try:
                session = wiring.signing_in().session(secret)
            except NotSignedIn:
                return html(wiring.renderer().page("sign_in", typed={}, error=None), status=401)
            if request.method == "POST":
                incoming.check_csrf(incoming.form(request).get("csrf", ""), secret)
                done = ""
            else:
                done = incoming.query(request).get("done", "")
            return view(Admin(session=session, secret=secret, done=done if done in NOTICES else ""), **params)

        return guarded

    return decorate
