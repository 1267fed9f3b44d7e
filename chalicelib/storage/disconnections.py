"""The end of a connection: status, grant, account and event in one transaction, by whoever may not read the vault."""

from datetime import datetime, timedelta

from chalicelib.domain import DISCONNECTED, Connection, Event, GrantStatus
from chalicelib.storage import accounts, rows
from chalicelib.storage.models import ConnectionItem, NoticeItem, VaultItem
from chalicelib.storage.tables import ConditionFailed, Transaction

NOTICE_KEPT = timedelta(days=8)
"""Longer than any notice is believed (``services.noticing.OLDEST``)."""


class Disconnections:
    """Each returns whether it happened now."""

    def end(self, connection: Connection, event: Event, not_after: datetime, notice: str = "") -> bool:
        """Nothing happens if it is ended already, or was connected again after ``not_after``.

        From here on nobody is handed the grant: its item says ``revoking``. It stays for whoever revokes it.
        ``notice`` names an app's notice, which ends it once.
        """
        try:
            self._write(connection, event, not_after, notice, grant=True).commit()
        except ConditionFailed as refusal:
            if refusal.labels != {"vault"}:
                return False
            return self._without_grant(connection, event, not_after, notice)
        return True

    def note(self, event: Event, notice: str) -> bool:
        """Only an event, once for this notice."""
        write = Transaction()
        _claim(write, event, notice)
        write.put("event", rows.event_item(event))
        return _committed(write)

    def _without_grant(self, connection: Connection, event: Event, not_after: datetime, notice: str) -> bool:
        """A connection whose grant is gone from the vault can be ended all the same."""
        return _committed(self._write(connection, event, not_after, notice, grant=False))

    def _write(
        self, connection: Connection, event: Event, not_after: datetime, notice: str, *, grant: bool
    ) -> Transaction:
        write = Transaction()
        key = (rows.entity_key(connection.entity_id), f"{rows.CONNECTIONS}{connection.app}#{connection.id}")
        lives = (ConnectionItem.status != DISCONNECTED) & (ConnectionItem.connected_at <= not_after)
        ended = [ConnectionItem.status.set(DISCONNECTED)]
        write.update("connection", ConnectionItem(*key), ended, ConnectionItem.pk.exists() & lives)
        if grant:
            revoking = [
                VaultItem.status.set(GrantStatus.REVOKING.value),
                VaultItem.due_shard.remove(),
                VaultItem.due_at.remove(),
            ]
            item = VaultItem(connection.entity_id, connection.id)
            write.update("vault", item, revoking, VaultItem.entity_id.exists())
        write.put("account", accounts.item(connection, living=False))
        write.put("event", rows.event_item(event))
        if notice:
            _claim(write, event, notice)
        return write


def _claim(write: Transaction, event: Event, notice: str) -> None:
    item = NoticeItem(f"NOTICE#{notice}", expires_at=event.at + NOTICE_KEPT)
    write.put("notice", item, NoticeItem.pk.does_not_exist())


def _committed(write: Transaction) -> bool:
    try:
        write.commit()
    except ConditionFailed:
        return False
    return True
