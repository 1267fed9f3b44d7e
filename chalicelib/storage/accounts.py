"""Which entities have an account of an app connected, or had. No page lists it: an entity must not learn of another."""

from chalicelib import keys
from chalicelib.domain import Connection
from chalicelib.storage.models import AccountItem
from chalicelib.storage.tables import call


def item(connection: Connection, *, living: bool) -> AccountItem:
    """The row of the connection's account, in this entity's name."""
    return AccountItem(
        key_of(connection.app, connection.account.id),
        connection.entity_id,
        app=connection.app,
        connection_id=connection.id,
        living=living,
    )


class Accounts:
    """The account rows of ``core``; written with their connections."""

    def of(self, app: str, account_id: str) -> list[tuple[str, str, bool]]:
        """Entity, connection, and whether that lives. Consistent."""
        query = AccountItem.query(key_of(app, account_id), consistent_read=True)
        return [(found.sk, found.connection_id, found.living) for found in call(lambda: list(query))]


def key_of(app: str, account_id: str) -> str:
    """The partition of an account."""
    return f"ACCOUNT#{keys.name_of(app, account_id)}"
