"""One web application for all simulated apps: the first part of the path is the app's real host."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, g, request

from . import misbehave
from .base import App, Call, Route, oauth_error
from .model import Hit
from .state import State

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def web(apps: Sequence[App], state: State) -> Flask:
    flask = Flask(__name__, static_folder=None)
    flask.url_map.merge_slashes = False
    flask.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    routes = [(app, route) for app in apps for route in app.routes()]

    def dispatch(host: str, path: str) -> Response:
        matches = [(app, route, call) for app, route in routes if (call := route.match(host, f"/{path}"))]
        if not matches:
            return oauth_error("not_found", "No simulated app has this address", 404)
        for app, route, call in matches:
            if route.method == request.method:
                return _serve(app, route, call, state)
        return oauth_error("method_not_allowed", f"{request.method} is not for this address", 405)

    flask.add_url_rule(
        "/<host>/<path:path>",
        view_func=dispatch,
        methods=_METHODS,
        provide_automatic_options=False,
    )
    return flask


def _serve(app: App, route: Route, call: Call, state: State) -> Response:
    state.add_hit(_hit(app, route, call))
    how, to = state.take(app.id, route.endpoint, shows_name=route.shows_name)
    g.how = how
    wrong = misbehave.instead(app, how, to, state.stopping) if how else None
    return wrong if wrong is not None else misbehave.spoil(app, how, route.handler(call))


def _hit(app: App, route: Route, call: Call) -> Hit:
    # The body first: reading the form alone would leave nothing of it.
    body = request.get_data()
    values: dict[str, Any] = request.form.to_dict()
    return Hit(
        app=app.id,
        endpoint=route.endpoint,
        method=request.method,
        path=f"/{call.host}{call.path}",
        headers=request.headers,
        query=request.args.to_dict(),
        form=values,
        body=body,
    )
