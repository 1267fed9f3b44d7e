"""Envelope encryption: a KMS data key for each value, AES-256-GCM with it (NIST SP 800-38D).

The encryption context binds a ciphertext to what it is for: copied elsewhere, it does not open. CloudTrail shows the
context, so it holds ids only.

Layout: format version (1 byte), length and name of the KMS key (1 and so many), length of the wrapped data key and that
(2 and so many), nonce (12), ciphertext with tag. The tag covers version and context, not the wrapping: a data key can
be wrapped anew, under another KMS key, by whoever may not open it (docs/decisions/0020).
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import NotKept
from chalicelib.keys import joined
from chalicelib.outbound import aws
from chalicelib.outbound.data_keys import DataKeys

VERSION = 2
NONCE = 12
ATTEMPTS = 3
UNKNOWN = "unknown"
"""Stands for the key of what is sealed in a format that we do not know."""

type Context = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The part of an envelope that says which key opens it."""

    under: str
    """The KMS key's id."""
    wrapped: bytes = field(repr=False)
    rest: bytes = field(repr=False)
    """Nonce and ciphertext, which stay as they are when the data key is wrapped anew."""

    def __bytes__(self) -> bytes:
        name = self.under.encode()
        return bytes([VERSION, len(name)]) + name + len(self.wrapped).to_bytes(2, "big") + self.wrapped + self.rest


def wrapping(sealed: bytes) -> Wrapping:
    """:raises ValueError: if the format is one we do not know; nothing is lost by that."""
    if sealed[:1] != bytes([VERSION]) or len(sealed) <= 1:
        raise ValueError(f"sealed in format {sealed[:1].hex() or 'none'}")
    named = 2 + sealed[1]
    end = named + 2 + int.from_bytes(sealed[named : named + 2], "big")
    return Wrapping(sealed[2:named].decode(), sealed[named + 2 : end], sealed[end:])


def under(sealed: bytes) -> str:
    """The id of the KMS key that opens it; ``UNKNOWN`` for what is no envelope of ours."""
    try:
        return wrapping(sealed).under
    except ValueError:
        return UNKNOWN


def key_id(arn: str) -> str:
    """A KMS key's id: what its ARN ends in."""
    return arn.rpartition("/")[2]


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
        wrapped, plain, name = made["CiphertextBlob"], made["Plaintext"], key_id(made["KeyId"])

        def seal(raw: bytes) -> bytes:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            nonce = os.urandom(NONCE)
            sealed = AESGCM(plain).encrypt(nonce, raw, _tagged(context))
            self._opened.keep(_at_hand(context, name, wrapped), plain)
            return bytes(Wrapping(name, wrapped, nonce + sealed))

        return seal

    def open(self, sealed: bytes, context: Context) -> bytes:
        """The inverse, for this very context.

        :raises NotKept: if KMS does not unwrap the data key, as for another context's ciphertext.
        :raises ValueError: if the format is one we do not know; nothing is lost by that.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        found = wrapping(sealed)
        plain = self._data_key(found, context)
        return AESGCM(plain).decrypt(found.rest[:NONCE], found.rest[NONCE:], _tagged(context))

    def forget(self) -> None:
        """All keys that are at hand."""
        self._opened = DataKeys()

    def _data_key(self, found: Wrapping, context: Context) -> bytes:
        """From KMS, or as KMS gave it a moment ago for this very context."""
        name = _at_hand(context, found.under, found.wrapped)
        plain = self._opened.get(name)
        if plain is None:
            asked = {"KeyId": found.under, "CiphertextBlob": found.wrapped, "EncryptionContext": context}
            plain = _ask_kms("decrypt", **asked)["Plaintext"]
            self._opened.keep(name, plain)
        return plain


def _ask_kms(operation: str, **request: object) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(aws.client("kms", attempts=ATTEMPTS), operation)(**request)
    except (BotoCoreError, ClientError) as error:
        raise NotKept from error
    return answer


def _bound_to(context: Context) -> bytes:
    return json.dumps(context, sort_keys=True).encode()


def _at_hand(context: Context, under: str, wrapped: bytes) -> bytes:
    """What an opened data key is kept by: never another context's, nor another wrapping's."""
    return joined(_bound_to(context), under, wrapped)


def _tagged(context: Context) -> bytes:
    """What the tag covers beside the ciphertext."""
    return bytes([VERSION]) + _bound_to(context)
