"""Envelope encryption: a KMS data key for each value, AES-256-GCM with it (NIST SP 800-38D).

The encryption context binds a ciphertext to what it is for: copied elsewhere, it does not open. CloudTrail shows the
context, so it holds ids only.

Layout: format version (1 byte), length of the wrapped data key (2), wrapped data key (it names its KMS key),
nonce (12), ciphertext with tag.
"""

import json
import os
from collections.abc import Callable, Mapping

from chalicelib.errors import NotKept
from chalicelib.outbound import aws
from chalicelib.outbound.data_keys import DataKeys

VERSION = 1
NONCE = 12
ATTEMPTS = 3

type Context = Mapping[str, str]


class Envelopes:
    """Seals and opens under one KMS key. One per process: it keeps data keys for a few minutes."""

    def __init__(self, kms_key_id: str) -> None:
        self._kms_key_id = kms_key_id
        self._opened = DataKeys()

    def prepared(self, context: Context) -> Callable[[bytes], bytes]:
        """A new data key, and what seals one value with it and cannot fail.

        :raises NotKept: if KMS gives no data key.
        """
        made = _ask_kms("generate_data_key", KeyId=self._kms_key_id, KeySpec="AES_256", EncryptionContext=context)
        wrapped, plain = made["CiphertextBlob"], made["Plaintext"]

        def seal(raw: bytes) -> bytes:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            head = bytes([VERSION]) + len(wrapped).to_bytes(2, "big") + wrapped
            nonce = os.urandom(NONCE)
            sealed = AESGCM(plain).encrypt(nonce, raw, head + _bound_to(context))
            self._opened.keep(_bound_to(context) + wrapped, plain)
            return head + nonce + sealed

        return seal

    def open(self, sealed: bytes, context: Context) -> bytes:
        """The inverse, for this very context.

        :raises NotKept: if KMS does not unwrap the data key, as for another context's ciphertext.
        :raises ValueError: if the format is one we do not know; nothing is lost by that.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if sealed[0] != VERSION:
            raise ValueError(f"sealed in format {sealed[0]}")
        end = 3 + int.from_bytes(sealed[1:3], "big")
        plain = self._data_key(sealed[3:end], context)
        nonce, body = sealed[end : end + NONCE], sealed[end + NONCE :]
        return AESGCM(plain).decrypt(nonce, body, sealed[:end] + _bound_to(context))

    def forget(self) -> None:
        """All keys that are at hand."""
        self._opened = DataKeys()

    def _data_key(self, wrapped: bytes, context: Context) -> bytes:
        """From KMS, or as KMS gave it a moment ago for this very context."""
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


def _bound_to(context: Context) -> bytes:
    return json.dumps(context, sort_keys=True).encode()
