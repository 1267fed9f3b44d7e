"""Random values, digests, MACs and PKCE. Standard library only: the landing page needs nothing else."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

_NO_LATER = 2**56 - 1


def now() -> datetime:
    """The time, in UTC. Everything asks here, so that a test can turn the clock."""
    return datetime.now(UTC)


def random_secret() -> str:
    """256 random bits as base64url: a state, a session, a sign-in link, a browser's cookie."""
    return secrets.token_urlsafe(32)


def newest_first_id(at: datetime) -> str:
    """A random id (72 bits) of 32 hex digits, which sorts before all ids of earlier microseconds."""
    return f"{_NO_LATER - int(at.timestamp() * 1_000_000):014x}{secrets.token_hex(9)}"


def made_at(newest_first: str) -> datetime:
    """When such an id was made, to the microsecond."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=_NO_LATER - int(newest_first[:14], 16))


def is_id(text: str) -> bool:
    """Whether the text has the form of ``newest_first_id``, of ``name_of``, and of ``digest``'s first half."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def digest(secret: str) -> str:
    """What is kept of a random secret: enough to recognise it, nothing to use (SHA-256, hex)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def joined(*parts: str | bytes) -> bytes:
    """Length-prefixed parts, so that no two lists of parts give the same bytes."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def name_of(*parts: str) -> str:
    """A short, stable name (128 bits, hex) for a list of parts."""
    return hashlib.sha256(joined(*parts)).hexdigest()[:32]


def derived(key: bytes, label: str) -> bytes:
    """A key of its own for each use: HKDF-Expand (RFC 5869 §2.3), one block of SHA-256."""
    return hmac.digest(key, label.encode() + b"\x01", "sha256")


def mac(key: bytes, label: str, *parts: str | bytes) -> bytes:
    """HMAC-SHA-256 over length-prefixed parts, under a key that only ``label`` uses."""
    return hmac.digest(derived(key, label), joined(*parts), "sha256")


def same(one: bytes | str, other: bytes | str) -> bool:
    """Constant-time comparison."""
    first, second = (value.encode() if isinstance(value, str) else value for value in (one, other))
    return hmac.compare_digest(first, second)


def base64url(raw: bytes) -> str:
    """RFC 4648 §5, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The strict inverse of ``base64url``: raises ``ValueError`` for anything it would not have written."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("alphabet")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(raw) != text:
        raise ValueError("spare bits")
    return raw


def code_challenge(verifier: str) -> str:
    """PKCE's S256 (RFC 7636 §4.2)."""
    return base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def nonce(state: str) -> str:
    """OpenID Connect's nonce for an attempt: whoever has the state knows it, and nobody else."""
    return digest(f"nonce {state}")[:43]
