"""Marketplaces."""

from datetime import timedelta

from chalicelib.domain import Account, Grant
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, OwnerText, Renewal
from chalicelib.providers.reading import account, at, bearer, get


def _ebay_user(call: Call, grant: Grant, _token: Json) -> Account:
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    return account(at(answer, "userId"), at(answer, "username"))


def _etsy_shop(call: Call, grant: Grant, _token: Json) -> Account:
    """Etsy names the shop's id and its name in two places, and wants both halves of the key beside the token."""
    api_key = f"{call.client.client_id}:{call.client.client_secret}"
    headers = bearer(grant.secrets["access_token"]) | {"x-api-key": api_key}
    shop_id = at(get(call, "identity_url", headers), "shop_id")
    return account(shop_id, at(get(call, "details_url", headers, account_id=shop_id), "shop_name"))


_EBAY_SCOPES = (
    "https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly",
    "https://api.ebay.com/oauth/api_scope/sell.finances",
    "https://api.ebay.com/oauth/api_scope/sell.inventory.readonly",
    "https://api.ebay.com/oauth/api_scope/commerce.identity.readonly",
)

EBAY = Provider(
    slug="ebay",
    name="eBay",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in with the eBay account that sells."),
        reads=(N_("Orders"), N_("Payouts and fees"), N_("Listings"), N_("The account's user name")),
        disconnect=N_("In eBay, open Account settings, then Third-party app permissions, and remove the app."),
        lasts=N_("Eighteen months. Then eBay wants to be asked again."),
        help_url="https://www.ebay.com/help/home",
    ),
    endpoints=Endpoints(
        authorize_url="https://auth.ebay.com/oauth2/authorize",
        token_url="https://api.ebay.com/identity/v1/oauth2/token",
        identity_url="https://apiz.ebay.com/commerce/identity/v1/user/",
    ),
    scopes=_EBAY_SCOPES,
    client_auth=ClientAuth.BASIC,
    # A refresh that names no scope would ask for all that was ever granted to the application.
    renewal=Renewal(lifetime=timedelta(days=547), params={"scope": " ".join(_EBAY_SCOPES)}),
    consent_lasts=timedelta(days=547),
    identify=_ebay_user,
)

ETSY = Provider(
    slug="etsy",
    name="Etsy",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Etsy shop."),
        reads=(N_("Orders and payments"), N_("Fees and bills"), N_("Listings"), N_("The shop's name")),
        disconnect=N_("In Etsy, open Account settings, then Connected apps, and revoke access."),
        lasts=N_("Until you take it back."),
        help_url="https://help.etsy.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://www.etsy.com/oauth/connect",
        token_url="https://api.etsy.com/v3/public/oauth/token",
        identity_url="https://api.etsy.com/v3/application/users/me",
        details_url="https://api.etsy.com/v3/application/shops/{account_id}",
    ),
    scopes=("transactions_r", "shops_r", "billing_r", "listings_r"),
    client_auth=ClientAuth.NONE,
    pkce=True,
    renewal=Renewal(rotates=True, lifetime=timedelta(days=90)),
    identify=_etsy_shop,
)

PROVIDERS = (EBAY, ETSY)
