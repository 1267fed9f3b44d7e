"""The API as the accounting platform uses it, with every answer held against openapi.json."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.support.visitor import Answer, Platform
from tests.support.world import World

DESCRIPTION: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "chalicelib" / "handlers" / "openapi.json").read_text("utf-8")
)
CHALICES_OWN = {404, 405}
"""Answered before any of our routes is reached."""


class Api:
    """A platform with a token. An answer that openapi.json does not describe fails the test."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def request(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        answer = self._platform.request(method, path, body, **more)
        check(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def put(self, path: str, body: object, **headers: str) -> Answer:
        return self.request("PUT", path, body, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)


def api(world: World, *scopes: str, entities: list[str] | None = None) -> Api:
    return Api(world.platform(*scopes, entities=entities))


def check(method: str, path: str, answer: Answer) -> None:
    """Status, type and body are as described."""
    operation = _operation(method, path.partition("?")[0])
    if operation is None:
        assert answer.status in CHALICES_OWN, (method, path, answer.status)
        return
    described = operation["responses"].get(str(answer.status))
    assert described, f"{method} {path}: {answer.status} is not described: {answer.body}"
    ((kind, content),) = described["content"].items()
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    _validator(json.dumps(content["schema"])).validate(answer.json)
    if kind == "application/problem+json":
        assert answer.json["status"] == answer.status


def _operation(method: str, path: str) -> Any:
    for template, operations in DESCRIPTION["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operations.get(method.lower())
    return None


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": DESCRIPTION["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
