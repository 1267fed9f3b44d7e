"""Another site, on this machine: pages that do what an attacker's pages do."""

import threading
from collections.abc import Mapping
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override


class Evil:
    """A site whose pages a test writes. It is another origin under both of its names, and another site under one."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(pages.get(self.path, "").encode())

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def address(self, host: str, path: str) -> str:
        """``127.0.0.1`` is the product's site (not its origin), ``localhost`` a foreign one."""
        return f"http://{host}:{self.port}{path}"

    def posting(self, target: str, fields: Mapping[str, str]) -> str:
        """The path of a page that sends a form as soon as somebody looks at it."""
        inputs = "".join(f'<input name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
        self.pages["/post"] = (
            f'<!doctype html><title>A prize</title><link rel="icon" href="data:,">'
            f'<form method="post" action="{escape(target)}">{inputs}</form><script>document.forms[0].submit()</script>'
        )
        return "/post"

    def framing(self, target: str) -> str:
        """The path of a page that puts another one into a frame."""
        self.pages["/frame"] = f'<!doctype html><title>A game</title><iframe src="{escape(target)}"></iframe>'
        return "/frame"
