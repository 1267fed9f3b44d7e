"""Waiting for somebody else, for a while."""

import random
import time
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Patience:
    """Pauses that grow, with jitter, until the time is over."""

    seconds: float = 20.0
    first: float = 0.1
    longest: float = 1.0
    _began: float = field(default_factory=time.monotonic)

    def wait(self) -> bool:
        """One pause; returns ``False`` when there has been enough of it."""
        left = self.seconds - (time.monotonic() - self._began)
        if left <= 0:
            return False
        time.sleep(min(random.uniform(self.first / 2, self.first), left))  # noqa: S311 - jitter, no secret
        self.first = min(self.first * 1.5, self.longest)
        return True
