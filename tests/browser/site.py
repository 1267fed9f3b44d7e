"""The running product as its tests meet it: addresses, the platform's API, the letters, and what is stored."""

import itertools
import json
import os
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from local import configuration, seed, state, token

SECONDS = 30
_numbers = itertools.count(1)


def eventually[T](found: Callable[[], T], what: str) -> T:
    """What ``found`` answers, as soon as that is something."""
    until = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < until, f"{what}: not within {SECONDS} seconds"
        time.sleep(0.05)
    return value


@dataclass(frozen=True, kw_only=True)
class Books:
    """An entity of a test's own, with its admins and an owner whom nobody else writes to."""

    id: str
    name: str
    link: str
    pat: str
    sam: str
    olive: str

    @property
    def home(self) -> str:
        """The console's path."""
        return f"/entities/{self.id}"


@dataclass(frozen=True)
class Site:
    """One run of the product."""

    run: state.Run

    def url(self, path: str) -> str:
        return path if path.startswith("http") else self.run.base_url + path

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of the API, as the accounting platform."""
        return seed.call(self.run.base_url, token.make(self.run.api_secret), method, path, body)

    def books(self, name: str = "Acme Coffee LLC") -> Books:
        """A new entity."""
        number = f"{os.getpid()}-{next(_numbers)}"
        pat, sam = f"pat-{number}@acmecoffee.example", f"sam-{number}@acmecoffee.example"
        self.call("PUT", f"/v1/entities/b{number}", {"name": name, "admins": [pat, sam]})
        link = str(self.call("GET", f"/v1/entities/b{number}/link")["url"])
        return Books(id=f"b{number}", name=name, link=link, pat=pat, sam=sam, olive=f"olive-{number}@coffee.example")

    def invite(self, books: Books, app: str = "square", note: str = "") -> str:
        """The address in an invitation of ``books.olive``, whose letter has been sent."""
        body = {"app": app, "email": books.olive, "requested_by": books.pat, "note": note}
        address = str(self.call("POST", f"/v1/entities/{books.id}/invitations", body)["url"])
        self.letter(books.olive)
        return address

    def connections(self, books: Books) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/v1/entities/{books.id}/connections")
        return found

    def events(self, books: Books) -> list[str]:
        """The kinds of what happened, newest first."""
        return [event["kind"] for event in self.call("GET", f"/v1/entities/{books.id}/events?limit=100")["items"]]

    def letters(self, to: str = "", about: str = "") -> list[dict[str, Any]]:
        """Newest first; ``about`` is part of the subject."""
        with urllib.request.urlopen(f"{self.run.inbox_url}/messages.json", timeout=SECONDS) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return [letter for letter in found if (not to or to in letter["to"]) and about in letter["subject"]]

    def letter(self, to: str, about: str = "") -> dict[str, Any]:
        """The newest letter, as soon as there is one."""
        return eventually(lambda: self.letters(to, about), f"a letter to {to}")[0]

    def table(self, name: str) -> Any:
        """A table as AWS holds it: CORE_TABLE, VAULT_TABLE or EPHEMERAL_TABLE."""
        words = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.resource("dynamodb", endpoint_url=self.run.aws_url, **words).Table(configuration.TABLES[name])

    def attempts(self, books: Books) -> list[dict[str, Any]]:
        """Every try at connecting an app to ``books``."""
        items = self.table("EPHEMERAL_TABLE").scan()["Items"]
        return [item for item in items if item.get("type") == "attempt" and item["entity_id"] == books.id]
