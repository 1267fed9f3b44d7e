"""API tokens for the local run: ``python -m local.token`` prints one."""

import os
import sys
import time
from collections.abc import Sequence

import jwt

from local import ports, state

ISSUER = "https://bookkeep.example"
AUDIENCE = "client-connect"
SCOPES = (
    *("entities:read", "entities:write", "links:read", "links:write"),
    *(
        "invitations:read",
        "invitations:write",
        "connections:read",
        "connections:write",
        "events:read",
        "apps:read",
        "credentials:read",
        "webhooks:read",
        "webhooks:write",
        "entities:export",
        "entities:erase",
    ),
)
HOUR = 3600


def make(
    secret: str, scopes: Sequence[str] = SCOPES, entities: Sequence[str] | None = None, seconds: int = HOUR
) -> str:
    """A bearer token; ``entities`` narrows it to those ids."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "local",
        "iat": now,
        "exp": now + seconds,
        "scope": " ".join(scopes),
    }
    if entities is not None:
        claims["entities"] = list(entities)
    return jwt.encode(claims, secret, algorithm="HS256")


def main() -> int:
    port = ports.number(os.environ, "PORT", ports.DEFAULT)
    run = state.read(port)
    if run is None:
        print(f"Nothing runs on port {port}: start `make run` in another terminal first.", file=sys.stderr)
        return 1
    print(make(run.api_secret))
    return 0


if __name__ == "__main__":
    sys.exit(main())
