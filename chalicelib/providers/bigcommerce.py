"""BigCommerce's own ways: a context that names the store goes in with the code and comes out with the token."""

from collections.abc import Mapping

from chalicelib.domain import Account, Grant, Notice, NoticeKind
from chalicelib.errors import Forged, MixedUp
from chalicelib.providers import noticing
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


def notice(call: Call, _headers: Mapping[str, str], _raw: bytes) -> Notice | None:
    """The uninstall callback: a GET with a JWT of the store, signed with our secret (BigCommerce, Callbacks)."""
    client = call.client
    token = call.params.get("signed_payload_jwt", "")
    said = noticing.claims_of(token, client.client_secret, "HS256", audience=client.client_id)
    if said.get("iss") != "bc":
        raise Forged
    return Notice(
        kind=NoticeKind.UNINSTALLED,
        account_id=noticing.word(said.get("sub"), _CONTEXT["context"]).removeprefix("stores/"),
        delivery_id=noticing.word(said.get("jti"), r"[!-~]{8,80}"),
        at=noticing.moment(said.get("iat")),
    )
