"""Who calls the API: a bearer JWT (RFC 7519, RFC 6750), checked in full."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import AppProblem, Forbidden, NotFound, Unauthorized, Unavailable
from chalicelib.providers.base import Web
from chalicelib.settings import Settings

ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"})
LEEWAY = 30
KEYS_FRESH = 600
KEYS_RETRY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A service that the token names, and what it may do."""

    name: str
    scopes: frozenset[str]
    entities: frozenset[str] | None
    """``None``: all of them."""

    def check(self, scope: str, entity_id: str | None = None) -> None:
        """:raises Forbidden: without the scope. :raises NotFound: for an entity that the token does not reach."""
        if scope not in self.scopes:
            raise Forbidden(f"The token lacks the scope {scope}.")
        if entity_id is not None and self.entities is not None and entity_id not in self.entities:
            raise NotFound


class Callers:
    """Checks tokens. Either secrets or a JWKS address is set; that fixes the algorithm, never the token's header."""

    def __init__(self, settings: Settings, issuer_keys: "IssuerKeys") -> None:
        self._settings = settings
        self._issuer_keys = issuer_keys

    def caller(self, authorization: str) -> Caller:
        """The caller behind an ``Authorization`` header.

        :raises Unauthorized: unless it holds a good token.
        """
        import jwt

        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized
        try:
            return _caller(self._claims(token))
        except jwt.PyJWTError:
            raise Unauthorized from None

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What the token says, if the issuer's key or one of our secrets signed it."""
        import jwt

        for key, algorithm in self._keys(jwt.get_unverified_header(token)):
            try:
                return self._decoded(token, key, algorithm)
            except jwt.InvalidSignatureError:
                continue
        raise Unauthorized

    def _keys(self, header: Mapping[str, Any]) -> Iterable[tuple[Any, str]]:
        if self._settings.api_jwks_url:
            return [self._issuer_keys.key(str(header.get("kid", "")))]
        return [(secret, "HS256") for secret in self._settings.api_secrets]

    def _decoded(self, token: str, key: Any, algorithm: str) -> Mapping[str, Any]:
        import jwt

        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._settings.api_issuer,
            audience=self._settings.api_audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )
        return claims


def _caller(claims: Mapping[str, Any]) -> Caller:
    scope, entities = claims.get("scope", ""), claims.get("entities")
    if not isinstance(scope, str) or not (entities is None or _strings(entities)):
        raise Unauthorized
    reach = None if entities is None else frozenset(entities)
    return Caller(name=str(claims.get("sub") or "platform")[:80], scopes=frozenset(scope.split()), entities=reach)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class IssuerKeys:
    """The issuer's public keys (RFC 7517), fetched through our own client and kept for a while."""

    def __init__(self, url: str, web: Web) -> None:
        self._url = url
        self._web = web
        self._keys: dict[str, tuple[Any, str]] = {}
        self._fetched = self._tried = float("-inf")

    def key(self, key_id: str) -> tuple[Any, str]:
        """:raises Unauthorized: if the issuer has no such key. :raises Unavailable: if we have none of its keys."""
        now = time.monotonic()
        stale = now - self._fetched > KEYS_FRESH or key_id not in self._keys
        if stale and (now - self._tried > KEYS_RETRY or not self._keys):
            self._tried = now
            self._fetch()
        if not self._keys:
            raise Unavailable
        if key_id not in self._keys:
            raise Unauthorized
        return self._keys[key_id]

    def _fetch(self) -> None:
        import jwt

        try:
            found = jwt.PyJWKSet.from_dict(dict(self._web.json("GET", self._url)))
        except (AppProblem, jwt.PyJWTError):
            return
        self._fetched = time.monotonic()
        self._keys = {
            str(key.key_id): (key.key, key.algorithm_name)
            for key in found.keys
            if key.key_id and key.algorithm_name in ASYMMETRIC
        }
