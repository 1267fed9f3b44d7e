"""What was asked against what was granted. An owner, or an app, may grant less: that is shown, not hidden."""

from chalicelib.domain import Grant
from chalicelib.providers.base import Provider

_NO_READING = frozenset({"openid", "profile", "email", "offline_access"})
"""OpenID Connect's own: they open nothing of the business's, and answers often leave them out."""


def missing(row: Provider, grant: Grant) -> tuple[str, ...]:
    """What we asked to read and may not, as the app calls it. Writing includes reading, where an app says so.

    Of tokens that we make ourselves the scopes are the keys' own, and not those that an owner was asked for.
    """
    if row.mint is not None or not grant.scopes:
        return ()
    granted = {scope.casefold() for scope in grant.scopes}
    granted |= {f"read_{scope.removeprefix('write_')}" for scope in granted if scope.startswith("write_")}
    return tuple(scope for scope in row.scopes if scope.casefold() not in granted and scope not in _NO_READING)
