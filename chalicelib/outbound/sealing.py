"""What is kept sealed under the stage's KMS key, and what each is bound to: grants, and what signs for a webhook.

A grant is bound to entity, connection and app; a webhook's secret to its entity, and to being one: whoever may open
secrets of webhooks can open no grant, whatever they can read.
"""

from collections.abc import Callable
from typing import Protocol

from chalicelib.domain import Grant, SealedGrant
from chalicelib.domain.grants import dumped, loaded
from chalicelib.outbound.envelopes import Context, Envelopes


class Named(Protocol):
    """What a grant is bound to: a connection, or the vault's item of one. ``id`` is the connection's."""

    @property
    def entity_id(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def app(self) -> str: ...


class Sealer:
    """Seals and opens grants. One per process: it keeps data keys for a few minutes."""

    def __init__(self, kms_key_id: str) -> None:
        self._envelopes = Envelopes(kms_key_id)

    def seal(self, grant: Grant, bound: Named) -> SealedGrant:
        """Fails closed: without KMS nothing is kept.

        :raises NotKept: if KMS gives no data key.
        """
        return self.prepared(bound)(grant)

    def prepared(self, bound: Named) -> Callable[[Grant], SealedGrant]:
        """A new data key, and what seals one grant with it and cannot fail: for a grant that must not be lost.

        :raises NotKept: if KMS gives no data key.
        """
        seal_bytes = self._envelopes.prepared(of_grant(bound))

        def seal(grant: Grant) -> SealedGrant:
            ends = {"expires_at": grant.expires_at, "refresh_expires_at": grant.refresh_expires_at}
            return SealedGrant(ciphertext=seal_bytes(dumped(grant)), **ends)

        return seal

    def open(self, sealed: SealedGrant, bound: Named) -> Grant:
        """The inverse of ``seal``, for this very connection. Raises what ``Envelopes.open`` raises."""
        return loaded(self._envelopes.open(sealed.ciphertext, of_grant(bound)))

    def forget(self) -> None:
        """All keys that are at hand."""
        self._envelopes.forget()


class WebhookSealer:
    """Seals and opens what signs for an entity's webhook."""

    def __init__(self, kms_key_id: str) -> None:
        self._envelopes = Envelopes(kms_key_id)

    def seal(self, secret: str, entity_id: str) -> bytes:
        """:raises NotKept: if KMS gives no data key."""
        return self._envelopes.prepared(of_webhook(entity_id))(secret.encode())

    def open(self, sealed: bytes, entity_id: str) -> str:
        """The inverse. Raises what ``Envelopes.open`` raises."""
        return self._envelopes.open(sealed, of_webhook(entity_id)).decode()


def of_grant(bound: Named) -> Context:
    """What a grant is bound to."""
    return {"entity": bound.entity_id, "connection": bound.id, "app": bound.app}


def of_webhook(entity_id: str) -> Context:
    """What signs for a webhook is bound to. ``purpose`` is what the role of whoever posts is held to (deploy/functions.py)."""
    return {"purpose": "webhook", "entity": entity_id}
