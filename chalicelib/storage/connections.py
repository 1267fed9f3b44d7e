"""Connections: one account of one app of one entity, with its sealed grant, in one transaction."""

from dataclasses import replace

from chalicelib.domain import Attempt, AttemptState, Authority, Connection, Event, EventKind, SealedGrant
from chalicelib.errors import NotFound
from chalicelib.storage import accounts, rows
from chalicelib.storage.attempts import key_of
from chalicelib.storage.models import AttemptItem, ConnectionItem, EntityItem, MemberItem, SessionItem
from chalicelib.storage.sessions import session_key
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update
from chalicelib.storage.vault_rows import new_item, set_or_remove


class Connections:
    """The connection rows of ``core`` and the rows of ``vault``."""

    def of(self, entity_id: str) -> tuple[Connection, ...]:
        """All connections of an entity, consistent."""
        query = ConnectionItem.query(
            rows.entity_key(entity_id), ConnectionItem.sk.startswith(rows.CONNECTIONS), consistent_read=True
        )
        return tuple(rows.connection(item) for item in call(lambda: list(query)))

    def get(self, entity_id: str, app: str, connection_id: str) -> Connection | None:
        """One connection, consistent."""
        key = (rows.entity_key(entity_id), f"{rows.CONNECTIONS}{app}#{connection_id}")
        try:
            return rows.connection(call(lambda: ConnectionItem.get(*key, consistent_read=True)))
        except ConnectionItem.DoesNotExist:
            return None

    def limit(self, entity_id: str, app: str, connection_id: str, missing: tuple[str, ...]) -> None:
        """What may not be read; written only if that is news."""
        item = ConnectionItem(rows.entity_key(entity_id), f"{rows.CONNECTIONS}{app}#{connection_id}")
        words = " ".join(missing)
        news = ConnectionItem.limited != words if words else ConnectionItem.limited.exists()
        try:
            update(item, [set_or_remove(ConnectionItem.limited, words or None)], ConnectionItem.pk.exists() & news)
        except ConditionFailed:
            return

    def establish(
        self, connection: Connection, sealed: SealedGrant, event: Event, authority: Authority, attempt: Attempt | None
    ) -> bool:
        """Everything that makes a connection, or nothing. Returns whether it was there before (a reconnect).

        A second grant for the same account is a reconnect: same id, new grant. A condition decides, not a read.

        :raises NotFound: if the authority is gone: the link was regenerated, the admin removed or signed out.
        """
        try:
            self._write(connection, sealed, event, authority, attempt, again=False).commit()
        except ConditionFailed as refusal:
            if refusal.labels != {"connection"}:
                raise NotFound from None
            was = rows.status_in(refusal.items["connection"])
            self._reconnect(connection, sealed, replace(event, was=was), authority, attempt)
            return True
        return False

    def _reconnect(
        self, connection: Connection, sealed: SealedGrant, event: Event, authority: Authority, attempt: Attempt | None
    ) -> None:
        event = replace(event, kind=EventKind.RECONNECTED)
        try:
            self._write(connection, sealed, event, authority, attempt, again=True).commit()
        except ConditionFailed:
            raise NotFound from None

    def _write(
        self,
        connection: Connection,
        sealed: SealedGrant,
        event: Event,
        authority: Authority,
        attempt: Attempt | None,
        *,
        again: bool,
    ) -> Transaction:
        write = Transaction()
        _check_authority(write, connection.entity_id, authority)
        if again:
            _update(write, connection)
        else:
            # Refused, it tells of the one that is there: nothing more has to be read.
            write.put("connection", rows.connection_item(connection), ConnectionItem.pk.does_not_exist(), telling=True)
        write.put("vault", new_item(connection, sealed))
        write.put("account", accounts.item(connection, living=True))
        write.put("event", rows.event_item(event))
        if attempt is not None:
            _end(write, attempt, connection, again=again)
        return write


def _check_authority(write: Transaction, entity_id: str, authority: Authority) -> None:
    """The right by which the attempt was started must still hold, at the very moment of writing."""
    key = rows.entity_key(entity_id)
    if authority.admin:
        member = f"{rows.MEMBERS}{authority.admin}"
        # Members of an entity that is being erased are still there for a moment.
        write.check("entity", EntityItem, (key, rows.ENTITY), EntityItem.pk.exists())
        write.check("member", MemberItem, (key, member), MemberItem.pk.exists())
        write.check("session", SessionItem, (session_key(authority.session_hash),), SessionItem.pk.exists())
    else:
        write.check("link", EntityItem, (key, rows.ENTITY), EntityItem.nonce == authority.nonce)


def _update(write: Transaction, connection: Connection) -> None:
    item = rows.connection_item(connection)
    actions = [
        ConnectionItem.account_name.set(connection.account.name),
        ConnectionItem.status.set(connection.status),
        ConnectionItem.connected_at.set(connection.connected_at),
        ConnectionItem.connected_by.set(connection.connected_by),
        set_or_remove(ConnectionItem.invited, connection.invited or None),
        set_or_remove(ConnectionItem.limited, " ".join(connection.limited) or None),
    ]
    write.update("connection", item, actions, ConnectionItem.pk.exists())


def _end(write: Transaction, attempt: Attempt, connection: Connection, *, again: bool) -> None:
    actions = [
        AttemptItem.state.set(AttemptState.DONE.value),
        AttemptItem.account_id.set(connection.account.id),
        AttemptItem.account_name.set(connection.account.name),
        AttemptItem.reconnected.set(int(again)),
        AttemptItem.verifier.set(""),
        AttemptItem.parked.remove(),
    ]
    still_mine = (AttemptItem.claim == attempt.claim) & (AttemptItem.state == AttemptState.CLAIMED.value)
    write.update("attempt", AttemptItem(key_of(attempt.id)), actions, still_mine)
