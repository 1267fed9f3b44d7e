"""openapi.json: held against the routes in both directions, and the API held against it by what nobody would think of."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from http.client import responses
from typing import Any
from unittest.mock import patch

import pytest
import schemathesis
from hypothesis import assume, settings

import app
from chalicelib.domain import EventKind, InvitationState
from chalicelib.errors import ClientConnectError
from chalicelib.handlers.edge import PROBLEMS
from chalicelib.providers.parts import Category, Mechanism
from chalicelib.services.addresses import LONGEST_NAME, LONGEST_NOTE
from chalicelib.services.administering import MOST_ADMINS
from tests.handlers.described import DESCRIPTION
from tests.support.visitor import Platform
from tests.support.world import BASE_URL, World

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
EXAMPLES = 20
SPECIAL = re.compile(r"@[^\"]*\.(test|invalid|local|localhost|onion|arpa)\b", re.IGNORECASE)
"""Names that no mail can reach (RFC 6761): refused, though JSON Schema's ``email`` takes them."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in DESCRIPTION["paths"].items():
        yield from ((method.upper(), path, operation) for method, operation in found.items() if method in METHODS)


def test_routes_and_description_are_one() -> None:
    routes = {
        (method, path) for path, methods in app.app.routes.items() if path.startswith("/v1/") for method in methods
    }
    assert {(method, path) for method, path, _ in operations()} == routes


def test_the_description_is_valid() -> None:
    schemathesis.openapi.from_dict(DESCRIPTION).validate()


def test_the_description_needs_no_token(world: World) -> None:
    answer = world.platform().get("/v1/openapi.json", authorization="")
    assert answer.status == 200
    assert answer.json == DESCRIPTION | {"servers": [{"url": BASE_URL}]}
    assert answer.headers["Content-Type"].startswith("application/json")


def test_everything_else_needs_one() -> None:
    open_to_all = [path for _, path, operation in operations() if operation["security"] == []]
    assert open_to_all == ["/v1/openapi.json"]
    assert all(
        {"401", "403"} <= set(operation["responses"]) for _, path, operation in operations() if path not in open_to_all
    )


def test_each_call_names_its_scope() -> None:
    from tests.test_house_rules import ROUTES

    for method, path, operation in operations():
        guard = ROUTES[f"{method} {path}"]
        if guard.startswith("token"):
            assert f"Scope: `{guard.removeprefix('token ')}`." in operation["description"]


def test_every_post_takes_an_idempotency_key() -> None:
    for method, _, operation in operations():
        names = [parameter.get("$ref", "").rpartition("/")[2] for parameter in operation.get("parameters", [])]
        assert ("IdempotencyKey" in names) is (method == "POST")


def test_words_and_limits_are_the_codes_own() -> None:
    """A new kind of event or a longer note must not be forgotten here."""
    schemas = DESCRIPTION["components"]["schemas"]
    assert schemas["Event"]["properties"]["kind"]["enum"] == [kind.value for kind in EventKind]
    assert schemas["Invitation"]["properties"]["status"]["enum"] == [state.value for state in InvitationState]
    assert schemas["App"]["properties"]["category"]["enum"] == [category.value for category in Category]
    assert schemas["App"]["properties"]["auth"]["enum"] == [mechanism.value for mechanism in Mechanism]
    bodies = {
        path: op["requestBody"]["content"]["application/json"]["schema"]["properties"]
        for _, path, op in operations()
        if "requestBody" in op
    }
    assert bodies["/v1/entities/{entity_id}"]["name"]["maxLength"] == LONGEST_NAME
    assert bodies["/v1/entities/{entity_id}"]["admins"]["maxItems"] == MOST_ADMINS
    assert bodies["/v1/entities/{entity_id}/invitations"]["note"]["maxLength"] == LONGEST_NOTE


@pytest.mark.parametrize("error", PROBLEMS, ids=lambda error: error.__name__)
def test_every_problem_has_a_status_of_http(error: type[ClientConnectError]) -> None:
    assert PROBLEMS[error][0] in responses


# Property-based


class Shim:
    """The product as a WSGI app, behind the same door as in the other tests."""

    platform: Platform | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["REQUEST_URI"]
        if self.platform is None:
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(DESCRIPTION).encode()]
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        headers.setdefault("authorization", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.platform.request(environ["REQUEST_METHOD"], path, raw=body, **headers)
        start(f"{answer.status} {responses[answer.status]}", list(answer.headers.items()))
        return [answer.body.encode()]


SHIM = Shim()
SCHEMA = schemathesis.openapi.from_wsgi("/v1/openapi.json", SHIM)
SCHEMA.config.phases.coverage.enabled = False


@pytest.fixture
def served(world: World) -> Iterator[World]:
    world.entity()
    SHIM.platform = world.platform()
    # JSON Schema cannot say of a webhook's host that it has a public address: here all have one.
    with patch("socket.getaddrinfo", lambda _host, port, **_more: [(2, 1, 6, "", ("93.184.215.14", port))]):
        yield world
    SHIM.platform = None


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True)
def test_whatever_is_sent_the_answer_is_as_described(case: schemathesis.Case[Any], served: World) -> None:
    """Schemathesis, with all its checks: status, type, schema, no 5xx, good data taken, bad data refused, the token minded."""
    if (
        "entity_id" in case.path_parameters
        and case.meta
        and case.meta.generation.mode.is_positive
        and case.method != "POST"
    ):
        case.path_parameters["entity_id"] = "acme"
    assume(not SPECIAL.search(json.dumps(case.body, default=str)))
    token = SHIM.platform.token if SHIM.platform else ""
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
