"""A person with a browser, or a program with a token, at the product's public edge. No JavaScript here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalice.local import LocalGateway

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def text(self) -> str:
        """What a reader sees."""
        reader = _Reader()
        reader.feed(self.body)
        return " ".join("".join(reader.text).split())

    @property
    def forms(self) -> list["Form"]:
        reader = _Reader()
        reader.feed(self.body)
        return reader.forms

    @property
    def links(self) -> list[str]:
        reader = _Reader()
        reader.feed(self.body)
        return reader.links

    @property
    def refresh(self) -> str:
        """Where the page sends the browser by itself."""
        reader = _Reader()
        reader.feed(self.body)
        return reader.refresh


@dataclass(slots=True)
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.refresh = ""
        self._silent = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in {"style", "script", "title"}:
            self._silent = tag
        elif tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get")))
        elif tag in {"input", "textarea"} and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
            self._area = found["name"] if tag == "textarea" else ""
        elif tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "meta" and found.get("http-equiv") == "refresh":
            self.refresh = found["content"].partition("url=")[2]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data
        if not self._silent:
            self.text.append(data)


class Visitor:
    """A browser: keeps cookies, and says where a form was sent from, as browsers do."""

    def __init__(self, gateway: LocalGateway, base_url: str) -> None:
        self._gateway = gateway
        self._origin = base_url
        self.cookies: dict[str, str] = {}
        self.page: Answer = Answer(0, {}, (), "")

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: str | bytes = b""
    ) -> Answer:
        path = path.removeprefix(self._origin)
        sent = {"host": urlsplit(self._origin).netloc, "accept": "text/html", **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        raw = body.encode() if isinstance(body, str) else body
        answered: Any = self._gateway.handle_request(method, path, _lowered(sent), raw)
        self.page = _answer(answered)
        self._keep(self.page.cookies)
        return self.page

    def _keep(self, cookies: tuple[str, ...]) -> None:
        for cookie in cookies:
            name, _, rest = cookie.partition("=")
            value, *attributes = rest.split("; ")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str] | str = "", **headers: str) -> Answer:
        """A form of ours, sent from a page of ours, unless ``headers`` say otherwise (an empty one is left out)."""
        sent = {"content-type": FORM, "sec-fetch-site": "same-origin", "origin": self._origin}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = fields if isinstance(fields, str) else urlencode(fields)
        return self.request("POST", path, headers={n: v for n, v in sent.items() if v}, body=body)

    def submit(self, action: str = "", **fields: str) -> Answer:
        """Fill in and send the page's form whose address ends in ``action``; follow the redirect to our own page."""
        form = next(form for form in self.page.forms if form.action.endswith(action) and form.method == "post")
        self.post(form.action, form.fields | fields)
        return self.follow()

    def follow(self) -> Answer:
        """Go where the page redirects to, as long as it is ours."""
        while self.page.status == 303:
            self.get(self.page.location)
        return self.page


class Platform:
    """A program with a token at the JSON API."""

    def __init__(self, gateway: LocalGateway, token: str) -> None:
        self._gateway = gateway
        self.token = token

    def request(
        self, method: str, path: str, body: object = None, *, raw: str | bytes | None = None, **headers: str
    ) -> Answer:
        sent = {"authorization": f"Bearer {self.token}", "accept": "application/json"}
        if body is not None or raw is not None:
            sent["content-type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = raw if raw is not None else json.dumps(body) if body is not None else b""
        encoded = data.encode() if isinstance(data, str) else data
        answered: Any = self._gateway.handle_request(method, path, {n: v for n, v in sent.items() if v}, encoded)
        return _answer(answered)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def put(self, path: str, body: object, **headers: str) -> Answer:
        return self.request("PUT", path, body, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)


def _answer(answered: Mapping[str, Any]) -> Answer:
    headers = {name.title(): value for name, value in answered["headers"].items()}
    cookies = tuple(
        value
        for name, values in answered.get("multiValueHeaders", {}).items()
        for value in values
        if name.lower() == "set-cookie"
    )
    body = answered.get("body") or ""
    return Answer(answered["statusCode"], headers, cookies, body if isinstance(body, str) else body.decode("latin-1"))


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
