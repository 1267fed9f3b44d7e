"""Everything the simulated apps remember, under one lock."""

import time
from collections import deque
from dataclasses import replace
from threading import Event, RLock

from .model import Account, Code, Hit, IssuedToken, Misbehaviour


class State:
    """Hits, misbehaviours to come, codes and tokens. Handlers that change tokens hold the lock throughout."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.stopping = Event()
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.hits: list[Hit] = []
            self.codes: list[Code] = []
            self.tokens: list[IssuedToken] = []
            # What an app gave out when a seller began at its side → the seller.
            self.begun: dict[str, Account] = {}
            # A consent → the nonce that its sign-in was asked with.
            self.nonces: dict[int, str] = {}
            self.waiting: dict[tuple[str, str], deque[tuple[Misbehaviour, str]]] = {}
            self.ahead = 0.0
            self.grants = 0
            self.marks: set[tuple[str, str]] = set()

    def now(self) -> float:
        return time.time() + self.ahead

    def new_grant(self) -> int:
        """A number for one seller's consent and everything issued from it."""
        with self.lock:
            self.grants += 1
            return self.grants

    def mark(self, app: str, what: str) -> None:
        """Remember a fact of an app's own: a store that was enabled, an organisation that was disconnected."""
        with self.lock:
            self.marks.add((app, what))

    def marked(self, app: str, what: str) -> bool:
        with self.lock:
            return (app, what) in self.marks

    def add_hit(self, hit: Hit) -> None:
        with self.lock:
            self.hits.append(hit)

    def plan(self, app: str, endpoint: str, how: Misbehaviour, times: int, to: str) -> None:
        with self.lock:
            self.waiting.setdefault((app, endpoint), deque()).extend([(how, to)] * times)

    def take(self, app: str, endpoint: str, *, shows_name: bool) -> tuple[Misbehaviour | None, str]:
        """The next planned misbehaviour. A hostile name waits for an answer that has a name in it."""
        with self.lock:
            planned = self.waiting.get((app, endpoint))
            if not planned or (planned[0][0] is Misbehaviour.HOSTILE_NAME and not shows_name):
                return None, ""
            return planned.popleft()

    def find_code(self, app: str, value: str) -> Code | None:
        with self.lock:
            return next((code for code in self.codes if code.app == app and code.value == value), None)

    def by_access(self, app: str, value: str) -> IssuedToken | None:
        """The working token of this value."""
        with self.lock:
            found = next((t for t in self.tokens if t.app == app and t.access_token == value and t.active), None)
            return None if found is None or _over(found.expires_at, self.now()) else found

    def by_refresh(self, app: str, value: str) -> IssuedToken | None:
        """The token first issued with this refresh token, working or not: its scope is what the seller allowed."""
        with self.lock:
            return next((t for t in self.tokens if t.app == app and t.refresh_token == value), None)

    def refreshable(self, token: IssuedToken) -> bool:
        return token.active and not _over(token.refresh_expires_at, self.now())

    def end_grant(self, grant: int) -> None:
        """Stop everything issued from one consent."""
        with self.lock:
            for token in self.tokens:
                token.active = token.active and token.grant != grant

    def end_account(self, app: str, account_id: str) -> int:
        """Stop everything an app issued for one account, and say how much that was."""
        with self.lock:
            ending = [t for t in self.tokens if t.app == app and t.account_id == account_id and t.active]
            for token in ending:
                token.active = False
            return len(ending)

    def issued(self, app: str) -> list[IssuedToken]:
        with self.lock:
            return [replace(token) for token in self.tokens if token.app == app]


def _over(moment: float | None, now: float) -> bool:
    return moment is not None and moment <= now
