"""Online shops."""

from datetime import timedelta

from chalicelib.domain import Account, Grant
from chalicelib.i18n import N_
from chalicelib.providers import shopify
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Field, OwnerText, Renewal
from chalicelib.providers.reading import account, at, bearer, get


def _squarespace_site(call: Call, grant: Grant, _token: Json) -> Account:
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    return account(at(answer, "id"), at(answer, "title"))


SQUARESPACE_COMMERCE = Provider(
    slug="squarespace_commerce",
    name="Squarespace Commerce",
    category=Category.ECOMMERCE,
    owner=OwnerText(
        role=N_("Sign in as the owner or an administrator of the Squarespace site."),
        reads=(N_("Orders"), N_("Transactions"), N_("Products and stock")),
        disconnect=N_("In Squarespace, open Settings, then Connected accounts, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.squarespace.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://login.squarespace.com/api/1/login/oauth/provider/authorize",
        token_url="https://login.squarespace.com/api/1/login/oauth/provider/tokens",
        identity_url="https://api.squarespace.com/1.0/authorization/website",
    ),
    scopes=("website.orders.read", "website.transactions.read", "website.products.read", "website.inventory.read"),
    scope_separator=",",
    client_auth=ClientAuth.BASIC,
    authorize_params={"access_type": "offline"},
    default_lifetime=timedelta(minutes=30),
    renewal=Renewal(rotates=True, lifetime=timedelta(days=7), every=timedelta(days=5)),
    identify=_squarespace_site,
)

SHOPIFY = Provider(
    slug="shopify",
    name="Shopify",
    category=Category.ECOMMERCE,
    owner=OwnerText(
        role=N_("Sign in as the store's owner, or as staff who may install apps."),
        reads=(N_("Orders"), N_("Products"), N_("Shopify Payments payouts")),
        disconnect=N_("In Shopify, open Settings, then Apps and sales channels, and uninstall the app."),
        lasts=N_("Until you take it back."),
        help_url="https://help.shopify.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://{tenant}/admin/oauth/authorize",
        token_url="https://{tenant}/admin/oauth/access_token",
        identity_url="https://{tenant}/admin/api/2026-10/graphql.json",
        revoke_url="https://{tenant}/admin/api_permissions/current.json",
    ),
    scopes=("read_orders", "read_products", "read_shopify_payments_payouts", "read_shopify_payments_accounts"),
    scope_separator=",",
    client_auth=ClientAuth.POST,
    # An offline token that expires: public apps made since April 2026 get no other that works.
    token_params={"expiring": "1"},
    renewal=Renewal(rotates=True, lifetime=timedelta(days=90)),
    tenant=Field(
        name="tenant",
        label=N_("Store address"),
        help=N_("The address that ends in myshopify.com. In Shopify: Settings, then Domains."),
        example="acme-store.myshopify.com",
        read=shopify.shop_host,
    ),
    check_callback=shopify.check_callback,
    identify=shopify.identify,
    revoke=shopify.revoke,
    grant_extra=shopify.grant_extra,
)

PROVIDERS = (SHOPIFY, SQUARESPACE_COMMERCE)
