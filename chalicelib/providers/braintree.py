"""Braintree's own ways: one GraphQL address, a dated header, refusals with status 200 (GraphQL API guides; read 2026-11)."""

import base64

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, AppRefused, InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json
from chalicelib.providers.pasted import pair
from chalicelib.providers.reading import account, at, at_or

_QUERY = "{ viewer { merchant { id companyName } } }"
VERSION = "2019-01-01"
_KIND = "merchant_"
_REFUSALS = frozenset({"AUTHENTICATION", "AUTHORIZATION"})


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The merchant whose keys these are, which must be the one that was typed."""
    answer = call.web.json(
        "POST",
        call.url("identity_url"),
        headers={"Braintree-Version": VERSION},
        body={"query": _QUERY},
        auth=pair(grant, "public_key", "private_key"),
    )
    _check(answer.get("errors"))
    merchant = _merchant(at(answer, "data.viewer.merchant.id"))
    if merchant.lower() != grant.extra["merchant_id"]:
        raise InvalidField("merchant_id", N_("These keys belong to another merchant account. Check the merchant ID."))
    return account(merchant, at_or(answer, "data.viewer.merchant.companyName", merchant))


def _merchant(found: str) -> str:
    """GraphQL has ids of its own: base64 of the kind and of the id that all else at Braintree goes by."""
    try:
        inside = base64.b64decode(found, validate=True).decode("ascii")
    except ValueError:
        return found
    return inside.removeprefix(_KIND) if inside.startswith(_KIND) else found


def _check(errors: object) -> None:
    """:raises AppRefused: if the keys are at fault.
    :raises AppDown: if it is anything else.
    """
    if not errors:
        return
    classes = {at_or(error, "extensions.errorClass", "") for error in errors} if isinstance(errors, list) else set()
    raise (AppRefused if classes & _REFUSALS else AppDown)("errors")
