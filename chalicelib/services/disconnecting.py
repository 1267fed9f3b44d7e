"""Ending a connection, whoever wants it: an admin, the platform, the owner, or the app itself.

One transaction: from then on nobody is handed the grant. The event that it writes is what the rest follows from, by
the stream or the sweep: the admins' letters, and the grant's revocation (services/revoking.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import keys, logs
from chalicelib.domain import Connection, EventKind
from chalicelib.errors import NotFound
from chalicelib.services.ending_ports import Disconnections
from chalicelib.services.events import event
from chalicelib.services.ports import Connections

THE_APP = "app"
"""The actor where the app itself says that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnecting:
    """Ends connections. What is ended already stays ended, and nobody hears of it twice."""

    connections: Connections
    disconnections: Disconnections

    def by_id(self, entity_id: str, connection_id: str, by: str) -> Connection:
        """End it; the connection as it is then.

        :raises NotFound: if the entity has none of this id.
        """
        self.end(find(self.connections.of(entity_id), connection_id), by)
        return find(self.connections.of(entity_id), connection_id)

    def end(self, connection: Connection, by: str, *, not_after: datetime | None = None, notice: str = "") -> bool:
        """Returns whether it was us, now. What was connected again after ``not_after`` is left alone.

        ``notice`` names the app's notice that says so; it is obeyed once.
        """
        if not connection.living:
            return False
        ended = replace(
            event(connection.entity_id, EventKind.DISCONNECTED, by, app=connection.app, detail=connection.account.name),
            connection_id=connection.id,
            account_id=connection.account.id,
            was=connection.status,
        )
        if not self.disconnections.end(connection, ended, not_after or keys.now(), notice):
            return False
        logs.event("disconnected", app=connection.app, connection_id=connection.id, disconnected=1)
        return True


def find(connections: Iterable[Connection], connection_id: str) -> Connection:
    """:raises NotFound: if none of them has this id."""
    found = next((one for one in connections if one.id == connection_id), None)
    if found is None:
        raise NotFound
    return found
