"""Grants as bytes, to be sealed. Whoever adds a field keeps reading grants that were sealed without it."""

import json
from datetime import datetime

from chalicelib.domain.connecting import Grant


def dumped(grant: Grant) -> bytes:
    """All of it, secrets too: for whoever seals it."""
    fields = {
        "secrets": dict(grant.secrets),
        "scopes": grant.scopes,
        "expires_at": _text(grant.expires_at),
        "refresh_expires_at": _text(grant.refresh_expires_at),
        "extra": dict(grant.extra),
    }
    return json.dumps(fields).encode()


def loaded(raw: bytes) -> Grant:
    """The inverse of ``dumped``."""
    fields = json.loads(raw)
    return Grant(
        secrets=fields["secrets"],
        scopes=tuple(fields["scopes"]),
        expires_at=_time(fields["expires_at"]),
        refresh_expires_at=_time(fields.get("refresh_expires_at")),
        extra=fields["extra"],
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
