"""Tokens that are signed (RFC 7519): with a key made for this process."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

_ALGORITHM = "RS256"
_KEY_ID = "simulated"


@cache
def _key() -> RSAPrivateKey:
    # Made when first needed: it takes a moment.
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
    return found | {"kid": _KEY_ID, "use": "sig", "alg": _ALGORITHM}


def signed(claims: Mapping[str, Any], at_least: int = 0) -> str:
    """These claims, and one of no meaning where there must be so many characters."""
    token = jwt.encode(dict(claims), _key(), algorithm=_ALGORITHM, headers={"kid": _KEY_ID})
    missing = at_least - len(token)
    return signed({**claims, "padding": "x" * missing}) if missing > 0 else token
