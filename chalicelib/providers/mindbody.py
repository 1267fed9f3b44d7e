"""Mindbody's own ways: OpenID Connect's hybrid flow, an API key of ours, and sites that must activate us."""

from collections.abc import Mapping

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused, MixedUp, NotEnabled
from chalicelib.providers import oauth2
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at_or, bearer, claims, get, listed


def headers(call: Call, grant: Grant) -> dict[str, str]:
    """Us, the site, and the token."""
    return {"API-Key": call.client.api_key, "SiteId": call.tenant, **bearer(grant.secrets["access_token"])}


def identify(call: Call, grant: Grant, token: Json) -> Account:
    """The site, if its owner has activated us there.

    :raises NotEnabled: if not.
    :raises MixedUp: if the sign-in is not the one that was asked for.
    """
    _check_id_token(call, claims(token.get("id_token")))
    try:
        sites = listed(get(call, "identity_url", headers(call, grant)), "Sites")
    except AppRefused:
        raise NotEnabled("site") from None
    for site in sites:
        if at_or(site, "Id", "") == call.tenant:
            return account(call.tenant, at_or(site, "Name", ""))
    raise NotEnabled("site")


def _check_id_token(call: Call, said: Mapping[str, object]) -> None:
    """OpenID Connect Core §3.1.3.7, points 2 to 5, 9 and 11.

    Point 6: straight from the token endpoint, TLS stands for the signature. The one that the browser brought is not read.
    """
    ours, audience, end = call.client.client_id, said.get("aud"), said.get("exp")
    audiences = audience if isinstance(audience, list) else [audience]
    sure = (
        said.get("iss") in oauth2.issuers(call)
        and ours in audiences
        and (said.get("azp", ours) == ours if len(audiences) == 1 else said.get("azp") == ours)
        and isinstance(end, int | float)
        and end > keys.now().timestamp()
        and keys.same(str(said.get("nonce")), keys.nonce(call.params.get("state", "")))
    )
    if not sure:
        raise MixedUp(call.provider.slug)
