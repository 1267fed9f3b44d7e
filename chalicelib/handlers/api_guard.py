"""The API's door: a bearer token with the right scope and reach, and problem+json for whatever goes wrong."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import errors, logs, wiring
from chalicelib.handlers import requests as incoming
from chalicelib.handlers.edge import PROBLEMS, problem_json
from chalicelib.services.callers import Caller
from chalicelib.services.links import ENTITY_ID

type Answer = tuple[int, object]
type ApiView = Callable[..., Answer]

_SERVER_ERROR = 500
JSON = ["application/json"]


def requires(blueprint: Blueprint, scope: str) -> Callable[[ApiView], Callable[..., Response]]:
    """Hands the view its ``Caller``; the view answers with a status and what is to be JSON."""

    def decorate(view: ApiView) -> Callable[..., Response]:
        @functools.wraps(view)
        def guarded(**params: str) -> Response:
            try:
                request = blueprint.current_request
                caller = wiring.callers().caller(request.headers.get("authorization", ""))
                if "entity_id" in params:
                    params["entity_id"] = _entity_id(params["entity_id"])
                caller.check(scope, params.get("entity_id"))
                logs.bind(entity_id=params.get("entity_id", ""))
                return _json(*_served(blueprint, caller, view, params))
            except errors.ClientConnectError as error:
                return _problem(error)
            except Exception as error:  # noqa: BLE001 - the last line of defence: nothing of it may reach the caller
                logs.crash(error)
                return problem_json(500, "crashed")

        return guarded

    return decorate


def _served(blueprint: Blueprint, caller: Caller, view: ApiView, params: dict[str, str]) -> Answer:
    """POSTs honour Idempotency-Key."""
    request = blueprint.current_request
    if request.method != "POST":
        return view(caller, **params)
    header = request.headers.get("idempotency-key", "")
    # Chalice's path is the route's: {entity_id} is still to be said.
    what = (request.method, request.path, *(params[name] for name in sorted(params)))
    asked = (caller.name, *what, incoming.body(request).decode("latin-1"))
    return wiring.repeating().once(header, asked, lambda: view(caller, **params))


def _entity_id(value: str) -> str:
    entity_id = incoming.segment(value)
    if not re.fullmatch(ENTITY_ID, entity_id):
        raise errors.NotFound
    return entity_id


def _json(status: int, body: object) -> Response:
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json; charset=utf-8"}
    return Response(body=json.dumps(body, ensure_ascii=False), status_code=status, headers=headers)


def _problem(error: errors.ClientConnectError) -> Response:
    status, cause = PROBLEMS[type(error)]
    if isinstance(error, errors.InvalidField):
        return problem_json(422, "invalid_field", field=error.name, detail=error.hint)
    if status >= _SERVER_ERROR and not isinstance(error, errors.AppWaits):
        logs.crash(error)
    if isinstance(error, errors.Unauthorized):
        cause = "unauthorized"
    told = {name: getattr(error, name, "") for name in ("reason", "retry_after")}
    return problem_json(status, cause, detail=getattr(error, "hint", ""), **told)


def fields(blueprint: Blueprint) -> Mapping[str, Any]:
    """The body as a JSON object. Fields that nobody asked for are left alone.

    :raises BadRequest: if it is none, or names a member twice.
    """
    return incoming.json_object(blueprint.current_request)


def text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text member of the body.

    :raises InvalidField: if it is missing (and has no default) or no text.
    """
    value = body.get(name, default)
    if not isinstance(value, str):
        raise errors.InvalidField(name, "Must be a string.")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise errors.InvalidField(name, "Must be valid Unicode.")
    return value
