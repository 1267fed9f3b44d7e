"""Books, payroll, marketing, bookings."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import Account, Grant
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.later import later
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Mechanism, OwnerText, Renewal
from chalicelib.providers.pasted import LABEL, named, of_key, pair, secret
from chalicelib.providers.reading import answered, from_callback, from_paths, from_two, token_in
from chalicelib.providers.ready import expecting, revoking, telling

if TYPE_CHECKING:
    from chalicelib.providers import xero
else:
    (xero,) = later("xero")


def _acuity_disconnect(call: Call, grant: Grant, _account: Account | None) -> None:
    """Our credentials and the token in one form."""
    client = call.client
    form = {"client_id": client.client_id, "client_secret": client.client_secret}
    call.web.send("POST", call.url("revoke_url"), form={**form, "access_token": grant.secrets["access_token"]})


def _shipstation_account(call: Call, grant: Grant, _token: Json) -> Account:
    """No call names the account; the list of its users wants the keys, and is all that is asked."""
    call.web.rows("GET", call.url("identity_url"), auth=pair(grant, "api_key", "api_secret"))
    return named(call, of_key(call, grant, "api_key"))


_SHIPSTATION_KEYS = N_("In ShipStation: Settings, Account, API Settings, version V1.")
_HEX = r"[0-9a-fA-F]{32}"

QUICKBOOKS_ONLINE = Provider(
    slug="quickbooks_online",
    name="QuickBooks Online",
    category=Category.OTHER,
    owner=OwnerText(
        role=N_("Sign in as an administrator of the company in QuickBooks."),
        reads=(N_("The company's books"), N_("The company's name")),
        warning=N_("QuickBooks has no permission that only reads. We use it for reading only."),
        disconnect=N_("In QuickBooks, open Apps, then My apps, and disconnect the app."),
        lasts=N_("Five years. Then QuickBooks wants to be asked again."),
        help_url="https://quickbooks.intuit.com/learn-support",
    ),
    endpoints=Endpoints(
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        identity_url="https://quickbooks.api.intuit.com/v3/company/{account_id}/companyinfo/{account_id}",
        revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
    ),
    issuer="https://oauth.platform.intuit.com/op/v1",
    scopes=("com.intuit.quickbooks.accounting",),
    client_auth=ClientAuth.BASIC,
    default_lifetime=timedelta(hours=1),
    # The refresh token changes once a day, and lives a hundred days.
    renewal=Renewal(rotates=True, lifetime=timedelta(days=100), every=timedelta(days=30)),
    consent_lasts=timedelta(days=5 * 365),
    check_callback=expecting({"realmId": r"[0-9]{5,20}"}),
    identify=from_callback("realmId", "CompanyInfo.CompanyName"),
    check=answered(),
    revoke=revoking(as_json=True, hint=False),
    arrive=telling({}),
)

XERO = Provider(
    slug="xero",
    name="Xero",
    category=Category.OTHER,
    owner=OwnerText(
        role=N_("Sign in as a user of the organisation who may connect apps: a standard user or an adviser."),
        reads=(N_("Invoices and payments"), N_("Bank transactions"), N_("Contacts"), N_("The chart of accounts")),
        disconnect=N_("In Xero, open Settings, then Connected apps, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://central.xero.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://login.xero.com/identity/connect/authorize",
        token_url="https://identity.xero.com/connect/token",
        identity_url="https://api.xero.com/connections",
        revoke_url="https://api.xero.com/connections/{account_id}",
    ),
    issuer="https://identity.xero.com",
    # Those for applications made since March 2026.
    scopes=(
        "offline_access",
        "accounting.invoices.read",
        "accounting.payments.read",
        "accounting.banktransactions.read",
        "accounting.contacts.read",
        "accounting.settings.read",
    ),
    client_auth=ClientAuth.BASIC,
    pkce=True,
    default_lifetime=timedelta(minutes=30),
    renewal=Renewal(rotates=True, lifetime=timedelta(days=60), every=timedelta(days=30)),
    identify=xero.identify,
    revoke=xero.revoke,
)

GUSTO = Provider(
    slug="gusto",
    name="Gusto",
    category=Category.OTHER,
    owner=OwnerText(
        role=N_("Sign in as an administrator of the company in Gusto."),
        reads=(N_("Payrolls"), N_("Employees and contractors"), N_("The company's name")),
        disconnect=N_("In Gusto, open App directory, then Connected apps, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.gusto.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://api.gusto.com/oauth/authorize",
        token_url="https://api.gusto.com/oauth/token",
        identity_url="https://api.gusto.com/v1/token_info",
        details_url="https://api.gusto.com/v1/companies/{account_id}",
    ),
    # What may be read is what Gusto approved for our application.
    default_lifetime=timedelta(hours=2),
    renewal=Renewal(rotates=True),
    # Only of a company is there a company to read: a token of another kind ends at the second call.
    identify=from_two("resource.uuid", "name", headers=token_in(X_Gusto_API_Version="2025-06-15")),
)

KLAVIYO = Provider(
    slug="klaviyo",
    name="Klaviyo",
    category=Category.OTHER,
    owner=OwnerText(
        role=N_("Sign in as the owner or an administrator of the Klaviyo account."),
        reads=(N_("Events, such as orders"), N_("Metrics"), N_("The catalogue"), N_("The account's name")),
        disconnect=N_("In Klaviyo, open Integrations, choose the app, and remove it."),
        lasts=N_("Until you take it back."),
        help_url="https://help.klaviyo.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://www.klaviyo.com/oauth/authorize",
        token_url="https://a.klaviyo.com/oauth/token",
        identity_url="https://a.klaviyo.com/api/accounts",
        revoke_url="https://a.klaviyo.com/oauth/revoke",
    ),
    scopes=("accounts:read", "metrics:read", "events:read", "catalogs:read"),
    client_auth=ClientAuth.BASIC,
    pkce=True,
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(lifetime=timedelta(days=90), every=timedelta(days=30)),
    identify=from_paths(
        "data.0.id",
        "data.0.attributes.contact_information.organization_name",
        headers=token_in(revision="2025-10-15"),
    ),
    revoke=revoking(),
)

ACUITY = Provider(
    slug="acuity",
    name="Acuity Scheduling",
    category=Category.OTHER,
    owner=OwnerText(
        role=N_("Sign in as the owner of the Acuity account."),
        reads=(N_("Appointments and what was paid for them"), N_("Appointment types"), N_("The account's name")),
        warning=N_("Acuity has no permission that only reads. We use it for reading only."),
        disconnect=N_("In Acuity, open Integrations, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://help.acuityscheduling.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://acuityscheduling.com/oauth2/authorize",
        token_url="https://acuityscheduling.com/oauth2/token",
        identity_url="https://acuityscheduling.com/api/v1/me",
        revoke_url="https://acuityscheduling.com/oauth2/disconnect",
    ),
    scopes=("api-v1",),
    identify=from_paths("id", "name", "email"),
    revoke=_acuity_disconnect,
)

SHIPSTATION = Provider(
    slug="shipstation",
    name="ShipStation",
    category=Category.OTHER,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use the V1 API key and secret, made by an administrator of the ShipStation account."),
        reads=(N_("Orders and shipments"), N_("Shipping costs"), N_("Stores")),
        warning=N_("ShipStation has no keys that only read: these can also buy labels. We use them for reading only."),
        disconnect=N_("In ShipStation, open Settings, Account, API Settings, and regenerate the keys."),
        lasts=N_("Until the keys are regenerated, or end on the day that was set for them."),
        help_url="https://help.shipstation.com",
    ),
    endpoints=Endpoints(identity_url="https://ssapi.shipstation.com/users"),
    fields=(
        secret("api_key", N_("API key"), _SHIPSTATION_KEYS, pattern=_HEX),
        secret("api_secret", N_("API secret"), _SHIPSTATION_KEYS, pattern=_HEX),
        LABEL,
    ),
    identify=_shipstation_account,
)

PROVIDERS = (QUICKBOOKS_ONLINE, XERO, GUSTO, KLAVIYO, ACUITY, SHIPSTATION)
