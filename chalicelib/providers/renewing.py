"""The next access token: by a refresh token (RFC 6749 §6) or made from keys that the grant keeps, as the row says.

Only a definite end is one: ``invalid_grant``, the app's own words for it, or pasted keys that do not work any more.
Whatever else goes wrong may pass, and says nothing of the grant.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain import Grant
from chalicelib.errors import AppRefused, AppRejectedUs, GrantDead, NotEnabled
from chalicelib.providers import answers, oauth2
from chalicelib.providers.base import Call
from chalicelib.providers.parts import Mechanism, Renewal

INVALID_GRANT = "invalid_grant"
_UNAUTHORIZED = "401"


def renewable(call: Call, grant: Grant) -> bool:
    """Whether there is anything to make the next token of."""
    row = call.provider
    return row.mint is not None or (row.renewal is not None and "refresh_token" in grant.secrets)


def renewed(call: Call, grant: Grant, now: datetime) -> Grant:
    """The grant with a new access token, and all else that the app did not replace. Asks once.

    :raises GrantDead: if the app says that the grant is over.
    :raises AppRejectedUs: if it does not know us; the grant has nothing to do with it.
    :raises AppProblem: for anything else; it may pass.
    """
    row = call.provider
    if row.mint:
        return _minted(call, grant, now)
    renewal = row.renewal or Renewal()
    try:
        return _refreshed(call, renewal, grant, now)
    except GrantDead:
        raise
    except AppRefused as no:
        if {no.code, no.why} & {INVALID_GRANT, *renewal.ended}:
            raise GrantDead(no.why, no.code) from None
        raise


def _refreshed(call: Call, renewal: Renewal, grant: Grant, now: datetime) -> Grant:
    row = call.provider
    standard = {"grant_type": "refresh_token", "refresh_token": grant.secrets["refresh_token"]}
    fields = {row.token_names.get(name, name): value for name, value in standard.items()} | dict(renewal.params)
    fields.pop("", None)
    url = call.url("refresh_url" if row.endpoints.refresh_url else "token_url")
    answer = oauth2.ask(call, url, fields, with_secret=not renewal.without_secret)
    return merged(grant, answers.grant(call, answer, now), told=bool(answer.get("scope")))


def merged(old: Grant, new: Grant, *, told: bool) -> Grant:
    """RFC 6749 §6: a refresh token or a scope that is not named stays as it was. ``told``: scopes were named."""
    fresh = "refresh_token" in new.secrets
    return replace(
        new,
        secrets={**old.secrets, **new.secrets},
        scopes=new.scopes if told else old.scopes,
        refresh_expires_at=new.refresh_expires_at if fresh else old.refresh_expires_at,
        extra={**old.extra, **new.extra},
    )


def _minted(call: Call, grant: Grant, now: datetime) -> Grant:
    """Keys that somebody pasted are the grant itself: refused as a client's, they are over. Ours are not theirs."""
    row = call.provider
    pasted = row.mechanism is Mechanism.KEY_FORM
    try:
        answer = row.mint(call, grant) if row.mint else {}
        return merged(grant, answers.grant(call, answer, now), told=bool(answer.get("scope")))
    except NotEnabled:
        raise
    except AppRejectedUs as no:
        if pasted:
            raise GrantDead(no.why, no.code) from None
        raise
    except AppRefused as no:
        if no.code == INVALID_GRANT or (pasted and no.why == _UNAUTHORIZED):
            raise GrantDead(no.why, no.code) from None
        raise
