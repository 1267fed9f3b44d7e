"""The demo entity, made the way the main product makes one: through the API."""

import json
import urllib.request
from typing import Any

from local.token import make

ENTITY = "acme"
NAME = "Acme Coffee LLC"
ADMINS = ("pat@acmecoffee.example", "sam@acmecoffee.example")
SECONDS = 20


def seed(base_url: str, api_secret: str) -> str:
    """Make the entity with its two admins; its connect link's address."""
    token = make(api_secret)
    call(base_url, token, "PUT", f"/v1/entities/{ENTITY}", {"name": NAME, "admins": list(ADMINS)})
    return str(call(base_url, token, "GET", f"/v1/entities/{ENTITY}/link")["url"])


def call(base_url: str, token: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    """One call of the product's API."""
    request = urllib.request.Request(
        base_url + path,
        method=method,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"},
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
