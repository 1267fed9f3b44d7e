"""BigCommerce's own ways: a context that names the store goes in with the code and comes out with the token."""

from collections.abc import Mapping

from chalicelib.domain import Account, Grant
from chalicelib.errors import MixedUp
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, first, get, token_in
from chalicelib.providers.ready import CODE, expecting, telling

_CONTEXT = {"context": r"stores/[a-z0-9]{1,40}"}
HEADERS = token_in("X-Auth-Token")

check_callback = expecting(_CONTEXT)
arrive = telling({"code": CODE, **_CONTEXT}, "scope")


def token_fields(call: Call) -> Json:
    """What the callback said, said back."""
    return {"context": call.params.get("context", ""), "scope": call.params.get("scope", "")}


def grant_extra(call: Call, _answer: Json) -> Mapping[str, str]:
    """Every later call has the store in its address."""
    return {"store_hash": call.params.get("context", "").removeprefix("stores/")}


def identify(call: Call, grant: Grant, token: Json) -> Account:
    """The store, which the token answer must name as the callback did, and which must open."""
    if at(token, "context") != call.params.get("context"):
        raise MixedUp(call.provider.slug)
    store = grant.extra["store_hash"]
    return account(store, first(get(call, "identity_url", HEADERS(call, grant), account_id=store), ("name",), store))
