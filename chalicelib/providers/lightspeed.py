"""The three Lightspeeds: R-Series lists accounts, X-Series has a host per store, K-Series lists business locations."""

import re
from collections.abc import Mapping

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, MixedUp
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, bearer, get, listed

_PREFIX = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


def accounts_r(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """The accounts that the login sees; XML's habit: one comes bare, several in a list."""
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    found = answer.get("Account")
    rows = found if isinstance(found, list) else [found]
    return tuple(account(at(row, "accountID"), at_or(row, "name", "")) for row in rows)


def prefix_x(params: Mapping[str, str]) -> str:
    """The store's part of the host, from the callback: our secret goes there.

    Who says no comes back from no store.
    """
    prefix = params.get("domain_prefix", "").lower()
    if not prefix and "error" in params:
        return ""
    if not re.fullmatch(_PREFIX, prefix):
        raise MixedUp("lightspeed_x")
    return prefix


def retailer_x(call: Call, grant: Grant, token: Json) -> Account:
    """The store. That its token endpoint took our code is the proof of its name."""
    if at_or(token, "domain_prefix", call.tenant) != call.tenant:
        raise MixedUp(call.provider.slug)
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    return account(call.tenant, at_or(answer, "data.name", call.tenant))


def locations_k(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """Every location of every business that the login sees: sales are asked for by location."""
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    found = tuple(
        _location_k(business, location)
        for business in listed(answer, "_embedded.businessList")
        for location in _locations(business)
    )
    if not found:
        raise AppDown("no identity")
    return found


def _locations(business: object) -> list[object]:
    found = business.get("businessLocations") if isinstance(business, dict) else None
    return found if isinstance(found, list) else []


def _location_k(business: object, location: object) -> Account:
    business_id, location_id = at(business, "businessId"), at(location, "blID")
    names = (at_or(business, "businessName", ""), at_or(location, "blName", ""))
    shown = " – ".join(dict.fromkeys(name for name in names if name))
    return account(f"{business_id}:{location_id}", shown, business_id=business_id, location_id=location_id)
