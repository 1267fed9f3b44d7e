"""Sealed grants, for whoever may open them. They are written with their connections (storage/connections.py)."""

from chalicelib.domain import Account, Connection, SealedGrant
from chalicelib.storage.models import VaultItem
from chalicelib.storage.tables import call


class Vault:
    """The rows of ``vault``."""

    def get(self, entity_id: str, connection_id: str) -> tuple[Connection, SealedGrant] | None:
        """A connection as far as the vault knows it, and its sealed grant: one read, consistent."""
        try:
            item = call(lambda: VaultItem.get(entity_id, connection_id, consistent_read=True))
        except VaultItem.DoesNotExist:
            return None
        connection = Connection(
            id=item.connection_id,
            entity_id=item.entity_id,
            app=item.app,
            account=Account(id=item.account_id, name=""),
            status="",
            connected_at=item.updated_at,
            connected_by="",
            first_connected_at=item.updated_at,
        )
        return connection, SealedGrant(ciphertext=item.sealed, expires_at=item.expires_at)
