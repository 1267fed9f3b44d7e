"""Values kept for whoever holds a secret of their own: sealed under a key made of ours and of theirs.

Neither the table alone nor our key alone opens them (AES-256-GCM, NIST SP 800-38D).
"""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib import keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """``signing_keys``: the first seals, all open. ``label`` gives each use keys of its own."""

    label: str
    signing_keys: tuple[bytes, ...] = field(repr=False)

    def seal(self, secret: str, name: str, raw: bytes) -> bytes:
        """``name`` is where the value is kept: copied elsewhere, it does not open."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher(self.signing_keys[0], secret).encrypt(nonce, raw, name.encode())

    def open(self, secret: str, name: str, sealed: bytes) -> bytes | None:
        """The inverse; ``None`` for another secret or place, or when our key was retired."""
        from cryptography.exceptions import InvalidTag

        for key in self.signing_keys:
            try:
                return self._cipher(key, secret).decrypt(sealed[:NONCE], sealed[NONCE:], name.encode())
            except InvalidTag:
                continue
        return None

    def _cipher(self, key: bytes, secret: str) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(keys.mac(key, self.label, secret))
