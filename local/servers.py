"""Small WSGI servers on threads: AWS's stand-in and the inbox."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, override

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.ports import HOST

STOPPING_SECONDS = 0.05
"""How long a server takes to notice that it is to stop."""

type Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    """Says nothing: addresses may hold secrets, and the terminal is for the product's requests."""

    @override
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


class Served:
    """A WSGI application on a thread of its own, from now until `stop`."""

    def __init__(self, application: Wsgi, port: int) -> None:
        self._server: BaseWSGIServer = make_server(HOST, port, application, threaded=True, request_handler=Quiet)
        self.url = f"http://{HOST}:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOPPING_SECONDS,), name=f"serve {self.url}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def one_at_a_time(application: Wsgi) -> Wsgi:
    """The same application, each request alone and whole.

    moto's DynamoDB undoes a refused transaction by putting back a copy of its tables: a write that came in between
    would be lost, and conditions could be passed twice. AWS's calls are atomic, so here they must be as well.
    """
    turn = threading.Lock()

    def alone(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with turn:
            return [b"".join(application(environ, start_response))]

    return alone
