"""Adobe Commerce's and Magento's requests, signed with OAuth 1.0a (RFC 5849) and HMAC-SHA256.

An integration's four keys are pasted. Newer versions do not take its token as a bearer token, all take a signature
(Adobe Commerce Web API, OAuth-based authentication; read 2026-11).
"""

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The store that was typed: it answers signed requests, and with the settings of a store.

    Each of a shop's views has settings of its own; the shop is one account, by its address.
    """
    url = call.url("identity_url")
    views = call.web.rows("GET", url, headers=signed(grant, "GET", url))
    if not views:
        raise AppDown("no store")
    at(views, "0.base_url")
    return account(call.tenant, call.tenant, tenant=call.tenant)


def signed(grant: Grant, method: str, url: str) -> dict[str, str]:
    """The Authorization header of one request (RFC 5849 §3.5.1), with a nonce and a time of its own."""
    from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client  # type: ignore[import-untyped]

    signer = Client(
        grant.secrets["consumer_key"],
        client_secret=grant.secrets["consumer_secret"],
        resource_owner_key=grant.secrets["access_token"],
        resource_owner_secret=grant.secrets["access_token_secret"],
        signature_method=SIGNATURE_HMAC_SHA256,
        timestamp=str(int(keys.now().timestamp())),
    )
    _, headers, _ = signer.sign(url, http_method=method)
    return {"Authorization": str(headers["Authorization"])}
