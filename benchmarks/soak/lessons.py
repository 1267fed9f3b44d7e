"""What each simulated app answers, learnt from it once, so that it can be answered for thousands without a socket.

Each app of the catalogue is connected, renewed and looked at over HTTP, as a test does it. What it said is kept as
words with gaps: for tokens, which are others each time, and for points in time, which move along.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from benchmarks.stage import Stages
from chalicelib import keys, wiring
from chalicelib.domain import Account, Grant, Held
from chalicelib.errors import AppProblem
from chalicelib.providers import renewing
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from chalicelib.services import timetable
from local.simulators import Misbehaviour
from tests.contract.ways import ROWS, SIMULATED, Way
from tests.support.world import World

CONNECTING = [row for row in ROWS if row.mechanism is not Mechanism.REQUEST]
"""All apps that can be connected."""
STORES = tuple(f"51b1000{number}-40b7-4bd8-b01c-c7d1cbd194f6" for number in (1, 2, 3))
"""Uber Eats lets us in once it has been told to."""
ACCESS, REFRESH = "⟨access⟩", "⟨refresh⟩"
_EPOCH_FROM = 1_000_000_000
_TIME = re.compile(r'"⟨(epoch|iso)([+-]\d+)⟩"')
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")

type Answer = tuple[int, bytes, str]
"""Status, body, ``Retry-After``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One app: what an owner gives there, and what it says from then on."""

    row: Provider
    account: Account
    grant: Grant = field(repr=False)
    renewal: Mapping[str, str] = field(repr=False)
    """Method and address → a token answer with gaps."""
    look: Mapping[str, str] = field(repr=False)
    refusal: tuple[int, str]
    """What it says to a refresh token that is over."""
    access_life: timedelta | None
    refresh_life: timedelta | None

    slides: bool
    """Whether a refresh token lives on when it is used."""

    @property
    def rotates(self) -> bool:
        """Whether each renewal replaces the refresh token."""
        return self.row.renewal is not None and self.row.renewal.rotates


@dataclass(slots=True)
class Heard:
    """Everything that passes by while something is tried."""

    exchanges: list[tuple[str, Answer]] = field(default_factory=list)

    def texts(self) -> dict[str, str]:
        return {asked: raw.decode() for asked, (_, raw, _) in self.exchanges}


def asked(method: str, url: str) -> str:
    """By what a request is known."""
    return f"{method} {url.partition('?')[0]}"


def learn(stages: Stages, rows: Iterable[Provider] = CONNECTING) -> list[Lesson]:
    """A lesson for each of these apps."""
    found = []
    for row in rows:
        with stages() as stage:
            found.append(_learnt(stage.world, row))
    return found


def _learnt(world: World, row: Provider) -> Lesson:
    held, account = _connected(world, row)
    with _hearing() as renewal:
        if timetable.renews(row) and held.sealed.expires_at:
            held, _ = wiring.refreshing().renewed(held)
    asked_at = next((hit.endpoint for hit in reversed(world.apps.hits) if hit.app == row.slug), "")
    with _hearing() as look:
        wiring.checking().check(held)
    grant, now = wiring.sealer().open(held.sealed, held), keys.now()
    issued = next((token for token in reversed(world.apps.tokens(row.slug)) if token.active), None)
    born = now.timestamp()
    access_ends = issued.expires_at if issued else None
    refresh_ends = issued.refresh_expires_at if issued else None
    return Lesson(
        row=row,
        account=account,
        grant=grant,
        renewal={asked: _gaps(text, grant, now) for asked, text in renewal.texts().items()},
        look=look.texts(),
        refusal=_refusal(world, row, held, asked_at) if renewal.exchanges else (401, '{"error": "unauthorized"}'),
        access_life=timedelta(seconds=round(access_ends - born)) if access_ends else None,
        refresh_life=timedelta(seconds=round(refresh_ends - born)) if refresh_ends else None,
        slides=getattr(SIMULATED[row.slug], "refresh_slides", False),
    )


def _connected(world: World, row: Provider) -> tuple[Held, Account]:
    world.entity()
    if row.slug == "uber_eats":
        for store in STORES:
            world.apps.enable(row.slug, store)
    page = Way(world, row).connect()
    assert page.status == 200, page.text
    [connection] = wiring.storage().connections.of("acme")
    held = wiring.storage().vault.get("acme", connection.id)
    assert held
    return held, connection.account


def _refusal(world: World, row: Provider, held: Held, endpoint: str) -> tuple[int, str]:
    """In the app's own words. Keys that somebody pasted are refused as a client's are."""
    pasted = row.mechanism is Mechanism.KEY_FORM
    how = Misbehaviour.INVALID_CLIENT if pasted else Misbehaviour.INVALID_GRANT
    world.apps.misbehave(row.slug, endpoint, how)
    grant = wiring.sealer().open(held.sealed, held)
    call = wiring.apps().call(row, wiring.web(), words=grant.extra)
    with _hearing() as heard:
        try:
            renewing.renewed(call, grant, keys.now())
        except AppProblem:
            [(_, (status, raw, _))] = heard.exchanges
            return status, raw.decode()
    raise AssertionError(f"{row.slug} did not refuse")


class _hearing:  # noqa: N801 - reads as a verb
    """Hears what goes through the product's HTTP client inside the ``with``."""

    def __enter__(self) -> Heard:
        heard, web = Heard(), wiring.web()
        send = web._sent  # noqa: SLF001 - where requests leave

        def sent(method: str, url: str, **options: Any) -> Answer:
            answer = send(method, url, **options)
            heard.exchanges.append((asked(method, url), answer))
            return answer

        self._patch = patch.object(web, "_sent", sent)
        self._patch.start()
        return heard

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


def _gaps(text: str, grant: Grant, now: datetime) -> str:
    """A token answer without what is this token's only."""
    body = json.dumps(_moving(json.loads(text), now), ensure_ascii=False)
    for name, gap in (("access_token", ACCESS), ("refresh_token", REFRESH)):
        if value := grant.secrets.get(name):
            body = body.replace(json.dumps(value, ensure_ascii=False), json.dumps(gap, ensure_ascii=False))
    assert ACCESS in body, "a token answer without a token"
    return body


def _moving(found: Any, now: datetime) -> Any:
    """Points in time as so many seconds from now."""
    if isinstance(found, dict):
        return {name: _moving(value, now) for name, value in found.items()}
    if isinstance(found, list):
        return [_moving(value, now) for value in found]
    if isinstance(found, int) and not isinstance(found, bool) and found >= _EPOCH_FROM:
        return f"⟨epoch{round(found - now.timestamp()):+d}⟩"
    if isinstance(found, str) and _ISO.fullmatch(found):
        return f"⟨iso{round((datetime.fromisoformat(found) - now).total_seconds()):+d}⟩"
    return found


def filled(text: str, access: str, refresh: str, now: datetime) -> bytes:
    """A token answer again."""
    body = text.replace(ACCESS, access).replace(REFRESH, refresh)
    if "⟨" in body:
        body = _TIME.sub(lambda gap: _at(gap, now), body)
    return body.encode()


def _at(gap: re.Match[str], now: datetime) -> str:
    at = now + timedelta(seconds=int(gap[2]))
    return str(int(at.timestamp())) if gap[1] == "epoch" else f'"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
