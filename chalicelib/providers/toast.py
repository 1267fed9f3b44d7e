"""Toast's own ways: a login instead of a token request, and a header that names the restaurant (doc.toasttab.com; read 2026-11)."""

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, bearer


def mint(call: Call, grant: Grant) -> Json:
    """A login. The answer's token stands inside an object of its own, under names of its own."""
    body = {
        "clientId": grant.extra["client_id"],
        "clientSecret": grant.secrets["client_secret"],
        "userAccessType": "TOAST_MACHINE_CLIENT",
    }
    answer = call.web.json("POST", call.url("token_url"), body=body)
    token = answer.get("token")
    if not isinstance(token, dict):
        return answer
    return {
        "access_token": token.get("accessToken"),
        "token_type": token.get("tokenType"),
        "expires_in": token.get("expiresIn"),
    }


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The restaurant. Anybody can type a GUID; only credentials that were made there open it."""
    guid = grant.extra["restaurant_guid"]
    headers = bearer(grant.secrets["access_token"]) | {"Toast-Restaurant-External-ID": guid}
    answer = call.web.json("GET", call.url("identity_url"), headers=headers)
    if at(answer, "guid").lower() != guid:
        raise AppRefused("another restaurant")
    parts = (at_or(answer, "general.name", ""), at_or(answer, "general.locationName", ""))
    return account(guid, " – ".join(part for part in parts if part) or guid, restaurant_guid=guid)
