"""`chalice local`'s own server, with what a browser and a reader of its log need."""

import sys
import threading
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, override

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    ForbiddenError,
    LocalChalice,
    LocalDevServer,
    LocalGatewayException,
    RouteMatcher,
    ThreadedHTTPServer,
)

from local.missing import Answer
from local.ports import HOST
from local.servers import STOPPING_SECONDS

LAMBDA_SECONDS = 29


class Handler(ChaliceRequestHandler):
    # Without these two, Nagle's algorithm and delayed acknowledgements add 40 ms to every kept-alive request.
    disable_nagle_algorithm = True
    wbufsize = -1
    not_found: Callable[[str], Answer]

    def __init__(self, request: Any, client_address: Any, server: Any, app_object: Chalice, config: Config) -> None:
        self._routes = RouteMatcher(list(app_object.routes))
        super().__init__(request, client_address, server, app_object, config)

    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Method, route and status. Never the address: links, codes and states in it are secrets."""
        status = code.value if isinstance(code, HTTPStatus) else code
        print(f"  {datetime.now().astimezone():%H:%M:%S} {self.command} {self._route()} {status}", flush=True)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what the base class says quotes the request."""

    def _route(self) -> str:
        try:
            matched = self._routes.match_route(self.path)
        except ValueError:
            return "(no such page)"
        return str(matched.route)

    @override
    def _send_error_response(self, error: LocalGatewayException) -> None:
        """Deployed, API Gateway answers for addresses that no route has; its responses are in the template."""
        if not isinstance(error, ForbiddenError):
            super()._send_error_response(error)
            return
        headers, body = self.not_found(self.path)
        self._send_http_response(404, dict(headers), body)

    @override
    def _send_http_response_with_body(self, code: int, headers: Any, body: str | bytes) -> None:
        """Chalice answers HEAD with a body, which the next request on the connection would trip over."""
        if self.command == "HEAD":
            self._send_http_response_no_body(code, headers)
        else:
            super()._send_http_response_with_body(code, headers, body)


class Server(ThreadedHTTPServer):
    request_queue_size = 128

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news; anything else is one line."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"  the server stumbled: {type(error).__name__}", file=sys.stderr, flush=True)


class Web:
    """The product behind Chalice's local server, on a thread."""

    def __init__(self, app: Chalice, port: int, not_found: Callable[[str], Answer]) -> None:
        handler = type("ProductHandler", (Handler,), {"not_found": staticmethod(not_found)})
        self._server = LocalDevServer(_thread_safe(app), _config(), HOST, port, handler, Server)
        self._thread = threading.Thread(
            target=self._server.server.serve_forever, args=(STOPPING_SECONDS,), name="product", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. Requests that are being answered end with the process."""
        self._server.shutdown()
        self._thread.join()
        self._server.server.server_close()


def _thread_safe(app: Chalice) -> Chalice:
    """What `chalice local` does to an app (`chalice.local.create_local_server`): the current request per thread.

    A class of its own for each: Chalice bends one shared class, and a second app in the process would bend the first.
    """
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, app.__class__), {})
    return app


def _config() -> Config:
    return Config(
        chalice_stage="local", config_from_disk={"app_name": "client-connect", "lambda_timeout": LAMBDA_SECONDS}
    )
