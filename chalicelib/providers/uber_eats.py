"""Uber Eats has two tokens: the merchant's lists their stores, the app's own reads a store that lets the app in."""

from dataclasses import replace

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused, NotEnabled
from chalicelib.providers import answers, oauth2
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, bearer, get, listed

_APP_SCOPES = "eats.store eats.report"


def identify(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """The merchant's stores, read with the merchant's token."""
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    return tuple(
        account(at(store, "store_id"), at_or(store, "name", ""), store_id=at(store, "store_id"))
        for store in listed(answer, "stores")
    )


def mint(call: Call, _grant: Grant) -> Json:
    """A token of the app's own (RFC 6749 §4.4)."""
    answer = oauth2.ask(call, call.url("token_url"), {"grant_type": "client_credentials", "scope": _APP_SCOPES})
    return {"scope": _APP_SCOPES, **answer}


def settle(call: Call, grant: Grant, chosen: Account) -> Grant:
    """The store, and an app token that opens it. The merchant's token can do more than read, and is not kept.

    :raises NotEnabled: while the store is closed to the app.
    """
    made = answers.grant(call, mint(call, grant), keys.now())
    try:
        get(call, "details_url", bearer(made.secrets["access_token"]), account_id=chosen.id)
    except AppRefused:
        raise NotEnabled("store") from None
    secrets = {"access_token": made.secrets["access_token"]}
    return replace(made, secrets=secrets, refresh_expires_at=None, extra=grant.extra)
