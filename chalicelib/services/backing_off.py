"""After a renewal that failed: when to try again, and when a no is final."""

import random
from datetime import datetime, timedelta

from chalicelib.domain import Trouble
from chalicelib.errors import AppDown, AppProblem, AppRefused, AppRejectedUs

FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=6)
US = timedelta(hours=1)
"""When an app does not know us, an operator has to do something first."""
DAILY = 20
"""So many tries a day for a connection, and no more."""
REFUSED_FOR = timedelta(days=3)
REFUSED_TIMES = 6


def worse(trouble: Trouble, problem: AppProblem, now: datetime) -> Trouble:
    """The trouble after one more failure: full jitter, up to twice as long each time, and never before the app said."""
    failures, since = trouble.failures + 1, trouble.since or now
    longest = min(FIRST * 2 ** min(failures - 1, 12), LONGEST)
    pause = longest * random.uniform(0, 1)  # noqa: S311 - jitter, no secret
    if isinstance(problem, AppRejectedUs):
        pause = max(pause, US)
    if isinstance(problem, AppDown) and problem.retry_after:
        pause = max(pause, timedelta(seconds=problem.retry_after))
    of_today = since + timedelta(days=failures // DAILY)
    no = isinstance(problem, AppRefused)
    return Trouble(
        failures=failures,
        refused=trouble.refused + no,
        since=since,
        refused_since=trouble.refused_since or (now if no else None),
        retry_at=max(now + pause, of_today),
    )


def final(trouble: Trouble, now: datetime) -> bool:
    """Whether the app has refused for so long that somebody has to look, though it never said that the grant is over."""
    since = trouble.refused_since
    return trouble.refused >= REFUSED_TIMES and since is not None and now - since >= REFUSED_FOR
