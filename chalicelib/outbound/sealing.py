"""Envelope encryption of grants: a KMS data key for each, AES-256-GCM with it (NIST SP 800-38D).

The encryption context binds the ciphertext to entity, connection and app: copied elsewhere, it does not open.
CloudTrail shows the context, so it holds ids only.

Layout: format version (1 byte), length of the wrapped data key (2), wrapped data key (it names its KMS key),
nonce (12), ciphertext with tag.
"""

import json
import os
from collections.abc import Callable
from typing import Protocol

from chalicelib.domain import Grant, SealedGrant
from chalicelib.domain.grants import dumped, loaded
from chalicelib.errors import NotKept
from chalicelib.outbound import aws
from chalicelib.outbound.data_keys import DataKeys

VERSION = 1
NONCE = 12
ATTEMPTS = 3


class Named(Protocol):
    """What a grant is bound to: a connection, or the vault's item of one. ``id`` is the connection's."""

    @property
    def entity_id(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def app(self) -> str: ...


class Sealer:
    """Seals and opens grants under one KMS key. One per process: it keeps data keys for a few minutes."""

    def __init__(self, kms_key_id: str) -> None:
        self._kms_key_id = kms_key_id
        self._opened = DataKeys()

    def seal(self, grant: Grant, bound: Named) -> SealedGrant:
        """Fails closed: without KMS nothing is kept.

        :raises NotKept: if KMS gives no data key.
        """
        return self.prepared(bound)(grant)

    def prepared(self, bound: Named) -> Callable[[Grant], SealedGrant]:
        """A new data key, and what seals one grant with it and cannot fail: for a grant that must not be lost.

        :raises NotKept: if KMS gives no data key.
        """
        context = _context(bound)
        key = _ask_kms("generate_data_key", KeyId=self._kms_key_id, KeySpec="AES_256", EncryptionContext=context)
        wrapped, plain = key["CiphertextBlob"], key["Plaintext"]

        def seal(grant: Grant) -> SealedGrant:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            head = bytes([VERSION]) + len(wrapped).to_bytes(2, "big") + wrapped
            nonce = os.urandom(NONCE)
            sealed = AESGCM(plain).encrypt(nonce, dumped(grant), head + _bound_to(context))
            self._opened.keep(_bound_to(context) + wrapped, plain)
            ends = {"expires_at": grant.expires_at, "refresh_expires_at": grant.refresh_expires_at}
            return SealedGrant(ciphertext=head + nonce + sealed, **ends)

        return seal

    def open(self, sealed: SealedGrant, bound: Named) -> Grant:
        """The inverse of ``seal``, for this very connection.

        :raises NotKept: if KMS does not unwrap the data key, as for another entity's ciphertext.
        :raises ValueError: if the format is one we do not know; nothing is lost by that.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = sealed.ciphertext
        if raw[0] != VERSION:
            raise ValueError(f"a grant sealed in format {raw[0]}")
        end = 3 + int.from_bytes(raw[1:3], "big")
        context = _context(bound)
        plain = self._data_key(raw[3:end], context)
        nonce, body = raw[end : end + NONCE], raw[end + NONCE :]
        return loaded(AESGCM(plain).decrypt(nonce, body, raw[:end] + _bound_to(context)))

    def forget(self) -> None:
        """All keys that are at hand."""
        self._opened = DataKeys()

    def _data_key(self, wrapped: bytes, context: dict[str, str]) -> bytes:
        """From KMS, or as KMS gave it a moment ago for this very connection."""
        name = _bound_to(context) + wrapped
        plain = self._opened.get(name)
        if plain is None:
            plain = _ask_kms("decrypt", CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"]
            self._opened.keep(name, plain)
        return plain


def _ask_kms(operation: str, **request: object) -> dict[str, bytes]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, bytes] = getattr(aws.client("kms", attempts=ATTEMPTS), operation)(**request)
    except (BotoCoreError, ClientError) as error:
        raise NotKept from error
    return answer


def _context(bound: Named) -> dict[str, str]:
    return {"entity": bound.entity_id, "connection": bound.id, "app": bound.app}


def _bound_to(context: dict[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True).encode()
