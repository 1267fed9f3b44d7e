"""What API Gateway answers, deployed, to an address that no route has. Its gateway responses are in the template."""

import json
from collections.abc import Mapping

_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>There is no such page</title>
<style>:root { color-scheme: light dark; } main { max-width: 36rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }</style>
</head>
<body>
<main>
<h1>There is no such page</h1>
<p>The address may be incomplete: please open the link in your letter again, or copy all of it.</p>
</main>
</body>
</html>
"""


def not_found(path: str) -> tuple[Mapping[str, str], str]:
    """Headers and body of a 404: JSON for programs, a page for people."""
    if path.startswith("/v1/"):
        error = {"error": {"code": "not_found", "message": "There is no such resource."}}
        return _HEADERS | {"Content-Type": "application/json; charset=utf-8"}, json.dumps(error)
    return _HEADERS | {"Content-Type": "text/html; charset=utf-8"}, _PAGE
