"""Making a connection out of a grant: the same for every mechanism."""

from dataclasses import dataclass, replace

from chalicelib import keys, logs
from chalicelib.domain import Account, Attempt, Authority, Connection, EventKind, Grant, Held, SealedGrant
from chalicelib.providers.base import Provider
from chalicelib.services import timetable
from chalicelib.services.events import event
from chalicelib.services.ports import Connections, Sealer
from chalicelib.services.scopes import missing

ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishing:
    """Seals the grant, then writes all there is to write in one transaction."""

    connections: Connections
    sealer: Sealer

    def establish(
        self, entity_id: str, app: Provider, account: Account, grant: Grant, *,
        by: str, authority: Authority, attempt: Attempt | None,
    ) -> bool:  # fmt: skip
        """Returns whether the account was connected before.

        :raises NotFound: if the authority is gone.
        :raises Unavailable: if KMS or DynamoDB is; then it is not known to be kept.
        """
        now = keys.now()
        connection = Connection(
            id=connection_id(entity_id, app.slug, account.id),
            entity_id=entity_id,
            app=app.slug,
            account=account,
            status=ACTIVE,
            connected_at=now,
            connected_by=by,
            first_connected_at=now,
            invited=attempt.invited if attempt else "",
            limited=missing(app, grant),
        )
        sealed = _planned(app, self.sealer.seal(grant, connection), connection)
        connected = replace(
            event(entity_id, EventKind.CONNECTED, by, app=app.slug, detail=account.name),
            connection_id=connection.id,
            account_id=account.id,
        )
        reconnected = self.connections.establish(connection, sealed, connected, authority, attempt)
        logs.event("connected", entity_id=entity_id, app=app.slug, reconnected=reconnected, connected=1)
        return reconnected

    def standing(self, entity_id: str, app: str, account: Account | None) -> bool:
        """Whether the account is connected already; any account of the app, if it is not known which one it is."""
        return any(
            connection.living and connection.app == app and (account is None or connection.account.id == account.id)
            for connection in self.connections.of(entity_id)
        )


def _planned(app: Provider, sealed: SealedGrant, connection: Connection) -> SealedGrant:
    """With the time at which something is to be done about it."""
    now = connection.connected_at
    held = Held(
        entity_id=connection.entity_id, id=connection.id, app=app.slug, account_id=connection.account.id,
        sealed=sealed, granted_at=now, refreshed_at=now, checked_at=now,
    )  # fmt: skip
    return replace(sealed, due_at=timetable.due_at(app, held, now))


def connection_id(entity_id: str, app: str, account_id: str) -> str:
    """One account of one app of one entity has one id, for ever, so that connecting again is a reconnect."""
    return keys.name_of(entity_id, app, account_id)


def expected(attempt: Attempt, account: Account) -> bool:
    """Whether it is the account that was to be connected again, if one was."""
    return attempt.mends in {"", connection_id(attempt.entity_id, attempt.app, account.id)}
