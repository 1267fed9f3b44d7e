"""Which KMS key opens what a row keeps sealed. An index of each table that has such rows finds those of another key than
the stage's own, so that they can be sealed anew (deploy/resealing.py); it is written when a row is made, and when its
key changes.
"""

import zlib
from typing import Any

from chalicelib.outbound.envelopes import under

SHARDS = tuple(f"sealed-{number:02}" for number in range(16))


def marks(name: str, sealed: bytes) -> dict[str, Any]:
    """The attributes of a row of this name by which the index has it."""
    return {"sealed_shard": SHARDS[zlib.crc32(name.encode()) % len(SHARDS)], "sealed_under": under(sealed)}
