"""Marketplaces."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import Grant
from chalicelib.i18n import N_
from chalicelib.providers import amazon, tiktok_shop
from chalicelib.providers.base import Call, Provider
from chalicelib.providers.later import later
from chalicelib.providers.parts import Category, ClientAuth, Encoding, Endpoints, Field, Mechanism, OwnerText, Renewal
from chalicelib.providers.reading import answered, bearer, chosen, from_paths, from_two
from chalicelib.providers.ready import telling

if TYPE_CHECKING:
    from chalicelib.providers import faire, uber_eats, walmart
else:
    faire, uber_eats, walmart = later("faire", "uber_eats", "walmart")


def _etsy_headers(call: Call, grant: Grant) -> dict[str, str]:
    """Etsy wants both halves of our key beside the token."""
    api_key = f"{call.client.client_id}:{call.client.client_secret}"
    return bearer(grant.secrets["access_token"]) | {"x-api-key": api_key}


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
    identify=from_paths("userId", "username"),
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
    identify=from_two("shop_id", "shop_name", headers=_etsy_headers),
)

AMAZON_SELLER = Provider(
    slug="amazon_seller",
    name="Amazon Seller Central",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in to Seller Central as the primary user of the seller account."),
        reads=(N_("Orders"), N_("Payouts and fees"), N_("Stock"), N_("The store's name")),
        disconnect=N_("In Seller Central, open Apps and Services, then Manage Your Apps, and disable the app."),
        lasts=N_("A year. Then Amazon wants to be asked again."),
        help_url="https://sellercentral.amazon.com/help/hub",
    ),
    endpoints=Endpoints(
        authorize_url="https://{seller_central}/apps/authorize/consent",
        token_url="https://api.amazon.com/auth/o2/token",
        identity_url="https://sellingpartnerapi-{region}.amazon.com/sellers/v1/marketplaceParticipations",
    ),
    # What may be read are the roles of our application. Its id is the registration's application_id.
    authorize_names={"client_id": "application_id", "response_type": ""},
    code_param="spapi_oauth_code",
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(),
    consent_lasts=timedelta(days=365),
    tenant=Field(
        name="tenant",
        label=N_("Marketplace"),
        help=N_("The country whose Amazon the business sells on. Others of the same region come along."),
        options=amazon.OPTIONS,
        read=chosen("tenant", amazon.OPTIONS),
    ),
    hosts=amazon.HOSTS,
    check_callback=amazon.check_callback,
    identify=amazon.identify,
    check=answered(headers=amazon.HEADERS),
    arrive=amazon.arrive,
)

WALMART_MARKETPLACE = Provider(
    slug="walmart_marketplace",
    name="Walmart Marketplace",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in to Seller Center as an administrator."),
        reads=(N_("Orders"), N_("Payment reports"), N_("Items")),
        disconnect=N_("In Seller Center, open Settings, then API integrations, and remove the app."),
        lasts=N_("A year. Then Walmart wants to be asked again."),
        help_url="https://marketplacelearn.walmart.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://login.account.wal-mart.com/authorize",
        token_url="https://marketplace.walmartapis.com/v3/token",
        identity_url="https://marketplace.walmartapis.com/v3/token/detail",
    ),
    authorize_names={"response_type": "responseType", "client_id": "clientId", "redirect_uri": "redirectUri"},
    authorize_params={"clientType": "seller"},
    nonce=True,
    client_auth=ClientAuth.BASIC,
    token_headers=walmart.token_headers,
    default_lifetime=timedelta(minutes=15),
    renewal=Renewal(lifetime=timedelta(days=365), ended=frozenset({"INVALID_TOKEN.GMP_GATEWAY_API"})),
    margin=timedelta(minutes=2),
    consent_lasts=timedelta(days=365),
    check_callback=walmart.check_callback,
    grant_extra=walmart.grant_extra,
    identify=walmart.identify,
    arrive=telling({}, ours="clientId"),
)

TIKTOK_SHOP = Provider(
    slug="tiktok_shop",
    name="TikTok Shop",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in to TikTok Shop's Seller Center with the main account."),
        reads=(N_("Orders"), N_("Settlements and fees"), N_("Products"), N_("The shop's name")),
        disconnect=N_("In Seller Center, open Apps and services, then Authorized apps, and cancel the authorization."),
        lasts=N_("As long as TikTok Shop shows when you approve, usually a year."),
        help_url="https://seller-us.tiktok.com/university",
    ),
    endpoints=Endpoints(
        authorize_url="https://{services}/open/authorize",
        token_url="https://auth.tiktok-shops.com/api/v2/token/get",
        refresh_url="https://auth.tiktok-shops.com/api/v2/token/refresh",
        identity_url=f"https://open-api.tiktokglobalshop.com{tiktok_shop.SHOPS}",
    ),
    # The service's id is the registration's application_id; address and scopes are the service's own.
    authorize_names={"client_id": "service_id", "redirect_uri": "", "response_type": ""},
    token_encoding=Encoding.QUERY,
    token_names={"client_id": "app_key", "client_secret": "app_secret", "code": "auth_code", "redirect_uri": ""},
    token_params={"grant_type": "authorized_code"},
    standard=tiktok_shop.opened,
    renewal=Renewal(rotates=True, ended=tiktok_shop.ENDED),
    tenant=Field(
        name="tenant",
        label=N_("Where the shop sells"),
        help=N_("Shops in the United States sign in at an address of their own."),
        options=tiktok_shop.OPTIONS,
        read=chosen("tenant", tiktok_shop.OPTIONS),
    ),
    hosts=tiktok_shop.HOSTS,
    grant_extra=tiktok_shop.grant_extra,
    identify=tiktok_shop.identify,
    notice=tiktok_shop.notice,
)

FAIRE = Provider(
    slug="faire",
    name="Faire",
    category=Category.MARKETPLACE,
    owner=OwnerText(
        role=N_("Sign in as the owner of the brand on Faire."),
        reads=(N_("Orders"), N_("Shipments"), N_("Products"), N_("The brand's name")),
        disconnect=N_("In Faire, open Settings, then Integrations, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://www.faire.com/support",
    ),
    endpoints=Endpoints(
        authorize_url="https://faire.com/oauth2/authorize",
        token_url="https://www.faire.com/api/external-api-oauth2/token",
        identity_url="https://www.faire.com/external-api/v2/brands/profile",
        revoke_url="https://www.faire.com/api/external-api-oauth2/revoke",
    ),
    scopes=("READ_BRAND", "READ_ORDERS", "READ_PRODUCTS", "READ_SHIPMENTS"),
    scope_separator="&",
    authorize_names={"client_id": "applicationId", "redirect_uri": "redirectUrl", "response_type": ""},
    code_param="authorizationCode",
    token_encoding=Encoding.JSON,
    token_names={
        "client_id": "application_token",
        "client_secret": "application_secret",
        "redirect_uri": "redirect_url",
        "code": "authorization_code",
    },
    token_params={"grant_type": "AUTHORIZATION_CODE"},
    token_fields=faire.token_fields,
    identify=from_paths("brand_id", "name", headers=faire.headers),
    revoke=faire.revoke,
)

UBER_EATS = Provider(
    slug="uber_eats",
    name="Uber Eats",
    category=Category.MARKETPLACE,
    ask_owner=False,
    steps=(
        N_("Ask Uber's support for restaurants to switch on our integration for your store, and tell us."),
        N_("Wait until Uber confirms it."),
    ),
    owner=OwnerText(
        role=N_("Sign in as an administrator of the restaurant at Uber Eats."),
        reads=(N_("Orders"), N_("Payment reports"), N_("The store's name")),
        warning=N_("Uber asks you to let us set up stores. We only list them, and do not keep that permission."),
        disconnect=N_("In Uber Eats Manager, open the store's settings, then Integrations, and remove ours."),
        lasts=N_("Until you take it back."),
        help_url="https://help.uber.com/merchants-and-restaurants",
    ),
    endpoints=Endpoints(
        authorize_url="https://login.uber.com/oauth/v2/authorize",
        token_url="https://login.uber.com/oauth/v2/token",
        identity_url="https://api.uber.com/v1/eats/stores",
        details_url="https://api.uber.com/v1/eats/stores/{account_id}",
    ),
    # No offline_access: of the merchant's login nothing is kept.
    scopes=("eats.pos_provisioning",),
    identify=uber_eats.identify,
    check=answered("details_url"),
    mint=uber_eats.mint,
    settle=uber_eats.settle,
)

DOORDASH = Provider(
    slug="doordash",
    name="DoorDash",
    category=Category.MARKETPLACE,
    mechanism=Mechanism.REQUEST,
    ask_owner=False,
    steps=(
        N_(
            "DoorDash gives sales and payouts only to partners that it has approved, store by store. We are not let in yet."
        ),
        N_(
            "Until then, download the payout and transaction reports from DoorDash's Merchant Portal, and hand those over."
        ),
    ),
    owner=OwnerText(
        role=N_("DoorDash has no way for owners to let another product read. Tell us that you use it."),
        reads=(N_("Nothing: sales and payouts come by file"),),
        disconnect=N_("There is nothing to take back."),
        lasts=N_("Nothing is connected."),
        help_url="https://help.doordash.com/merchants",
    ),
)

PROVIDERS = (AMAZON_SELLER, EBAY, ETSY, WALMART_MARKETPLACE, TIKTOK_SHOP, FAIRE, UBER_EATS, DOORDASH)
