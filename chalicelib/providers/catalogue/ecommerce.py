"""Online shops."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.i18n import N_
from chalicelib.providers import shopify, store_address
from chalicelib.providers.base import Provider
from chalicelib.providers.later import later
from chalicelib.providers.parts import Category, ClientAuth, Encoding, Endpoints, Field, Mechanism, OwnerText, Renewal
from chalicelib.providers.pasted import secret
from chalicelib.providers.reading import answered, from_paths, from_token
from chalicelib.providers.ready import CODE, telling

if TYPE_CHECKING:
    from chalicelib.providers import adobe_commerce, bigcommerce, recharge, wix, woocommerce
else:
    adobe_commerce, bigcommerce, recharge, wix, woocommerce = later(
        "adobe_commerce", "bigcommerce", "recharge", "wix", "woocommerce"
    )

_INTEGRATION = N_("In the shop's admin: System, Integrations, then the integration; it shows all four keys.")
_MAGENTO_KEY = r"[a-z0-9]{32}"

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
    identify=from_paths("id", "title"),
    arrive=telling({}),
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
    tenant=shopify.STORE,
    check_callback=shopify.check_callback,
    identify=shopify.identify,
    revoke=shopify.revoke,
    grant_extra=shopify.grant_extra,
    arrive=shopify.arrive,
    notice=shopify.notice,
)

BIGCOMMERCE = Provider(
    slug="bigcommerce",
    name="BigCommerce",
    category=Category.ECOMMERCE,
    owner=OwnerText(
        role=N_("Sign in as the owner of the BigCommerce store, or as staff who may install apps."),
        reads=(N_("Orders"), N_("Transactions and payment methods"), N_("Products"), N_("The store's name")),
        disconnect=N_("In BigCommerce, open Apps, then My apps, and uninstall the app."),
        lasts=N_("Until you take it back, or the store owner's email address changes."),
        help_url="https://support.bigcommerce.com",
    ),
    frames=("https://*.mybigcommerce.com", "https://login.bigcommerce.com"),
    endpoints=Endpoints(
        authorize_url="https://login.bigcommerce.com/app/{client_id}/install",
        token_url="https://login.bigcommerce.com/oauth2/token",
        identity_url="https://api.bigcommerce.com/stores/{account_id}/v2/store",
    ),
    # A link to install our app: its address is all. Scopes and callback are those of the app's profile.
    authorize_names={"response_type": "", "client_id": "", "redirect_uri": "", "state": ""},
    echoes_state=False,
    token_encoding=Encoding.JSON,
    token_fields=bigcommerce.token_fields,
    check_callback=bigcommerce.check_callback,
    grant_extra=bigcommerce.grant_extra,
    identify=bigcommerce.identify,
    check=answered(headers=bigcommerce.HEADERS),
    arrive=bigcommerce.arrive,
    notice=bigcommerce.notice,
)

ECWID = Provider(
    slug="ecwid",
    name="Ecwid by Lightspeed",
    category=Category.ECOMMERCE,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Ecwid store."),
        reads=(N_("Orders"), N_("Products"), N_("The store's name")),
        disconnect=N_("In Ecwid, open Apps, then My apps, and delete the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.ecwid.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://my.ecwid.com/api/oauth/authorize",
        token_url="https://my.ecwid.com/api/oauth/token",
        identity_url="https://app.ecwid.com/api/v3/{account_id}/profile",
    ),
    scopes=("read_store_profile", "read_orders", "read_catalog"),
    echoes_state=False,
    identify=from_token("store_id", "settings.storeName"),
    check=answered(),
    arrive=telling({"code": CODE}, "store_id"),
)

RECHARGE = Provider(
    slug="recharge",
    name="Recharge",
    category=Category.ECOMMERCE,
    owner=OwnerText(
        role=N_("Sign in as the owner of the store at Recharge."),
        reads=(N_("Orders"), N_("Subscriptions"), N_("Products"), N_("The store's name")),
        disconnect=N_("In Recharge, open Apps, and uninstall the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.getrecharge.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://admin.rechargeapps.com/partners/app/{client_id}/install",
        token_url="https://www.admin.rechargeapps.com/oauth/token",
        identity_url="https://api.rechargeapps.com/store",
    ),
    # A link to install our app: only the store's name goes along.
    authorize_names={"response_type": "", "client_id": "", "redirect_uri": "", "state": ""},
    authorize_params={"myshopify_domain": "{tenant}"},
    echoes_state=False,
    client_auth=ClientAuth.NONE,
    tenant=Field(
        name="tenant",
        label=N_("Shopify address of the store"),
        help=N_("The address that ends in myshopify.com. In Shopify: Settings, then Domains."),
        example="acme-store.myshopify.com",
        read=recharge.store_name,
    ),
    identify=recharge.identify,
)

WOOCOMMERCE = Provider(
    slug="woocommerce",
    name="WooCommerce",
    category=Category.ECOMMERCE,
    mechanism=Mechanism.HANDOVER,
    owner=OwnerText(
        role=N_("Sign in to your shop's WordPress as an administrator or shop manager."),
        reads=(N_("Orders and refunds"), N_("Products"), N_("The shop's name")),
        warning=N_(
            "Some security plugins block this. If your shop's own page does not open, allow it there for a moment."
        ),
        disconnect=N_("In WordPress, open WooCommerce, Settings, Advanced, REST API, and revoke the key."),
        lasts=N_("Until the key is revoked, or the user who approved it is deleted."),
        help_url="https://woocommerce.com/document/woocommerce-rest-api/",
    ),
    endpoints=Endpoints(
        authorize_url="https://{tenant}/wc-auth/v1/authorize",
        identity_url="https://{tenant}/wp-json/wc/v3/settings/general",
        details_url="https://{tenant}/wp-json/",
    ),
    scopes=("read",),
    state_param="user_id",
    authorize_names={"response_type": "", "client_id": "", "redirect_uri": "return_url", "state": "user_id"},
    # Nothing is registered with the shop: it posts the keys to the address that it is told here.
    authorize_params={"app_name": "{product}", "callback_url": "{redirect_uri}"},
    tenant=store_address.field(N_("What you type to open your shop. It must begin with https://.")),
    handed_over=woocommerce.handed_over,
    identify=woocommerce.identify,
)

ADOBE_COMMERCE = Provider(
    slug="adobe_commerce",
    name="Magento / Adobe Commerce",
    category=Category.ECOMMERCE,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use the keys of an integration, made by an administrator of the shop."),
        reads=(N_("Orders, invoices and credit memos"), N_("Products"), N_("The shop's settings")),
        warning=N_(
            "When you make the integration, tick only Sales, Catalog and Stores; the keys can do what is ticked."
        ),
        disconnect=N_("In the shop's admin, open System, Integrations, and delete the integration."),
        lasts=N_("Until the integration is deleted."),
        help_url="https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth/",
    ),
    endpoints=Endpoints(identity_url="https://{tenant}/rest/V1/store/storeConfigs"),
    fields=(
        store_address.field(N_("What you type to open your shop. It must begin with https://.")),
        secret("consumer_key", N_("Consumer key"), _INTEGRATION, pattern=_MAGENTO_KEY),
        secret("consumer_secret", N_("Consumer secret"), _INTEGRATION, pattern=_MAGENTO_KEY),
        secret("access_token", N_("Access token"), _INTEGRATION, pattern=_MAGENTO_KEY),
        secret("access_token_secret", N_("Access token secret"), _INTEGRATION, pattern=_MAGENTO_KEY),
    ),
    identify=adobe_commerce.identify,
)

WIX = Provider(
    slug="wix",
    name="Wix",
    category=Category.ECOMMERCE,
    mechanism=Mechanism.INSTALL,
    owner=OwnerText(
        role=N_("Add our app to your site as its owner, in the Wix App Market. Then open it there."),
        reads=(N_("Orders"), N_("Payments"), N_("Products"), N_("The site's name")),
        disconnect=N_("In Wix, open Apps, then Manage Apps, and delete the app."),
        lasts=N_("Until the app is removed from the site."),
        help_url="https://www.wix.com/app-market",
    ),
    endpoints=Endpoints(
        token_url="https://www.wixapis.com/oauth2/token",
        identity_url="https://www.wixapis.com/apps/v1/instance",
    ),
    default_lifetime=timedelta(hours=4),
    identify=wix.identify,
    mint=wix.mint,
    arrive=wix.arrive,
    notice=wix.notice,
)

PROVIDERS = (SHOPIFY, SQUARESPACE_COMMERCE, BIGCOMMERCE, ECWID, RECHARGE, WOOCOMMERCE, ADOBE_COMMERCE, WIX)
