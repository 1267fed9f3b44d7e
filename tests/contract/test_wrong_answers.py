"""Whatever an app answers but what it should: nothing is kept, and everybody is told what they need to know."""

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from chalicelib import wiring
from chalicelib.providers.base import Provider
from local.simulators import Misbehaviour
from tests.contract.conftest import Acme
from tests.contract.outcomes import failed
from tests.contract.ways import GOING, ROWS, asks
from tests.support.moment import rows

DOWN, REFUSED, EITHER = {"app_down"}, {"app_refused"}, {"app_down", "app_refused"}
EVERYWHERE = {
    Misbehaviour.HTML: DOWN,
    Misbehaviour.JSON_LIST: DOWN,
    Misbehaviour.INVALID_GRANT: REFUSED,
    Misbehaviour.FORBIDDEN: REFUSED,
    Misbehaviour.RATE_LIMITED: DOWN,
    Misbehaviour.CRASHED: DOWN,
    Misbehaviour.UNAVAILABLE: DOWN,
    Misbehaviour.ERROR_WITH_200: EITHER,  # an error in the app's own words, which are an answer's or are none
}
AT = {
    "token": EVERYWHERE
    | {
        Misbehaviour.INVALID_CLIENT: EITHER,  # RFC 6749 has a word for our being unknown; not every app knows it
        Misbehaviour.NO_ACCESS_TOKEN: DOWN,
        Misbehaviour.EMPTY: DOWN,
    },
    "identity": EVERYWHERE | {Misbehaviour.UNAUTHORIZED: REFUSED},
}
ASKED = {"token": [row for row in ROWS if row in GOING or row.mint], "identity": ROWS}
"""Who is asked for a token: whoever gives a code, and who makes tokens of keys. Who it is, every app is asked."""
ASKED_FIRST = [(row, "token" if row in ASKED["token"] else "identity") for row in ROWS]
"""What our one HTTP client sees to, whatever is asked of whom, is tried where each app is asked first."""
SHOWN = {Misbehaviour.HTML, Misbehaviour.FORBIDDEN, Misbehaviour.INVALID_CLIENT, Misbehaviour.ERROR_WITH_200}
"""With the page that the owner sees in the end. It is made of the cause, so that each cause is shown once."""
FIRST = {Misbehaviour.JSON_NUMBER: DOWN, Misbehaviour.REDIRECT_302: DOWN, Misbehaviour.REDIRECT_307: DOWN}
CASES = [(row, at, how, causes) for at, found in ASKED.items() for row in found for how, causes in AT[at].items()]
CASES += [(row, at, how, causes) for row, at in ASKED_FIRST for how, causes in FIRST.items()]
MOST_BYTES = 20 * 1024 * 1024
"""What a step takes at most, most of it for what stands in for AWS."""
HURRIED = 0.1
"""Seconds for a call, where an app is slow on purpose."""


@pytest.mark.parametrize(
    ("row", "at", "how", "causes"), CASES, ids=[f"{row.slug}-{at}-{how.name.lower()}" for row, at, how, _ in CASES]
)
def test_a_wrong_answer_connects_nothing(
    acme: Acme, caplog: pytest.LogCaptureFixture, row: Provider, at: str, how: Misbehaviour, causes: set[str]
) -> None:
    """Threats 9, 25, 36. Asked once, no redirect followed; a grant is given back, if the app can be told which."""
    ready = acme.ready(row)
    caplog.clear()
    acme.apps.misbehave(row.slug, at, how)
    page = ready.finish() if how in SHOWN else ready.called_back()
    failed(acme, ready, page, caplog, causes | ({"not_enabled"} if row.waits and at == "identity" else set()))
    assert acme.apps.count(row.slug, at) == 1
    if row.revoke and at == "identity" and "{account_id}" not in row.endpoints.revoke_url:
        assert not any(token.active for token in acme.apps.tokens(row.slug))


first = pytest.mark.parametrize(("row", "at"), ASKED_FIRST, ids=[f"{row.slug}-{at}" for row, at in ASKED_FIRST])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring.web(), "_seconds", HURRIED)


@first
def test_an_app_that_trickles_is_not_waited_for(
    acme: Acme, caplog: pytest.LogCaptureFixture, hurried: None, row: Provider, at: str
) -> None:
    """Threat 36. A byte every 20 ms would outlive any time-out of a single read."""
    ready = acme.ready(row)
    caplog.clear()
    acme.apps.misbehave(row.slug, at, Misbehaviour.DRIP)
    began = time.monotonic()
    page = ready.finish()
    assert time.monotonic() - began < HURRIED + 3
    failed(acme, ready, page, caplog, DOWN)


@pytest.fixture
def memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@first
def test_thirty_megabytes_are_never_held(
    acme: Acme, caplog: pytest.LogCaptureFixture, memory: None, row: Provider, at: str
) -> None:
    """Threat 36. The app's part runs in this process too, and holds one block at a time."""
    ready = acme.ready(row)
    caplog.clear()
    acme.apps.misbehave(row.slug, at, Misbehaviour.TOO_BIG)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    page = ready.finish()
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < MOST_BYTES
    failed(acme, ready, page, caplog, DOWN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_an_answer_without_an_account_connects_nobody_else(
    acme: Acme, caplog: pytest.LogCaptureFixture, row: Provider
) -> None:
    """Threat 3. Where the token's own answer, the address or the keys say whose it is, it is theirs; else nobody's."""
    ready = acme.ready(row)
    caplog.clear()
    acme.apps.misbehave(row.slug, "identity", Misbehaviour.EMPTY)
    page = ready.finish()
    found = [one["account_id"] for one in rows("core", "connection")]
    if not found and not asks(page):
        failed(acme, ready, page, caplog, DOWN | ({"not_enabled"} if row.waits else set()))
        return
    usual = acme.ready(row).finish()
    assert [one["account_id"] for one in rows("core", "connection")] == found
    assert asks(usual) == asks(page)
