"""A moment to come back to: what the tables and the simulated apps held then. Cheaper than doing it all again."""

import time
from copy import deepcopy
from typing import Any

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.support.world import World

_OF_THE_APPS = ("codes", "tokens", "begun", "marks", "grants", "nonces")
"""What outlives a request at the apps; hits and what is to go wrong begin anew."""


def rows(table: str, kind: str = "") -> list[dict[str, Any]]:
    """A table's items, the plain values of each; looked up where moto keeps them, for that costs next to nothing."""
    found = [{name: one.value for name, one in row.attrs.items()} for row in _tables()[table].all_items()]
    return [row for row in found if not kind or row.get("type") == kind]


def _tables() -> Any:
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"].tables


class Moment:
    """Taken when it is made. Time at the apps stands still between then and the return."""

    def __init__(self, world: World) -> None:
        self._apps = world.apps
        self._items = {name: deepcopy(table.items) for name, table in _tables().items()}
        state = world.apps._state
        self._state = deepcopy({name: getattr(state, name) for name in _OF_THE_APPS})
        self._now = state.now()

    def back(self) -> None:
        """As it was."""
        for name, table in _tables().items():
            table.items = deepcopy(self._items[name])
            if table.stream_shard:
                table.stream_shard.items.clear()  # moto copies them all for each transaction
        self._apps.reset()
        state = self._apps._state
        vars(state).update(deepcopy(self._state), ahead=self._now - time.time())
