"""Sealing without KMS, for what is in memory anyway. As strict as the real one about whose grant it is."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import Grant, SealedGrant
from chalicelib.domain.grants import dumped, loaded
from chalicelib.errors import NotKept
from chalicelib.services.ports import Bound


class Open:
    """Keeps grants readable, each under its connection's name."""

    def prepared(self, bound: Bound) -> Callable[[Grant], SealedGrant]:
        return lambda grant: self.seal(grant, bound)

    def seal(self, grant: Grant, bound: Bound) -> SealedGrant:
        ends: dict[str, datetime | None] = {
            "expires_at": grant.expires_at,
            "refresh_expires_at": grant.refresh_expires_at,
        }
        return SealedGrant(ciphertext=_name(bound) + dumped(grant), **ends)

    def open(self, sealed: SealedGrant, bound: Bound) -> Grant:
        if not sealed.ciphertext.startswith(_name(bound)):
            raise NotKept
        return loaded(sealed.ciphertext.removeprefix(_name(bound)))


def _name(bound: Bound) -> bytes:
    return f"{bound.entity_id} {bound.id} {bound.app}\n".encode()
