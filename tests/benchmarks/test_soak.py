"""The soak, short: it finds nothing wrong with the product, and finds what is broken on purpose."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.soak import grounds, report
from benchmarks.soak.lessons import Lesson, learn
from benchmarks.soak.plan import planned
from benchmarks.soak.soaking import Soak
from benchmarks.stage import stages
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.services import backing_off, timetable
from chalicelib.services.attending import Attending
from tests.support.world import forget

APPS = ("squarespace_commerce", "square", "stripe", "clover", "amazon_seller", "chargebee", "paypal", "xero")
"""One of each kind: short and long tokens, rotating ones, none, keys, a calendar."""
COUNT, DAYS, SEED = 48, 40, 24


@pytest.fixture(scope="module")
def lessons() -> Iterator[list[Lesson]]:
    with stages() as fresh:
        yield learn(fresh, [PROVIDERS[app] for app in APPS])
    forget()


def soaked(lessons: list[Lesson]) -> Soak:
    return grounds.in_memory(lessons, COUNT, DAYS, SEED, timedelta(minutes=30))


def test_nothing_is_lost_renewed_in_vain_or_written_twice(lessons: list[Lesson]) -> None:
    """Threats 29, 30, 31, 32. And the plan holds everything that the full one does."""
    soak = soaked(lessons)
    assert report.over(soak) == []
    wanted = {name: found for name, found, _, _ in report.measured(soak)}
    assert all(count for name, count in wanted.items() if name.startswith("letters: ") and "others" not in name)
    assert soak.sides.renewals.total() > COUNT * DAYS / 2
    assert soak.sides.counts["troubles"] > COUNT
    assert soak.answers["good"] > COUNT * DAYS * 0.7


def test_the_same_seed_is_the_same_soak(lessons: list[Lesson]) -> None:
    plans = [planned(lessons, 9, 9, seed).troubles for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def _always(*_args: object) -> bool:
    return True


def _never(*_args: object) -> None:
    return None


BROKEN: dict[str, tuple[Any, str, Any, str]] = {
    "every reading renews": (timetable, "stale", _always, "renewals without need"),
    "nobody keeps what is not read": (timetable, "keep_alive_at", _never, "grants lost by our doing"),
    "any no is the end": (backing_off, "final", _always, "told to connect again, wrongly"),
    "nobody is told": (Attending, "mark", lambda *_: False, "ended, and nobody was told"),
    "nobody is reminded": (timetable, "reminder", _never, "letters: consent ending"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_broken_shows(lessons: list[Lesson], how: str) -> None:
    """Without its control the soak is over its budget, by the very figure that stands for it."""
    where, name, instead, figure = BROKEN[how]
    with patch.object(where, name, instead):
        assert figure in report.over(soaked(lessons))


def test_a_renewal_that_is_not_kept_shows(lessons: list[Lesson]) -> None:
    """A new refresh token that nobody wrote down."""
    from benchmarks.soak.memory.vault import Vault

    save = Vault.save

    def forgetful(vault: Vault, found: Any, owner: str, sealed: Any, now: Any) -> Any:
        return save(vault, found, owner, found.sealed, now)

    with patch.object(Vault, "save", forgetful):
        over = report.over(soaked(lessons))
    assert "refresh tokens used twice" in over
    assert "grants lost by our doing" in over
