"""The end of a connection: who heard of it from the app, and what is left to be told to the app."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What an app's server tells us by itself. ``privacy``: a request about people's data, which has to be recorded."""

    UNINSTALLED = "uninstalled"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A verified notice of an app's."""

    kind: NoticeKind
    account_id: str
    delivery_id: str
    """The same for a notice that is sent again."""
    at: datetime
    """When it happened, or was told for the first time."""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A grant that is to be given back. ``id`` is the connection's. Travels as a message: see ``dumped``."""

    entity_id: str
    id: str
    app: str
    account_id: str
    since: datetime
    tell: bool = True
    """Whether the app has to be told; not if it was the app that told us."""
    sealed: bytes = field(default=b"", repr=False)
    """The grant, once it is out of the vault: sealed, as it lay there."""
    tries: int = 0
    """How often the app was told in vain."""
    erasure: str = ""
    """Which erasure wants to know what comes of it, if one does."""


def dumped(revocation: Revocation) -> str:
    """As a message's body."""
    plain = {
        name: getattr(revocation, name) for name in ("entity_id", "id", "app", "account_id", "tell", "tries", "erasure")
    }
    sealed = base64.b64encode(revocation.sealed).decode()
    return json.dumps({**plain, "since": revocation.since.isoformat(), "sealed": sealed})


def loaded(body: str) -> Revocation:
    """The inverse of ``dumped``."""
    found = json.loads(body)
    since, sealed = datetime.fromisoformat(found.pop("since")), base64.b64decode(found.pop("sealed"))
    return Revocation(**found, since=since, sealed=sealed)
