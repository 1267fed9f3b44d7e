"""The apps' side: who holds which token, and what is answered to whom. Sees what nobody on our side can see.

Stands where the product's HTTP client sends: everything above that is the product itself.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.soak import ideal
from benchmarks.soak.lessons import Answer, Lesson, asked, filled
from benchmarks.soak.plan import How, Plan, Planned
from chalicelib.domain import Grant

RETRY_AFTER = 900
_UNAUTHORIZED: Answer = (401, b'{"error": "unauthorized"}', "")
_TROUBLE: Mapping[How, Answer] = {
    How.DOWN: (503, b"Service Unavailable", ""),
    How.SLOW_DOWN: (429, b'{"error": "rate_limited"}', str(RETRY_AFTER)),
    How.NONSENSE: (200, b"<!doctype html><title>Down for maintenance</title>", ""),
    How.REFUSING: (403, b'{"error": "policy"}', ""),
    How.US: (401, b'{"error": "invalid_client"}', ""),
    How.BLIP: (502, b"", ""),
}


@dataclass(slots=True)
class Side:
    """One grant, as the app has it."""

    planned: Planned
    access: str = ""
    refresh: str = ""
    spent: set[str] = field(default_factory=set)
    """Refresh tokens that were used: one that comes back ends it all."""
    stolen: bool = False
    held: ideal.Tokens = field(default_factory=ideal.Tokens)
    disbelieved: bool = False
    """A look with the newest token was refused: a reason to ask for another."""
    not_before: datetime | None = None


@dataclass(slots=True)
class Sides:
    """All of them. ``asking`` is whoever our side is busy with."""

    plan: Plan
    now: Callable[[], datetime]
    chance: random.Random
    of: dict[int, Side] = field(default_factory=dict)
    asking: Planned | None = None
    counts: Counter[str] = field(default_factory=Counter)
    renewals: Counter[int] = field(default_factory=Counter)
    tries: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """In vain: of what kind, for which connection, on which day."""

    def give(self, planned: Planned) -> Grant:
        """The owner approves: a grant of their own, and nothing of one before."""
        side = self.of[planned.number] = Side(planned)
        old, issued = planned.lesson.grant, self._issued(side)
        secrets = {name: f"{value}-{planned.number}" for name, value in old.secrets.items()}
        secrets |= {name: value for name, value in issued.items() if name in old.secrets}
        lives, now = planned.lesson, self.now()
        return Grant(
            secrets=secrets,
            scopes=old.scopes,
            expires_at=now + lives.access_life if lives.access_life else None,
            refresh_expires_at=now + lives.refresh_life if lives.refresh_life else None,
            extra=old.extra,
        )

    def sent(self, method: str, url: str, **options: Any) -> Answer:
        """As ``Web._sent``."""
        assert self.asking, "somebody asks an app on nobody's behalf"
        side = self.of[self.asking.number]
        self.counts["requests"] += 1
        if side.not_before and self.now() < side.not_before:
            self.counts["asked before the app wanted to be"] += 1
        words = _words(url, options)
        answer = self._trouble(side) or self._answered(side, asked(method, url), words)
        if answer[0] != 200 or answer[1].startswith(b"<"):
            kind = "renewals" if asked(method, url) in side.planned.lesson.renewal else "looks"
            self.tries[kind, side.planned.number, f"{self.now():%F}"] += 1
        return answer

    def good(self, planned: Planned, secrets: Mapping[str, str]) -> bool:
        """Whether the app takes these, which we handed out."""
        side = self.of[planned.number]
        token = secrets.get("access_token") or "".join(secrets.values())
        return self._open(side, token) if "access_token" in secrets else str(planned.number) in token

    def lost(self, planned: Planned) -> bool:
        """Whether the grant is over though nobody wanted it to be."""
        side = self.of[planned.number]
        return not planned.over(self.now()) and self._dead(side)

    def _trouble(self, side: Side) -> Answer | None:
        now = self.now()
        for trouble in self.plan.troubles.get(side.planned.app, ()):
            if trouble.begins <= now < trouble.ends and (trouble.how is not How.BLIP or self.chance.random() < 1 / 3):
                self.counts["troubles"] += 1
                if trouble.how is How.SLOW_DOWN:
                    side.not_before = now + timedelta(seconds=RETRY_AFTER)
                return _TROUBLE[trouble.how]
        return None

    def _answered(self, side: Side, request: str, words: str) -> Answer:
        lesson = side.planned.lesson
        if request in lesson.renewal:
            return self._renewed(side, lesson, request, words)
        assert request in lesson.look, f"{side.planned.app} never taught {request}"
        if self._dead(side) or not self._open(side, words):
            side.disbelieved = True
            return _UNAUTHORIZED
        return 200, lesson.look[request].encode(), ""

    def _renewed(self, side: Side, lesson: Lesson, request: str, words: str) -> Answer:
        spent = any(token in words for token in side.spent)
        if spent:
            self.counts["refresh tokens used twice"] += 1
            side.stolen = True
        if self._dead(side):
            return lesson.refusal[0], lesson.refusal[1].encode(), ""
        assert lesson.row.renewal is None or side.refresh in words, f"{side.planned.app}: not its refresh token"
        self.renewals[side.planned.number] += 1
        if not (side.disbelieved or ideal.wanted(lesson, side.held, self.now())):
            self.counts["renewals without need"] += 1
        issued = self._issued(side)
        return 200, filled(lesson.renewal[request], issued["access_token"], side.refresh, self.now()), ""

    def _issued(self, side: Side) -> dict[str, str]:
        """The next tokens."""
        lesson, number = side.planned.lesson, side.planned.number
        self.counts["issued"] += 1
        if lesson.rotates and side.refresh:
            side.spent = {side.refresh}
        if lesson.rotates or not side.refresh:
            side.refresh = f"refresh-{number}-{self.counts['issued']}-"
        side.access = f"access-{number}-{self.counts['issued']}-"
        side.held = ideal.issued(lesson, side.held, self.now())
        side.disbelieved = False
        return {"access_token": side.access, "refresh_token": side.refresh}

    def _dead(self, side: Side) -> bool:
        ended = side.held.refresh_ends is not None and self.now() >= side.held.refresh_ends
        return side.stolen or ended or side.planned.over(self.now())

    def _open(self, side: Side, words: str) -> bool:
        """Whether these words hold the newest token, and it has not ended; or the keys, where they are all there is."""
        if "access_token" not in side.planned.lesson.grant.secrets:
            return f"-{side.planned.number}" in words
        fresh = side.held.access_ends is None or self.now() < side.held.access_ends
        return fresh and side.access in words


def _words(url: str, options: Mapping[str, Any]) -> str:
    """All that a request says, in the open."""
    headers = dict(options.get("headers") or {})
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    basic = base64.b64decode(value).decode("utf-8", "replace") if scheme == "Basic" else ""
    auth = options.get("auth")
    plain = " ".join(auth) if isinstance(auth, tuple) else ""
    return " ".join([url, *headers.values(), basic, plain, *map(_text, (options.get("data"), options.get("json")))])


def _text(body: object) -> str:
    return json.dumps(body) if isinstance(body, Mapping) else str(body or "")
