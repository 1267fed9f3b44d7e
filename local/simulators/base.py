"""What every simulated app is made of: routes on its real hosts."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar
from urllib.parse import urlencode

from flask import Response, g, jsonify

from .model import Account, Client, Misbehaviour
from .state import State

# They open our address as it is: who comes, and from which company, is yet to be found out.
_SAY_NOTHING = frozenset({"quickbooks_online"})
HOSTILE = "<img src=x onerror=alert(1)>"


_compiled = cache(re.compile)


@dataclass(frozen=True)
class Call:
    """Where a request went: the app's real host and path, and what the route's patterns found in them."""

    host: str
    path: str
    found: Mapping[str, str]


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """One address of an app. Host and path are regular expressions that must match in full."""

    endpoint: str
    method: str
    host: str
    path: str
    handler: Handler
    shows_name: bool = False

    def match(self, host: str, path: str) -> Call | None:
        # More patterns than re itself remembers; the host says no to most.
        host_match = _compiled(self.host).fullmatch(host)
        path_match = _compiled(self.path).fullmatch(path) if host_match else None
        if host_match is None or path_match is None:
            return None
        return Call(host, path, {**host_match.groupdict(), **path_match.groupdict()})


class App:
    """A simulated app."""

    id: str
    name: str
    # What a person types who connects this app by key or password: the good values.
    demo: ClassVar[Mapping[str, str]] = {}
    # Where the access token is in this app's token answer.
    token_path: ClassVar[tuple[str, ...]] = ("access_token",)

    def __init__(self, state: State, client: Client | None) -> None:
        self.state = state
        self.client = client

    def routes(self) -> Iterable[Route]:
        raise NotImplementedError

    def arrival(self, account: str, url: str) -> str:  # noqa: ARG002 - for the apps that have something to say
        """The address of ours that this app opens when a seller begins at its side; ``url`` is what it knows of us.

        :raises ValueError: if nothing can begin there.
        """
        if self.id in _SAY_NOTHING:
            return url
        raise ValueError(f"Nothing begins at {self.name}")

    def refusal(self, error: str, description: str, status: int) -> Response:
        """A refusal at the token endpoint. Subclasses with a shape of their own put it into theirs."""
        return oauth_error(error, description, status)

    def without_token(self, response: Response) -> Response:
        """The app's own token answer, with no access token in it. Subclasses that answer no JSON do it their way."""
        payload = json.loads(response.get_data())
        *outer, last = self.token_path
        inner = payload
        for name in outer:
            inner = inner.get(name, {})
        inner.pop(last, None)
        return answer(payload)


def answer(payload: object, status: int = 200) -> Response:
    response = jsonify(payload)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def with_query(url: str, params: Iterable[tuple[str, str]]) -> str:
    """The address with these parameters after its own."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(list(params))}"


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    return answer({"error": error, "error_description": description}, status)


def shown_name(account: Account) -> str:
    """The account's name, unless the app was told to give a hostile one."""
    return HOSTILE if g.get("how") is Misbehaviour.HOSTILE_NAME else account.name


def literal(text: str) -> str:
    return re.escape(text)
