"""Connect links: making, reading, replacing them.

A link is ``{entity_id}~{secret}``. The secret is base64url of 33 bytes: the id of the signing key (1), a random
nonce that the entity keeps (16), and a MAC over entity and nonce that is kept nowhere (16). A forged or mistyped
link is refused without a read; a leaked table alone, or a leaked key alone, gives no link.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib import keys, logs
from chalicelib.domain import Books, ConnectLink, Entity, EventKind
from chalicelib.errors import Conflict, DeadLink, NotFound
from chalicelib.i18n import N_
from chalicelib.services.events import event
from chalicelib.services.ports import Entities

ENTITY_ID = r"[A-Za-z0-9_-]{1,64}"
_SEGMENT = re.compile(rf"({ENTITY_ID})~([A-Za-z0-9_-]{{44}})")
_NONCE = 16
_MAC = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """``signing_keys`` by id: the first makes links, all read them."""

    entities: Entities
    signing_keys: Mapping[int, bytes] = field(repr=False)
    base_url: str

    def fresh(self, entity_id: str, generation: int = 1) -> ConnectLink:
        """A new link, not yet written anywhere."""
        return ConnectLink(
            entity_id=entity_id,
            nonce=os.urandom(_NONCE),
            key_id=next(iter(self.signing_keys)),
            generation=generation,
            created_at=keys.now(),
        )

    def works(self, link: ConnectLink) -> bool:
        """Whether the key that made the link is still listed. If it was retired, only Regenerate helps."""
        return link.key_id in self.signing_keys

    def segment(self, link: ConnectLink) -> str:
        """``{entity_id}~{secret}``: the same every time, until Regenerate.

        :raises Conflict: if the link does not work any more.
        """
        if not self.works(link):
            raise Conflict(N_("The key that made this link was retired, and the link with it. Regenerate the link."))
        secret = bytes([link.key_id]) + link.nonce + self._mac(link.entity_id, link.key_id, link.nonce)
        return f"{link.entity_id}~{keys.base64url(secret)}"

    def address(self, link: ConnectLink, app: str = "", invitation_id: str = "") -> str:
        """The link as people get it, to all apps or to one.

        :raises Conflict: if the link does not work any more.
        """
        path = f"{self.base_url}/c/{self.segment(link)}"
        path += f"/{app}" if app else ""
        return f"{path}?i={invitation_id}" if invitation_id else path

    def read(self, segment: str) -> tuple[str, bytes]:
        """Entity id and nonce that a link names. No read: the MAC decides.

        :raises DeadLink: for anything that is not, byte for byte, a link that one of our keys made.
        """
        match = _SEGMENT.fullmatch(segment)
        if not match:
            raise DeadLink
        raw = keys.from_base64url(match[2])
        key_id, nonce, mac = raw[0], raw[1 : 1 + _NONCE], raw[1 + _NONCE :]
        if key_id not in self.signing_keys or not keys.same(mac, self._mac(match[1], key_id, nonce)):
            raise DeadLink
        return match[1], nonce

    def _mac(self, entity_id: str, key_id: int, nonce: bytes) -> bytes:
        return keys.mac(self.signing_keys[key_id], "connect-link", entity_id, nonce)[:_MAC]

    def open(self, segment: str) -> Books:
        """The landing page's data, if the link is the entity's current one.

        :raises DeadLink: if not.
        """
        entity_id, nonce = self.read(segment)
        books = self.entities.landing(entity_id)
        if books is None:
            raise DeadLink
        self.check(books.entity, nonce)
        return books

    def check(self, entity: Entity | None, nonce: bytes) -> Entity:
        """The entity, if the nonce is its current one.

        :raises DeadLink: if not.
        """
        if entity is None or not keys.same(entity.link.nonce, nonce):
            raise DeadLink
        logs.bind(entity_id=entity.id)
        return entity

    def regenerate(self, entity: Entity, by: str) -> ConnectLink:
        """A new link; the old one is dead when this returns. Of two at once, one makes it and both get it.

        :raises NotFound: if the entity has gone.
        """
        link = self.fresh(entity.id, entity.link.generation + 1)
        try:
            self.entities.replace_link(entity.link, link, event(entity.id, EventKind.LINK_REGENERATED, by))
        except Conflict:
            winner = self.entities.get(entity.id)
            if winner is None:
                raise NotFound from None
            return winner.link
        return link
