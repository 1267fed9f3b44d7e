"""Points of sale."""

from datetime import timedelta

from chalicelib.domain import Account, Grant
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.parts import Category, ClientAuth, Encoding, Endpoints, OwnerText, Renewal
from chalicelib.providers.reading import account, at, bearer, get


def _square_merchant(call: Call, grant: Grant, _token: Json) -> Account:
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    return account(at(answer, "merchant.id"), at(answer, "merchant.business_name"))


def _square_revoke(call: Call, grant: Grant, _account: Account | None) -> None:
    """Square has an Authorization scheme of its own for this (OAuth API, RevokeToken; read 2026-10)."""
    body = {"client_id": call.client.client_id, "access_token": grant.secrets["access_token"]}
    headers = {"Authorization": f"Client {call.client.client_secret}"}
    call.web.send("POST", call.url("revoke_url"), headers=headers, body=body)


SQUARE = Provider(
    slug="square",
    name="Square",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Square account. A team member's login will be refused."),
        reads=(N_("Sales and payments"), N_("Orders and items"), N_("Payouts"), N_("The business's name")),
        disconnect=N_("In Square, open Settings, then App integrations, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://squareup.com/help",
    ),
    endpoints=Endpoints(
        authorize_url="https://connect.squareup.com/oauth2/authorize",
        token_url="https://connect.squareup.com/oauth2/token",
        identity_url="https://connect.squareup.com/v2/merchants/me",
        revoke_url="https://connect.squareup.com/oauth2/revoke",
    ),
    scopes=("MERCHANT_PROFILE_READ", "PAYMENTS_READ", "ORDERS_READ", "ITEMS_READ", "PAYOUTS_READ"),
    client_auth=ClientAuth.POST,
    token_encoding=Encoding.JSON,
    # Makes Square ask which account: the browser may be signed in to another one.
    authorize_params={"session": "false"},
    # Square asks that access be renewed every week or so, long before its month is over.
    renewal=Renewal(every=timedelta(days=7)),
    identify=_square_merchant,
    revoke=_square_revoke,
)

PROVIDERS = (SQUARE,)
