"""What the end of a connection needs of storage and of the world; the rest is in ports.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain import Connection, Event, Revocation


class Accounts(Protocol):
    def of(self, app: str, account_id: str) -> Sequence[tuple[str, str, bool]]: ...


class Disconnections(Protocol):
    def end(self, connection: Connection, event: Event, not_after: datetime, notice: str = "") -> bool: ...
    def note(self, event: Event, notice: str) -> bool: ...


class Revocations(Protocol):
    def send(self, revocation: Revocation, delay: timedelta = ...) -> None: ...
