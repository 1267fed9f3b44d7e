"""How Authlib's server sees a request: with the app's real https address, not the simulator's."""

from collections.abc import Collection, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from flask import Request
from werkzeug.datastructures import MultiDict


class Payload(OAuth2Payload):
    def __init__(self, values: MultiDict[str, str]) -> None:
        self._values = values

    @property
    def data(self) -> MultiDict[str, str]:
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        return dict(self._values.lists())


class SeenRequest(OAuth2Request):
    """Parameters come from the query at authorize, and from the body only at the token endpoint."""

    def __init__(self, request: Request, values: MultiDict[str, str], method: str) -> None:
        super().__init__(method, "https:/" + request.path, headers=request.headers)
        self.payload = Payload(values)

    @property
    def args(self) -> MultiDict[str, str]:
        return self.payload.data

    @property
    def form(self) -> MultiDict[str, str]:
        return self.payload.data


def form_body(request: Request) -> MultiDict[str, str] | None:
    """The body of a form post, or nothing when it is something else."""
    return request.form if request.mimetype == "application/x-www-form-urlencoded" else None


def json_body(request: Request, lists: Collection[str] = ()) -> MultiDict[str, str] | None:
    """A JSON object of texts, or nothing when the body is something else. A list, where one belongs, is spaced out.

    A flag or list is refused, not left out: revoke_only_access_token, ignored, would end every token of a seller.
    """
    parsed: Any = request.get_json(silent=True) if request.mimetype == "application/json" else None
    if not isinstance(parsed, Mapping):
        return None
    spaced = {name: _spaced(value) if name in lists else value for name, value in parsed.items()}
    return MultiDict(spaced) if all(isinstance(value, str) for value in spaced.values()) else None


def _spaced(value: object) -> str | None:
    """A list of texts as one text; nothing for what is no such list."""
    return " ".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None
