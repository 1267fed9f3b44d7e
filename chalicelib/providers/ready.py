"""Slots that are the same for several apps: checks of what a browser brings, and tokens given back."""

import re
from collections.abc import Callable, Mapping

from chalicelib.domain import Account, Grant
from chalicelib.errors import MixedUp
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import BEARER, Headers

type Check = Callable[[Call, Mapping[str, str]], None]
type Arrive = Callable[[Call, Mapping[str, str]], Mapping[str, str]]
type Standard = Callable[[Call, Json], Json]
type Revoke = Callable[[Call, Grant, Account | None], None]

CODE = r"[!-~]{1,2000}"
"""An authorization code is opaque (RFC 6749 §4.1.2)."""


def expecting(patterns: Mapping[str, str], *, ours: str = "") -> Check:
    """A ``check_callback``: these parameters are there, each whole of its pattern.

    ``ours`` is a parameter that must be our client id, where it is sent.
    """

    def check(call: Call, params: Mapping[str, str]) -> None:
        good = all(re.fullmatch(pattern, params.get(name, "")) for name, pattern in patterns.items())
        if not good or params.get(ours, call.client.client_id) != call.client.client_id:
            raise MixedUp(call.provider.slug)

    return check


def telling(patterns: Mapping[str, str], *also: str, ours: str = "") -> Arrive:
    """An ``arrive``: what the visit brings and these patterns let in, and what else of it may be told."""
    check = expecting(patterns, ours=ours)

    def arrive(call: Call, params: Mapping[str, str]) -> Mapping[str, str]:
        check(call, params)
        return {name: params[name] for name in (*patterns, *also) if name in params}

    return arrive


def revoking(method: str = "POST", *, as_json: bool = False, hint: bool = True) -> Revoke:
    """A ``revoke`` as RFC 7009 has it, with HTTP Basic: the refresh token, which takes its access tokens along."""

    def revoke(call: Call, grant: Grant, _account: Account | None) -> None:
        kind = "refresh_token" if "refresh_token" in grant.secrets else "access_token"
        sent = {"token": grant.secrets[kind], **({"token_type_hint": kind} if hint else {})}
        body: Json | None = sent if as_json else None
        auth = (call.client.client_id, call.client.client_secret)
        call.web.send(method, call.url("revoke_url"), form=None if as_json else sent, body=body, auth=auth)

    return revoke


def disconnecting(headers: Headers = BEARER) -> Revoke:
    """A ``revoke``: a DELETE with the token itself ends what its owner approved."""

    def revoke(call: Call, grant: Grant, _account: Account | None) -> None:
        call.web.send("DELETE", call.url("revoke_url"), headers=headers(call, grant))

    return revoke


def renamed(**names: str) -> Standard:
    """A ``standard``: the token answer, in which these stand under other names."""

    def standard(_call: Call, answer: Json) -> Json:
        return {**answer, **{name: answer.get(found) for name, found in names.items()}}

    return standard
