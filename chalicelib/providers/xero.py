"""Xero's own ways: one token opens every organisation that a person ever connected."""

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at, at_or, bearer, claims


def identify(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """The organisations that this consent added; where that cannot be told, all, and the owner chooses.

    Connections and the access token name the consent that they came by (Xero, Tenants).
    """
    token = grant.secrets["access_token"]
    rows = call.web.rows("GET", call.url("identity_url"), headers=bearer(token))
    books = [row for row in rows if at_or(row, "tenantType", "") == "ORGANISATION"]
    consent = _consent(token)
    added = [row for row in books if consent and at_or(row, "authEventId", "") == consent]
    return tuple(
        account(
            at(row, "tenantId"),
            at_or(row, "tenantName", ""),
            tenant_id=at(row, "tenantId"),
            connection_id=at(row, "id"),
        )
        for row in added or books
    )


def _consent(token: str) -> str:
    try:
        return at_or(claims(token), "authentication_event_id", "")
    except AppDown:
        return ""


def revoke(call: Call, grant: Grant, _account: Account | None) -> None:
    """Ends this organisation's connection. To revoke the token would end the person's other organisations' too."""
    if connection := grant.extra.get("connection_id"):
        headers = bearer(grant.secrets["access_token"])
        call.web.send("DELETE", call.url("revoke_url", account_id=connection), headers=headers)
