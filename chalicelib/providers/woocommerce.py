"""WooCommerce's own ways: the store posts us keys (WooCommerce REST API, Authentication over HTTP; read 2026-11)."""

import re

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppProblem, BadRequest
from chalicelib.providers.base import Call, Json
from chalicelib.providers.pasted import pair
from chalicelib.providers.reading import account, at_or

_KEYS = {"consumer_key": r"ck_[0-9a-f]{40}", "consumer_secret": r"cs_[0-9a-f]{40}"}
_ASKED = "read"
# Whatever else the answers hold (a site's whole index has a megabyte) stays there.
_ONLY_IDS = "?_fields=id"
_ONLY_NAME = "?_fields=name"


def handed_over(_call: Call, posted: Json) -> Grant:
    """The keys, if they are keys and can do what was asked and no more. The post is unsigned: ``identify`` proves them.

    :raises BadRequest: if not.
    """
    keys = {name: str(posted.get(name)) for name in _KEYS}
    if not all(re.fullmatch(pattern, keys[name]) for name, pattern in _KEYS.items()):
        raise BadRequest
    if posted.get("key_permissions") != _ASKED:
        raise BadRequest
    return Grant(secrets=keys, scopes=(_ASKED,))


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The store that was typed, which the post does not name: its settings open with the keys, or they are no keys of it."""
    proof = pair(grant, "consumer_key", "consumer_secret")
    call.web.rows("GET", call.url("identity_url") + _ONLY_IDS, auth=proof)
    return account(call.tenant, _name(call), tenant=call.tenant)


def _name(call: Call) -> str:
    """The site's public name. Some hide the index; the keys are good all the same."""
    try:
        return at_or(call.web.json("GET", call.url("details_url") + _ONLY_NAME), "name", call.tenant)
    except AppProblem:
        return call.tenant
