"""Envelope encryption of grants: a KMS data key for each, AES-256-GCM with it (NIST SP 800-38D).

The encryption context binds the ciphertext to entity, connection and app: copied elsewhere, it does not open.
CloudTrail shows the context, so it holds ids only.

Layout: format version (1 byte), length of the wrapped data key (2), wrapped data key (it names its KMS key),
nonce (12), ciphertext with tag.
"""

import json
import os

from chalicelib.domain import Connection, Grant, SealedGrant
from chalicelib.domain.grants import dumped, loaded
from chalicelib.errors import NotKept
from chalicelib.outbound import aws

VERSION = 1
NONCE = 12
ATTEMPTS = 3


class Sealer:
    """Seals and opens grants under one KMS key."""

    def __init__(self, kms_key_id: str) -> None:
        self._kms_key_id = kms_key_id

    def seal(self, grant: Grant, connection: Connection) -> SealedGrant:
        """Fails closed: without KMS nothing is kept.

        :raises NotKept: if KMS gives no data key.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        context = _context(connection)
        key = _ask_kms("generate_data_key", KeyId=self._kms_key_id, KeySpec="AES_256", EncryptionContext=context)
        wrapped: bytes = key["CiphertextBlob"]
        head = bytes([VERSION]) + len(wrapped).to_bytes(2, "big") + wrapped
        nonce = os.urandom(NONCE)
        sealed = AESGCM(key["Plaintext"]).encrypt(nonce, dumped(grant), head + _bound_to(context))
        return SealedGrant(ciphertext=head + nonce + sealed, expires_at=grant.expires_at)

    def open(self, sealed: SealedGrant, connection: Connection) -> Grant:
        """The inverse of ``seal``, for this very connection.

        :raises NotKept: if KMS does not unwrap the data key, as for another entity's ciphertext.
        :raises ValueError: if the format is one we do not know; nothing is lost by that.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = sealed.ciphertext
        if raw[0] != VERSION:
            raise ValueError(f"a grant sealed in format {raw[0]}")
        end = 3 + int.from_bytes(raw[1:3], "big")
        context = _context(connection)
        key = _ask_kms("decrypt", CiphertextBlob=raw[3:end], EncryptionContext=context)
        nonce, body = raw[end : end + NONCE], raw[end + NONCE :]
        return loaded(AESGCM(key["Plaintext"]).decrypt(nonce, body, raw[:end] + _bound_to(context)))


def _ask_kms(operation: str, **request: object) -> dict[str, bytes]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, bytes] = getattr(aws.client("kms", attempts=ATTEMPTS), operation)(**request)
    except (BotoCoreError, ClientError) as error:
        raise NotKept from error
    return answer


def _context(connection: Connection) -> dict[str, str]:
    return {"entity": connection.entity_id, "connection": connection.id, "app": connection.app}


def _bound_to(context: dict[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True).encode()
