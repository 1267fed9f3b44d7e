"""A quiet web server on a background thread, that stops at once."""

from threading import Thread
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Quiet(WSGIRequestHandler):
    """Logs nothing: addresses hold codes. HTTP/1.1, for answers in chunks."""

    protocol_version = "HTTP/1.1"

    def make_environ(self) -> "WSGIEnvironment":
        """With the headers that have an underscore in their name, which werkzeug drops: Walmart's have."""
        environ = super().make_environ()
        environ |= {f"HTTP_{name.upper()}": value for name, value in self.headers.items() if "_" in name}
        return environ

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


class Server:
    def __init__(self, flask: Flask, port: int) -> None:
        self._server = make_server("127.0.0.1", port, flask, threaded=True, request_handler=Quiet)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="simulators")
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
