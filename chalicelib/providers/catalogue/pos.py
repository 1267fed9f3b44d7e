"""Points of sale."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused
from chalicelib.i18n import N_
from chalicelib.providers import shopify
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.later import later
from chalicelib.providers.parts import Category, ClientAuth, Encoding, Endpoints, Field, Mechanism, OwnerText, Renewal
from chalicelib.providers.pasted import KEY, PRINTABLE, plain, secret, subdomain
from chalicelib.providers.reading import (
    account,
    answered,
    at,
    at_or,
    chosen,
    from_callback,
    from_paths,
    from_two,
    matching,
)
from chalicelib.providers.ready import disconnecting, expecting, renamed, telling

if TYPE_CHECKING:
    from chalicelib.providers import lightspeed, mindbody, revel, toast
else:
    lightspeed, mindbody, revel, toast = later("lightspeed", "mindbody", "revel", "toast")


def _square_revoke(call: Call, grant: Grant, _account: Account | None) -> None:
    """Square has an Authorization scheme of its own for this (OAuth API, RevokeToken; read 2026-10)."""
    body = {"client_id": call.client.client_id, "access_token": grant.secrets["access_token"]}
    headers = {"Authorization": f"Client {call.client.client_secret}"}
    call.web.send("POST", call.url("revoke_url"), headers=headers, body=body)


def _spoton_location(call: Call, grant: Grant, _token: Json) -> Account:
    """A partner's key may open many restaurants: the location that was typed is the one that must answer."""
    answer = call.web.json("GET", call.url("identity_url"), headers={"x-api-key": grant.secrets["api_key"]})
    location = at(answer, "id")
    if location != grant.extra["location_id"]:
        raise AppRefused("another location")
    return account(location, at_or(answer, "name", location), location_id=location)


_TOAST_WEB = N_("In Toast Web: Integrations, Toast API access, Manage credentials.")

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
    identify=from_paths("merchant.id", "merchant.business_name"),
    revoke=_square_revoke,
)

_CLOVER_REGIONS = {"us": N_("United States and Canada"), "eu": N_("Europe"), "la": N_("Latin America")}

CLOVER = Provider(
    slug="clover",
    name="Clover",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Clover account, or as an employee who may install apps."),
        reads=(N_("Orders and payments"), N_("Items"), N_("The business's name")),
        disconnect=N_("In Clover, open the app in My apps under More tools, and uninstall it."),
        lasts=N_("Until you take it back."),
        help_url="https://www.clover.com/en-US/help",
    ),
    endpoints=Endpoints(
        authorize_url="https://{site}/oauth/v2/authorize",
        token_url="https://{api}/oauth/v2/token",
        refresh_url="https://{api}/oauth/v2/refresh",
        identity_url="https://{api}/v3/merchants/{account_id}",
    ),
    # The permissions are those of our app's settings. A code_challenge beside the secret would break the exchange.
    token_names={"grant_type": "", "redirect_uri": ""},
    token_encoding=Encoding.JSON,
    standard=renamed(expires_at="access_token_expiration", refresh_expires_at="refresh_token_expiration"),
    # Of us it only asks the client id, so a 401 is about the token.
    renewal=Renewal(rotates=True, without_secret=True, ended=frozenset({"401"})),
    tenant=Field(
        name="tenant",
        label=N_("Region"),
        help=N_("Where the business uses Clover."),
        options=_CLOVER_REGIONS,
        read=chosen("tenant", _CLOVER_REGIONS),
    ),
    hosts={
        "us": {"site": "www.clover.com", "api": "api.clover.com"},
        "eu": {"site": "www.eu.clover.com", "api": "api.eu.clover.com"},
        "la": {"site": "www.la.clover.com", "api": "api.la.clover.com"},
    },
    check_callback=expecting({"merchant_id": r"[A-Za-z0-9]{1,32}"}, ours="client_id"),
    identify=from_callback("merchant_id", "name", proof="id"),
    check=answered(),
    arrive=telling({}, ours="client_id"),
)

LIGHTSPEED_R = Provider(
    slug="lightspeed_r",
    name="Lightspeed Retail (R-Series)",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Lightspeed account, or as an employee with all rights."),
        reads=(N_("Sales and payments"), N_("Reports"), N_("Items"), N_("The account's name")),
        disconnect=N_("In Lightspeed, open Settings, then Personal apps, and remove the app."),
        lasts=N_("Until you take it back."),
        help_url="https://retail-support.lightspeedhq.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://cloud.lightspeedapp.com/auth/oauth/authorize",
        token_url="https://cloud.lightspeedapp.com/auth/oauth/token",
        identity_url="https://api.lightspeedapp.com/API/V3/Account.json",
    ),
    scopes=("employee:register_read", "employee:inventory_read", "employee:reports"),
    # The address is that of our registration.
    authorize_names={"redirect_uri": ""},
    token_names={"redirect_uri": ""},
    default_lifetime=timedelta(minutes=30),
    renewal=Renewal(rotates=True),
    identify=lightspeed.accounts_r,
)

LIGHTSPEED_X = Provider(
    slug="lightspeed_x",
    name="Lightspeed Retail (X-Series)",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as an admin of the Lightspeed store, once called Vend."),
        reads=(N_("Sales and payments"), N_("Taxes and payment types"), N_("Products"), N_("The store's name")),
        disconnect=N_("In Lightspeed, open Setup, then Connected apps, and remove the app."),
        lasts=N_("Until you take it back."),
        help_url="https://x-series-support.lightspeedhq.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://secure.retail.lightspeed.app/connect",
        token_url="https://{tenant}.retail.lightspeed.app/api/1.0/token",
        identity_url="https://{tenant}.retail.lightspeed.app/api/2.0/retailer",
    ),
    scopes=("sales:read", "products:read", "taxes:read", "payment_types:read", "outlets:read", "retailer:read"),
    default_lifetime=timedelta(days=1),
    renewal=Renewal(rotates=True),
    tenant_of=lightspeed.prefix_x,
    identify=lightspeed.retailer_x,
)

LIGHTSPEED_K = Provider(
    slug="lightspeed_k",
    name="Lightspeed Restaurant (K-Series)",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner or a manager of the Lightspeed business."),
        reads=(N_("Sales and payments"), N_("Taxes and fees"), N_("The names of the locations")),
        disconnect=N_("In Lightspeed's Back Office, open Integrations, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://k-series-support.lightspeedhq.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://auth.lsk-prod.app/realms/k-series/protocol/openid-connect/auth",
        token_url="https://auth.lsk-prod.app/realms/k-series/protocol/openid-connect/token",
        identity_url="https://api.lsk.lightspeed.app/f/data/businesses",
    ),
    issuer="https://auth.lsk-prod.app/realms/k-series",
    # orders-api and items can write too; sales are all in the financial part.
    scopes=("financial-api", "offline_access"),
    client_auth=ClientAuth.BASIC,
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(rotates=True, lifetime=timedelta(days=14), every=timedelta(days=7)),
    identify=lightspeed.locations_k,
)

ZETTLE = Provider(
    slug="zettle",
    name="Zettle by PayPal",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Zettle account."),
        reads=(N_("Sales"), N_("Payouts and fees"), N_("Products"), N_("The business's name")),
        disconnect=N_("In my.zettle.com, open Integrations, then Connected apps, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://www.zettle.com/help",
    ),
    endpoints=Endpoints(
        authorize_url="https://oauth.zettle.com/authorize",
        token_url="https://oauth.zettle.com/token",
        identity_url="https://oauth.zettle.com/users/self",
        details_url="https://secure.izettle.com/api/resources/organizations/self",
        revoke_url="https://oauth.zettle.com/application-connections/self",
    ),
    scopes=("READ:FINANCE", "READ:PURCHASE", "READ:PRODUCT", "READ:USERINFO"),
    pkce=True,
    default_lifetime=timedelta(hours=2),
    # Zettle may change the refresh token at any time.
    renewal=Renewal(rotates=True),
    identify=from_two("organizationUuid", "name", may_lack=True),
    revoke=disconnecting(),
)

LOYVERSE = Provider(
    slug="loyverse",
    name="Loyverse",
    category=Category.POS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Loyverse account."),
        reads=(N_("Receipts"), N_("Items"), N_("Stores, taxes and payment types"), N_("The business's name")),
        disconnect=N_("In Loyverse's Back Office, open Integrations, then Apps, and remove the app."),
        lasts=N_("Until you take it back."),
        help_url="https://help.loyverse.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://api.loyverse.com/oauth/authorize",
        token_url="https://api.loyverse.com/oauth/token",
        identity_url="https://api.loyverse.com/v1.0/merchant",
    ),
    scopes=("RECEIPTS_READ", "ITEMS_READ", "MERCHANT_READ", "STORES_READ", "PAYMENT_TYPES_READ", "TAXES_READ"),
    renewal=Renewal(),
    identify=from_paths("id", "business_name"),
)

MINDBODY = Provider(
    slug="mindbody",
    name="Mindbody",
    category=Category.POS,
    ask_owner=False,
    steps=(
        N_("Ask us for the activation link of your Mindbody site, and tell us the site's ID."),
        N_("Open that link, sign in as the owner of the site, and activate our integration."),
    ),
    owner=OwnerText(
        role=N_("Sign in as the owner of the Mindbody site."),
        reads=(N_("Sales and payments"), N_("Products and services"), N_("The site's name")),
        warning=N_("Mindbody has no permission that only reads. We use it for reading only."),
        disconnect=N_("In Mindbody, open Settings, then API integrations, and deactivate ours."),
        lasts=N_("Until you take it back."),
        help_url="https://support.mindbodyonline.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://signin.mindbodyonline.com/connect/authorize",
        token_url="https://signin.mindbodyonline.com/connect/token",
        identity_url="https://api.mindbodyonline.com/public/v6/site/sites",
    ),
    issuer="https://signin.mindbodyonline.com",
    scopes=("openid", "offline_access", "Mindbody.Api.Public.v6"),
    authorize_params={
        "response_type": "code id_token",
        "response_mode": "form_post",
        "subscriberId": "{tenant}",
    },
    nonce=True,
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(),
    tenant=Field(
        name="tenant",
        label=N_("Site ID"),
        help=N_("A number. In Mindbody it stands at the top of the page, or under your name."),
        example="123456",
        read=matching("tenant", r"-?[0-9]{1,10}", N_("Enter the site's ID: digits only.")),
    ),
    identify=mindbody.identify,
    check=answered(headers=mindbody.headers),
)

SHOPIFY_POS = Provider(
    slug="shopify_pos",
    name="Shopify POS",
    category=Category.POS,
    part_of="shopify",
    tenant=shopify.STORE,
    owner=OwnerText(
        role=N_("Sign in as the store's owner, or as staff who may install apps."),
        reads=(N_("Orders from the till and from the online store"), N_("Products"), N_("Shopify Payments payouts")),
        warning=N_("It is one connection with Shopify: connect either."),
        disconnect=N_("In Shopify, open Settings, then Apps and sales channels, and uninstall the app."),
        lasts=N_("Until you take it back."),
        help_url="https://help.shopify.com/manual/sell-in-person",
    ),
    arrive=shopify.arrive,
)

TOAST = Provider(
    slug="toast",
    name="Toast",
    category=Category.POS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use standard API credentials, made in Toast Web by somebody who may manage integrations."),
        reads=(N_("Orders and payments"), N_("Cash and deposits"), N_("The restaurant's name")),
        warning=N_(
            "Toast gives these credentials to some plans only. Choose the permissions that read, and no others."
        ),
        disconnect=N_("In Toast Web, open Integrations, then Toast API access, and delete the credentials."),
        lasts=N_("Until the credentials are deleted."),
        help_url="https://doc.toasttab.com/doc/devguide/devApiAccessResources.html",
    ),
    endpoints=Endpoints(
        token_url="https://ws-api.toasttab.com/authentication/v1/authentication/login",
        identity_url="https://ws-api.toasttab.com/restaurants/v1/restaurants/{restaurant_guid}",
    ),
    fields=(
        plain("client_id", N_("Client ID"), _TOAST_WEB, pattern=KEY, hint=N_("Paste the whole client ID.")),
        secret("client_secret", N_("Client secret"), _TOAST_WEB, pattern=PRINTABLE),
        plain(
            "restaurant_guid",
            N_("Restaurant GUID"),
            N_("In Toast Web it stands beside the location, in the list of the credentials' locations."),
            pattern=r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            hint=N_("Paste the whole GUID: 32 digits and letters, in five groups."),
            example="4721e7a9-b4ae-4fef-9230-b3dae186e0a4",
            lower=True,
        ),
    ),
    default_lifetime=timedelta(hours=1),
    identify=toast.identify,
    mint=toast.mint,
)

SPOTON = Provider(
    slug="spoton",
    name="SpotOn Restaurant",
    category=Category.POS,
    mechanism=Mechanism.KEY_FORM,
    ask_owner=False,
    steps=(
        N_("Ask SpotOn for a key of the Restaurant POS Export API, and name the restaurant's locations."),
        N_("SpotOn enables the key for each location, and gives you the location's ID."),
    ),
    owner=OwnerText(
        role=N_("Use a key that SpotOn issued for the restaurant. There is none to make by yourself."),
        reads=(N_("Orders and payments"), N_("Cash and deposits"), N_("The location's name")),
        warning=N_("SpotOn gives out sales of the last 90 days only. Older ones come by file."),
        disconnect=N_("Ask SpotOn to end the key."),
        lasts=N_("Until SpotOn ends the key."),
        help_url="https://developers.spoton.com/restaurant/docs/api-access",
    ),
    endpoints=Endpoints(identity_url="https://restaurantapi.spoton.com/posexport/v1/locations/{location_id}"),
    fields=(
        plain(
            "location_id",
            N_("Location ID"),
            N_("SpotOn names it when it issues the key."),
            pattern=r"[A-Za-z0-9_-]{1,64}",
            hint=N_("Enter the location's ID: letters, digits, _ and - only."),
        ),
        secret("api_key", N_("API key"), N_("The key that SpotOn issued."), pattern=PRINTABLE),
    ),
    identify=_spoton_location,
)

REVEL = Provider(
    slug="revel",
    name="Revel Systems",
    category=Category.POS,
    mechanism=Mechanism.KEY_FORM,
    ask_owner=False,
    steps=(N_("Ask Revel for an API key and secret of your account. Say that they are to read only."),),
    owner=OwnerText(
        role=N_("Use an API key that Revel issued for the account."),
        reads=(N_("Orders and payments"), N_("Products"), N_("The establishments' names")),
        warning=N_("The key can do what Revel allows it to, and that may be more than reading. We only read."),
        disconnect=N_("Ask Revel to end the key."),
        lasts=N_("Until Revel ends the key."),
        help_url="https://support.revelsystems.com",
    ),
    endpoints=Endpoints(identity_url="https://{tenant}.revelup.com/enterprise/Establishment/"),
    fields=(
        Field(
            name="tenant",
            label=N_("Revel address"),
            help=N_("The first part of the address of your management console: acme in acme.revelup.com."),
            example="acme",
            read=subdomain("tenant", "revelup.com", N_("Enter the first part of the address, for example acme.")),
        ),
        secret("api_key", N_("API key"), N_("The key that Revel issued.")),
        secret("api_secret", N_("API secret"), N_("It comes with the key.")),
    ),
    identify=revel.identify,
)

TOUCHBISTRO = Provider(
    slug="touchbistro",
    name="TouchBistro",
    category=Category.POS,
    mechanism=Mechanism.REQUEST,
    ask_owner=False,
    steps=(
        N_("TouchBistro lets in partners that it chose itself, so there is nothing to connect yet."),
        N_("Until then, export the sales reports from TouchBistro's cloud reporting as files, and hand those over."),
    ),
    owner=OwnerText(
        role=N_("TouchBistro has no way for owners to let another product read. Tell us that you use it."),
        reads=(N_("Nothing: the sales come by file"),),
        disconnect=N_("There is nothing to take back."),
        lasts=N_("Nothing is connected."),
        help_url="https://www.touchbistro.com/help/",
    ),
)

PROVIDERS = (
    SQUARE,
    CLOVER,
    LIGHTSPEED_R,
    LIGHTSPEED_X,
    LIGHTSPEED_K,
    ZETTLE,
    SHOPIFY_POS,
    LOYVERSE,
    MINDBODY,
    TOAST,
    SPOTON,
    REVEL,
    TOUCHBISTRO,
)
