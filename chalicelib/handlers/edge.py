"""The edge: every answer gets its headers, every error its status and its page, and nothing leaks."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, Request, Response

from chalicelib import errors, logs, wiring
from chalicelib.handlers.invocations import of_chalice, requested
from chalicelib.providers.base import Provider
from chalicelib.settings import SettingsRefused

SECURITY_HEADERS: Mapping[str, str] = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

PROBLEMS: Mapping[type[errors.ClientConnectError], tuple[int, str]] = {
    errors.BadRequest: (400, "bad_request"),
    errors.InvalidField: (400, "bad_request"),
    errors.TooLarge: (413, "too_large"),
    errors.NotSignedIn: (401, "sign_in_expired"),
    errors.Unauthorized: (401, "forbidden"),
    errors.Forged: (401, "forbidden"),
    errors.Forbidden: (403, "forbidden"),
    errors.NotFound: (404, "not_found"),
    errors.DeadLink: (404, "dead_link"),
    errors.DeadReceipt: (404, "dead_receipt"),
    errors.NotEligible: (404, "not_eligible"),
    errors.SignInExpired: (404, "sign_in_expired"),
    errors.LastAdmin: (409, "conflict"),
    errors.BeingErased: (409, "conflict"),
    errors.Suppressed: (409, "suppressed"),
    errors.Conflict: (409, "conflict"),
    errors.NeedsAttention: (409, "needs_attention"),
    errors.LimitReached: (429, "limit"),
    errors.AppWaits: (503, "app_down"),
    errors.AppProblem: (502, "app_down"),
    errors.AppDown: (502, "app_down"),
    errors.AppRefused: (409, "app_refused"),
    errors.GrantDead: (409, "app_refused"),
    errors.NotEnabled: (409, "not_enabled"),
    errors.AppRejectedUs: (502, "app_down"),
    errors.Unavailable: (503, "unavailable"),
    errors.NotKept: (503, "unavailable"),
}
"""Every domain error that may reach the edge, but ``AttemptProblem``, which names its page itself."""

_CHALICE_CAUSES = {403: "not_found", 404: "not_found", 405: "not_allowed", 413: "too_large", 415: "unsupported"}
_ERROR = 400
_UNAUTHORIZED = 401
_SERVER_ERROR = 500

FRAMES = "X-Frame-Ancestors"
"""From a view to the edge, and no further: who may show this page in a frame."""

type View = Callable[..., Response]


class Application(Chalice):
    """Chalice, with our headers and our words on what it answers by itself (405, 415, 500)."""

    def __init__(self, app_name: str, **options: Any) -> None:
        # Left to itself, Chalice logs tracebacks, messages and all.
        super().__init__(app_name, **options)
        self.log.addFilter(of_chalice)

    def __call__(self, event: Any, context: Any) -> Any:
        with requested(event, context) as answered:
            answer = self._answer(event, context)
            answered(answer["statusCode"])
        return answer

    def _answer(self, event: Any, context: Any) -> Any:
        answer = super().__call__(event, context)
        headers = {name.title(): value for name, value in answer.get("headers", {}).items()}
        # Chalice's own answers are JSON, and its 405 does not even say so.
        if answer["statusCode"] >= _ERROR and headers.get("Content-Type", "application/json") == "application/json":
            own = _in_our_words(event, answer["statusCode"])
            answer["body"], headers["Content-Type"] = own.body, own.headers["Content-Type"]
        csp = wiring.renderer().content_security_policy
        if frames := headers.pop(FRAMES, ""):
            csp = csp.replace("frame-ancestors 'none'", f"frame-ancestors {frames}")
            headers["X-Frame-Options"] = ""
        answer["headers"] = {**headers, **{n: v for n, v in SECURITY_HEADERS.items() if n not in headers}}
        answer["headers"]["Content-Security-Policy"] = csp
        if frames:
            del answer["headers"]["X-Frame-Options"]
        return answer


def _in_our_words(event: Mapping[str, Any], status: int) -> Response:
    path = str(event.get("requestContext", {}).get("resourcePath", ""))
    cause = _CHALICE_CAUSES.get(status, "crashed" if status >= _SERVER_ERROR else "bad_request")
    return _problem(path, status, cause)


def _problem(path: str, status: int, cause: str) -> Response:
    return problem_json(status, cause) if path.startswith("/v1") else problem_page(status, cause)


def with_current_settings(event: Request, get_response: Callable[[Any], Any]) -> Any:
    """Before every request. Without settings a reader is told."""
    try:
        wiring.renew_settings()
    except (errors.Unavailable, SettingsRefused) as error:
        logs.crash(error)
        return _problem(str(event.path), 503, "unavailable")
    return get_response(event)


def html(page: str, *, status: int = 200, cookies: tuple[str, ...] = ()) -> Response:
    """A page."""
    headers: dict[str, Any] = {"Content-Type": "text/html; charset=utf-8"}
    if cookies:
        headers["Set-Cookie"] = list(cookies)
    return Response(body=page, status_code=status, headers=headers)


def redirect(path: str, *, cookies: tuple[str, ...] = ()) -> Response:
    """303 to one of our own paths."""
    headers: dict[str, Any] = {
        "Location": wiring.settings().base_path + path,
        "Content-Type": "text/plain; charset=utf-8",
    }
    if cookies:
        headers["Set-Cookie"] = list(cookies)
    return Response(body="", status_code=303, headers=headers)


def problem_page(status: int, cause: str, **words: object) -> Response:
    """The calm page for a cause."""
    known: dict[str, object] = {"app": None, "back": "", "hint": "", "retry_after": 0}
    return html(wiring.renderer().page("problem", cause=cause, **known | words), status=status)


def app_problem_page(problem: errors.AppProblem, app: Provider, back: str = "") -> Response:
    """What went wrong at the app. Only an app that is down, or does not know us, is a fault of servers."""
    status, cause = PROBLEMS[type(problem)]
    return problem_page(status, cause, app=app, back=back)


def problem_json(status: int, cause: str, **members: object) -> Response:
    """RFC 9457. The type is a name, not a page."""
    body = {
        "type": f"urn:client-connect:problem:{cause}",
        "title": cause.replace("_", " ").capitalize(),
        "status": status,
    }
    headers: dict[str, str | list[str]] = {"Content-Type": "application/problem+json"}
    if status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if members.get("retry_after"):
        headers["Retry-After"] = str(members["retry_after"])
    shown = {name: value for name, value in members.items() if value}
    return Response(body=json.dumps(body | shown), status_code=status, headers=headers)


def pages(view: View) -> View:
    """Errors become pages."""

    @functools.wraps(view)
    def guarded(**params: str) -> Response:
        try:
            return view(**params)
        except errors.AttemptProblem as problem:
            return problem_page(400, problem.cause, app=wiring.apps().providers.get(problem.app))
        except errors.ClientConnectError as error:
            return _page_of(error)
        except Exception as error:  # noqa: BLE001 - the last line of defence: nothing of it may reach the reader
            logs.crash(error)
            return problem_page(500, "crashed")

    return guarded


def _page_of(error: errors.ClientConnectError) -> Response:
    status, cause = PROBLEMS[type(error)]
    if status >= _SERVER_ERROR:
        logs.crash(error)
    words: dict[str, object] = {"hint": getattr(error, "hint", "")}
    if cause == "sign_in_expired":
        words["back"] = "/sign-in"
    if isinstance(error, errors.LimitReached):
        words["retry_after"] = error.retry_after
    answer = problem_page(status, cause, **words)
    if isinstance(error, errors.LimitReached):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
