"""Revel's own ways: a host for each customer, a header of its own, several establishments behind one key."""

from chalicelib.domain import Account, Grant
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, listed

_QUERY = "?format=json"


def identify(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """Each establishment is an account: ids are the customer's own, so the customer's name is part of them."""
    headers = {"API-AUTHENTICATION": f"{grant.secrets['api_key']}:{grant.secrets['api_secret']}"}
    answer = call.web.json("GET", call.url("identity_url") + _QUERY, headers=headers)
    return tuple(_establishment(call.tenant, one) for one in listed(answer, "objects"))


def _establishment(customer: str, found: object) -> Account:
    number = at(found, "id")
    name = at_or(found, "name", f"{customer} {number}")
    return account(f"{customer}:{number}", name, establishment_id=number)
