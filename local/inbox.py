"""The local inbox: every letter the product sent, for a person to read and for a program to fetch."""

import re
from collections.abc import Callable, Sequence

from flask import Flask, Response, abort, jsonify, render_template, request
from markupsafe import Markup, escape

from local.letters import Letter

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
_LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:"
)


def create(letters: Callable[[], Sequence[Letter]]) -> Flask:
    """The inbox over ``letters``, which answers all letters, oldest first. A letter's number never changes."""
    app = Flask(__name__, template_folder="pages")
    app.jinja_env.filters["linked"] = linked
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.get("/")
    def index() -> str:
        return render_template("inbox.html", letters=list(enumerate(letters(), 1))[::-1])

    @app.get("/messages.json")
    def messages() -> Response:
        return jsonify(list(letters())[::-1])

    @app.get("/messages/<int:number>")
    def letter(number: int) -> str:
        return render_template("letter.html", number=number, letter=_pick(letters(), number))

    @app.get("/messages/<int:number>.html")
    def html(number: int) -> Response:
        return Response(_opening_beside(_pick(letters(), number)["html"]), mimetype="text/html")

    app.after_request(_guarded)
    return app


def linked(text: str) -> Markup:
    """Plain text with its web addresses made into links that open beside the inbox."""
    link = r'<a href="\g<0>" target="_blank" rel="noopener">\g<0></a>'
    return Markup(re.sub(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]", link, str(escape(text))))  # noqa: S704 - escaped


def _opening_beside(html: str) -> str:
    """A letter whose links open beside the inbox: inside the sandboxed frame they would lead nowhere."""
    base = '<base target="_blank">'
    based, heads = re.subn(r"<head\b[^>]*>", lambda head: head[0] + base, html, count=1, flags=re.IGNORECASE)
    return based if heads else base + html


def _pick(letters: Sequence[Letter], number: int) -> Letter:
    if not 1 <= number <= len(letters):
        abort(404)
    return letters[number - 1]


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _LETTER_POLICY if request.endpoint == "html" else _PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
