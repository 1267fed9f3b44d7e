"""The link in an owner's receipt: it leads to a page that ends the connection, for who has no account here.

``{entity_id}~{secret}``; the secret is base64url of 33 bytes: the id of the signing key (1), the id of the event that
the receipt is about (16), and a MAC over entity and event that is kept nowhere (16). It reaches that one connection,
as long as nobody has connected it again, and for thirty days.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import DISCONNECTED, Connection, Entity, Event, EventKind
from chalicelib.errors import DeadReceipt, NotFound
from chalicelib.services.disconnecting import Disconnecting, find
from chalicelib.services.links import ENTITY_ID
from chalicelib.services.ports import Entities, Events

LASTS = timedelta(days=30)
_SEGMENT = re.compile(rf"({ENTITY_ID})~([A-Za-z0-9_-]{{44}})")
_EVENT = 16
_MAC = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt is about, as things stand."""

    entity: Entity
    connection: Connection
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """``signing_keys`` by id: the first makes links, all read them."""

    entities: Entities
    events: Events
    disconnecting: Disconnecting
    signing_keys: Mapping[int, bytes] = field(repr=False)
    base_url: str

    def address(self, event: Event) -> str:
        """The link for the receipt of this event."""
        key_id, raw = next(iter(self.signing_keys)), bytes.fromhex(event.id)
        secret = bytes([key_id]) + raw + self._mac(key_id, event.entity_id, raw)
        return f"{self.base_url}/not-me/{event.entity_id}~{keys.base64url(secret)}"

    def open(self, segment: str) -> Receipt:
        """What the link is about; changes nothing.

        :raises DeadReceipt: if it is none of ours, too old, or about a grant that another has replaced.
        """
        entity_id, event_id = self._read(segment)
        books, event = self.entities.landing(entity_id), self.events.get(entity_id, event_id)
        if books is None or event is None or event.kind not in {EventKind.CONNECTED, EventKind.RECONNECTED}:
            raise DeadReceipt
        if keys.now() >= event.at + LASTS:
            raise DeadReceipt
        try:
            connection = find(books.connections, event.connection_id)
        except NotFound:
            raise DeadReceipt from None
        if connection.connected_at > event.at:
            raise DeadReceipt
        logs.bind(entity_id=entity_id, app=event.app)
        return Receipt(entity=books.entity, connection=connection, event=event)

    def disconnect(self, segment: str) -> Receipt:
        """End the connection; what the link is about, as it is then. A second time changes nothing.

        Raises what ``open`` raises.
        """
        found = self.open(segment)
        by = f"receipt sent to {found.connection.invited}"
        if self.disconnecting.end(found.connection, by, not_after=found.event.at):
            return replace(found, connection=replace(found.connection, status=DISCONNECTED))
        return self.open(segment)

    def _read(self, segment: str) -> tuple[str, str]:
        """Entity and event. No read: the MAC decides."""
        match = _SEGMENT.fullmatch(segment)
        if not match:
            raise DeadReceipt
        raw = keys.from_base64url(match[2])
        key_id, event, mac = raw[0], raw[1 : 1 + _EVENT], raw[1 + _EVENT :]
        if key_id not in self.signing_keys or not keys.same(mac, self._mac(key_id, match[1], event)):
            raise DeadReceipt
        return match[1], event.hex()

    def _mac(self, key_id: int, entity_id: str, event: bytes) -> bytes:
        return keys.mac(self.signing_keys[key_id], "receipt", entity_id, event)[:_MAC]
