"""Marketplaces."""

from chalicelib.domain import Account, Grant
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Category, ClientAuth, Endpoints, Json, OwnerText, Provider
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


EBAY = Provider(
    slug="ebay",
    name="eBay",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in with the eBay account that sells."),
        reads=(N_("Orders"), N_("Payouts and fees"), N_("Listings"), N_("The account's user name")),
        disconnect=N_("In eBay, open Account settings, then Third-party app permissions, and remove the app."),
    ),
    endpoints=Endpoints(
        authorize_url="https://auth.ebay.com/oauth2/authorize",
        token_url="https://api.ebay.com/identity/v1/oauth2/token",
        identity_url="https://apiz.ebay.com/commerce/identity/v1/user/",
    ),
    scopes=(
        "https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly",
        "https://api.ebay.com/oauth/api_scope/sell.finances",
        "https://api.ebay.com/oauth/api_scope/sell.inventory.readonly",
        "https://api.ebay.com/oauth/api_scope/commerce.identity.readonly",
    ),
    client_auth=ClientAuth.BASIC,
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
    identify=_etsy_shop,
)

PROVIDERS = (EBAY, ETSY)
