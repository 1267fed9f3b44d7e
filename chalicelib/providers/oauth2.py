"""The authorization code flow (RFC 6749 §4.1, RFC 7636, RFC 9207) as a row describes it."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from chalicelib import keys
from chalicelib.domain import Grant
from chalicelib.errors import AppDown, AppRefused, MixedUp
from chalicelib.providers.base import Call, ClientAuth, Encoding, Json

LONGEST = timedelta(days=3650)
"""A lifetime that an app states is believed up to here."""
_NOT_BEARER = frozenset({"mac", "dpop", "n_a"})


def authorize_url(call: Call, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the owner signs in and approves."""
    row = call.provider
    query = {
        "response_type": "code",
        "client_id": call.client.client_id,
        "redirect_uri": call.client.redirect_alias or redirect_uri,
        "scope": row.scope_separator.join(row.scopes),
        "state": state,
        **row.authorize_params,
    }
    if row.pkce:
        query |= {"code_challenge": keys.code_challenge(verifier), "code_challenge_method": "S256"}
    return f"{call.url('authorize_url')}?{urlencode(query)}"


def check_issuer(call: Call, params: Mapping[str, str]) -> None:
    """An ``iss`` in the callback must be this app's: else two apps' answers were mixed up (RFC 9207).

    :raises MixedUp: if it is not.
    """
    if "iss" in params and params["iss"] != (call.provider.issuer or _origin(call.url("authorize_url"))):
        raise MixedUp(call.provider.slug)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def exchange(call: Call, *, code: str, redirect_uri: str, verifier: str, now: datetime) -> tuple[Grant, Json]:
    """Redeem the code, once and never again. Returns the grant and the whole answer.

    :raises AppRefused: for the code or for an answer that is an error in disguise.
    :raises AppDown: when no usable answer came.
    """
    row, client = call.provider, call.client
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_alias or redirect_uri,
        **row.token_params,
    }
    if row.pkce:
        fields["code_verifier"] = verifier
    return _ask(call, fields, now)


def _ask(call: Call, fields: dict[str, str], now: datetime) -> tuple[Grant, Json]:
    row, client = call.provider, call.client
    headers: dict[str, str] = {}
    auth = None
    if row.client_auth is ClientAuth.BASIC:
        auth = (client.client_id, client.client_secret)
    elif row.client_auth is ClientAuth.SECRET_AS_BEARER:
        headers["Authorization"] = f"Bearer {client.client_secret}"
    else:
        fields["client_id"] = client.client_id
        if row.client_auth is ClientAuth.POST:
            fields["client_secret"] = client.client_secret
    form, body = (fields, None) if row.token_encoding is Encoding.FORM else (None, fields)
    answer = call.web.json("POST", call.url("token_url"), headers=headers, form=form, body=body, auth=auth)
    return _grant(call, answer, now), answer


def _grant(call: Call, answer: Json, now: datetime) -> Grant:
    """What the token answer gives. Apps err in every way: believe nothing but a non-empty bearer token."""
    if "error" in answer:
        raise AppRefused(str(answer["error"])[:80])
    token, kind = answer.get("access_token"), str(answer.get("token_type") or "bearer")
    if not isinstance(token, str) or not token or kind.lower() in _NOT_BEARER:
        raise AppDown("no access token")
    secrets = {"access_token": token}
    if isinstance(refresh := answer.get("refresh_token"), str) and refresh:
        secrets["refresh_token"] = refresh
    extra = call.provider.grant_extra(call) if call.provider.grant_extra else {}
    return Grant(secrets=secrets, scopes=_scopes(call, answer), expires_at=_expiry(call, answer, now), extra=extra)


def _scopes(call: Call, answer: Json) -> tuple[str, ...]:
    """What was granted; an answer that does not say granted what was asked (RFC 6749 §5.1)."""
    said = answer.get("scope")
    if isinstance(said, str) and said:
        return tuple(said.replace(",", " ").split())
    return call.provider.scopes


def _expiry(call: Call, answer: Json, now: datetime) -> datetime | None:
    """``expires_in`` in seconds or ``expires_at`` as a date-time; nonsense counts as unsaid."""
    default = now + call.provider.default_lifetime if call.provider.default_lifetime else None
    if isinstance(at := answer.get("expires_at"), str):
        try:
            return min(max(datetime.fromisoformat(at), now), now + LONGEST)
        except (ValueError, TypeError):
            return default
    try:
        seconds = float(str(answer.get("expires_in", "")))
    except ValueError:
        return default
    if not math.isfinite(seconds) or seconds <= 0:
        return default
    return now + timedelta(seconds=min(seconds, LONGEST.total_seconds()))
