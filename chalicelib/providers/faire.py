"""Faire's own ways: the scopes once more as a list, and our credentials beside every token (Faire, API v2 OAuth)."""

import base64

from chalicelib.domain import Account, Grant
from chalicelib.providers.base import Call, Json


def token_fields(call: Call) -> Json:
    """The scopes that were authorised, as a JSON list."""
    return {"scope": list(call.provider.scopes)}


def headers(call: Call, grant: Grant) -> dict[str, str]:
    """Each call carries our id and secret, and the token."""
    ours = f"{call.client.client_id}:{call.client.client_secret}".encode()
    return {
        "X-FAIRE-APP-CREDENTIALS": base64.b64encode(ours).decode(),
        "X-FAIRE-OAUTH-ACCESS-TOKEN": grant.secrets["access_token"],
    }


def revoke(call: Call, grant: Grant, _account: Account | None) -> None:
    """Ends the token; a brand has one of each application."""
    body = {
        "application_token": call.client.client_id,
        "application_secret": call.client.client_secret,
        "access_token_o_auth": grant.secrets["access_token"],
    }
    call.web.send("POST", call.url("revoke_url"), body=body)
