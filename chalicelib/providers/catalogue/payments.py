"""Payments and billing."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.later import later
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Field, Mechanism, OwnerText, Renewal
from chalicelib.providers.pasted import KEY, LABEL, PRINTABLE, pair, plain, proven, secret, subdomain
from chalicelib.providers.reading import (
    account,
    answered,
    at,
    at_or,
    bearer,
    chosen,
    from_paths,
    from_token,
    get,
    listed,
    token_in,
)
from chalicelib.providers.ready import revoking

if TYPE_CHECKING:
    from chalicelib.providers import braintree, paypal
else:
    braintree, paypal = later("braintree", "paypal")


def _stripe_account(call: Call, grant: Grant, token: Json) -> Account:
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    account_id = at(answer, "id")
    name = at_or(answer, "settings.dashboard.display_name", at_or(answer, "business_profile.name", account_id))
    # Test mode and live mode are two accounts behind one id.
    return account(account_id if token.get("livemode") is not False else f"{account_id}:test", name)


def _stripe_user(_call: Call, token: Json) -> dict[str, str]:
    """Whose grant it is: also where no more of the account is known, it can be given back."""
    user = at_or(token, "stripe_user_id", "")
    return {"stripe_user_id": user} if user else {}


def _stripe_deauthorize(call: Call, grant: Grant, account: Account | None) -> None:
    user = account.id.removesuffix(":test") if account else grant.extra.get("stripe_user_id")
    if not user:
        return
    form = {"client_id": call.client.client_id, "stripe_user_id": user}
    call.web.send("POST", call.url("revoke_url"), headers=bearer(call.client.client_secret), form=form)


def _chargebee_site_account(call: Call, grant: Grant, _token: Json) -> Account:
    """No account endpoint is documented; a read that needs the key proves it, and the site names the account."""
    answer = call.web.json("GET", call.url("identity_url"), auth=(grant.secrets["api_key"], ""))
    if not isinstance(answer.get("list"), list):
        raise AppDown("not a list")
    return account(call.words["site"], call.words["site"])


def _recurly_sites(call: Call, grant: Grant, _token: Json) -> tuple[Account, ...]:
    """The sites that the key opens; Recurly wants its version named (Recurly API v2021-02-25; read 2026-11)."""
    headers = {"Accept": "application/vnd.recurly.v2021-02-25"}
    answer = call.web.json("GET", call.url("identity_url"), headers=headers, auth=pair(grant, "api_key"))
    sites = ((at(site, "id"), at_or(site, "subdomain", "")) for site in listed(answer, "data"))
    return tuple(account(site, name or site, site_id=site) for site, name in sites)


_PAYPAL_APP = N_("At developer.paypal.com: Apps & Credentials, Live, then the app.")
_BRAINTREE_KEYS = N_("In Braintree's Control Panel: the gear, then API.")
_RECURLY_REGIONS = {"us": N_("United States"), "eu": N_("European Union")}
_AFFIRM_KEYS = N_("In Affirm's merchant portal: Developers, API keys.")
_AFTERPAY_REGIONS = {
    "global": N_("Any country (the usual one)"),
    "us": N_("United States or Canada, an older account"),
    "au": N_("Australia or New Zealand, an older account"),
}
_AFTERPAY_KEYS = N_("Afterpay or Clearpay gave it to you for your shop; your shop's payment settings hold it too.")

STRIPE = Provider(
    slug="stripe",
    name="Stripe",
    category=Category.PAYMENTS,
    owner=OwnerText(
        role=N_("Sign in as an administrator of the Stripe account."),
        reads=(N_("Payments and refunds"), N_("Fees and payouts"), N_("The business's name")),
        disconnect=N_("In Stripe, open Settings, then Installed apps, and remove the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.stripe.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://connect.stripe.com/oauth/authorize",
        token_url="https://connect.stripe.com/oauth/token",
        identity_url="https://api.stripe.com/v1/account",
        revoke_url="https://connect.stripe.com/oauth/deauthorize",
    ),
    scopes=("read_only",),
    client_auth=ClientAuth.SECRET_AS_BEARER,
    identify=_stripe_account,
    check=answered(),
    revoke=_stripe_deauthorize,
    grant_extra=_stripe_user,
)

CHARGEBEE = Provider(
    slug="chargebee",
    name="Chargebee",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use a read-only API key made by an administrator of the Chargebee site."),
        reads=(N_("Invoices and payments"), N_("Customers and subscriptions")),
        disconnect=N_("In Chargebee, open Settings, then API keys, and delete the key."),
        lasts=N_("Until the key is deleted."),
        help_url="https://www.chargebee.com/docs",
    ),
    endpoints=Endpoints(identity_url="https://{site}.chargebee.com/api/v2/business_entities"),
    fields=(
        Field(
            name="site",
            label=N_("Chargebee site"),
            help=N_("The first part of your Chargebee address: acme in acme.chargebee.com."),
            example="acme",
            read=subdomain("site", "chargebee.com", N_("Enter the site's name, for example acme or acme-test.")),
        ),
        secret(
            "api_key",
            N_("API key"),
            N_("In Chargebee: Settings, Configure Chargebee, API keys. Choose a read-only key."),
        ),
    ),
    identify=_chargebee_site_account,
)

SUMUP = Provider(
    slug="sumup",
    name="SumUp",
    category=Category.PAYMENTS,
    owner=OwnerText(
        role=N_("Sign in as the owner of the SumUp account."),
        reads=(N_("Sales and refunds"), N_("The business's name")),
        disconnect=N_("In SumUp, open your profile's settings, then Connected apps, and remove the app."),
        lasts=N_("Until you take it back, or change your SumUp password."),
        help_url="https://help.sumup.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://api.sumup.com/authorize",
        token_url="https://api.sumup.com/token",
        identity_url="https://api.sumup.com/v0.1/me",
    ),
    # Never none: SumUp's default set may take payments. Payout settings can be had only for writing, so we do not ask.
    scopes=("transactions.history", "user.profile_readonly"),
    client_auth=ClientAuth.BASIC,
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(),
    identify=from_paths(
        "merchant_profile.merchant_code",
        "merchant_profile.doing_business_as.business_name",
        "merchant_profile.company_name",
    ),
)

GOCARDLESS = Provider(
    slug="gocardless",
    name="GoCardless",
    category=Category.PAYMENTS,
    owner=OwnerText(
        role=N_("Sign in as an administrator of the GoCardless account."),
        reads=(N_("Payments and refunds"), N_("Payouts and fees"), N_("The business's name")),
        disconnect=N_("In GoCardless, open Settings, then Connected apps, and disconnect the app."),
        lasts=N_("Until you take it back."),
        help_url="https://support.gocardless.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://connect.gocardless.com/oauth/authorize",
        token_url="https://connect.gocardless.com/oauth/access_token",
        identity_url="https://api.gocardless.com/creditors",
    ),
    scopes=("read_only",),
    # Without it GoCardless may show a form for new accounts first.
    authorize_params={"initial_view": "login"},
    identify=from_token("organisation_id", "creditors.0.name", headers=token_in(GoCardless_Version="2015-07-06")),
    check=answered(headers=token_in(GoCardless_Version="2015-07-06")),
)

MOLLIE = Provider(
    slug="mollie",
    name="Mollie",
    category=Category.PAYMENTS,
    owner=OwnerText(
        role=N_("Sign in as an administrator of the Mollie organisation. Leave all permissions ticked."),
        reads=(N_("Payments and refunds"), N_("Settlements and balances"), N_("Mollie's invoices"), N_("Orders")),
        disconnect=N_("In Mollie, open Settings, then Authorised apps, and revoke the app's access."),
        lasts=N_("Until you take it back."),
        help_url="https://help.mollie.com",
    ),
    endpoints=Endpoints(
        authorize_url="https://my.mollie.com/oauth2/authorize",
        token_url="https://api.mollie.com/oauth2/tokens",
        identity_url="https://api.mollie.com/v2/organizations/me",
        revoke_url="https://api.mollie.com/oauth2/tokens",
    ),
    scopes=(
        "organizations.read",
        "payments.read",
        "refunds.read",
        "settlements.read",
        "balances.read",
        "invoices.read",
        "orders.read",
        "profiles.read",
    ),
    client_auth=ClientAuth.BASIC,
    # Asks again for what was left unticked before.
    authorize_params={"approval_prompt": "force"},
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(),
    identify=from_paths("id", "name"),
    revoke=revoking("DELETE"),
)

_ADYEN_PLATFORMS = {"live": N_("Live"), "test": N_("Test")}

ADYEN = Provider(
    slug="adyen",
    name="Adyen",
    category=Category.PAYMENTS,
    owner=OwnerText(
        role=N_("Sign in to Adyen's Customer Area with the company account, as a merchant admin."),
        reads=(N_("The company's name"), N_("Where Adyen sends its notices of payments")),
        warning=N_("Adyen's login shares no settlement reports. We will ask you for those in another way."),
        disconnect=N_("In Adyen, open Developers, then Installed OAuth apps, edit the app and uninstall it."),
        lasts=N_("Until you take it back."),
        help_url="https://docs.adyen.com/development-resources/oauth/installed-oauth-apps",
    ),
    endpoints=Endpoints(
        authorize_url="https://ca-{tenant}.adyen.com/ca/ca/oauth/connect.shtml",
        token_url="https://oauth-{tenant}.adyen.com/v1/token",
        identity_url="https://management-{tenant}.adyen.com/v3/me",
    ),
    # The one scope that only reads (Adyen, OAuth scopes, 2026-05).
    scopes=("psp.webhook:read",),
    client_auth=ClientAuth.BASIC,
    pkce=True,
    default_lifetime=timedelta(hours=1),
    renewal=Renewal(),
    tenant=Field(
        name="tenant",
        label=N_("Adyen platform"),
        help=N_("Live, unless you only want to try it."),
        options=_ADYEN_PLATFORMS,
        read=chosen("tenant", _ADYEN_PLATFORMS),
    ),
    identify=from_paths("id", "companyName"),
)

PAYPAL = Provider(
    slug="paypal",
    name="PayPal",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    steps=(
        N_("Sign in at developer.paypal.com with the business's PayPal login, and open Apps & Credentials, Live."),
        N_("Create an app, tick Transaction search under its features, and save. Untick what takes payments."),
        N_("PayPal may take some hours until the keys can read. If they are refused as too new, come back later."),
    ),
    owner=OwnerText(
        role=N_("Use the keys of an app that you make in the business's own PayPal account."),
        reads=(N_("Transactions and fees"), N_("Balances and payouts")),
        warning=N_("The keys can do whatever is ticked for the app in PayPal. Tick Transaction search only."),
        disconnect=N_("At developer.paypal.com, open Apps & Credentials, and delete the app."),
        lasts=N_("Until the app is deleted or its secret is changed."),
        help_url="https://developer.paypal.com/docs/transaction-search/",
    ),
    endpoints=Endpoints(
        token_url="https://api-m.paypal.com/v1/oauth2/token",
        identity_url="https://api-m.paypal.com/v1/reporting/balances",
    ),
    fields=(
        plain("client_id", N_("Client ID"), _PAYPAL_APP, pattern=KEY, hint=N_("Paste the whole client ID.")),
        secret("client_secret", N_("Secret"), _PAYPAL_APP),
    ),
    default_lifetime=timedelta(hours=8),
    identify=paypal.identify,
    mint=paypal.mint,
)

BRAINTREE = Provider(
    slug="braintree",
    name="Braintree",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use API keys made by a user of Braintree's Control Panel who may only read."),
        reads=(N_("Transactions and refunds"), N_("Disbursements"), N_("The company's name")),
        warning=N_("Keys can do what their user may do. Make them as a user whose role only views and exports."),
        disconnect=N_("In Braintree's Control Panel, open API, and delete the keys."),
        lasts=N_("Until the keys are deleted, or their user is."),
        help_url="https://developer.paypal.com/braintree/articles/control-panel/important-gateway-credentials",
    ),
    endpoints=Endpoints(identity_url="https://payments.braintree-api.com/graphql"),
    fields=(
        plain(
            "merchant_id",
            N_("Merchant ID"),
            _BRAINTREE_KEYS,
            pattern=r"[a-z0-9_]{3,64}",
            hint=N_("Enter the merchant ID: letters and digits only."),
            lower=True,
        ),
        plain("public_key", N_("Public key"), _BRAINTREE_KEYS, pattern=KEY, hint=N_("Paste the whole public key.")),
        secret("private_key", N_("Private key"), _BRAINTREE_KEYS),
    ),
    identify=braintree.identify,
)

RECURLY = Provider(
    slug="recurly",
    name="Recurly",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use a private API key made by an administrator of the Recurly site."),
        reads=(N_("Invoices and payments"), N_("Accounts and subscriptions"), N_("The site's name")),
        warning=N_("A key can change things unless it is made read-only. Choose that where Recurly offers it."),
        disconnect=N_("In Recurly, open Integrations, then API credentials, and delete the key."),
        lasts=N_("Until the key is deleted or replaced."),
        help_url="https://docs.recurly.com",
    ),
    endpoints=Endpoints(identity_url="https://{host}/sites"),
    hosts={"us": {"host": "v3.recurly.com"}, "eu": {"host": "v3.eu.recurly.com"}},
    fields=(
        Field(
            name="tenant",
            label=N_("Region"),
            help=N_("Where Recurly keeps your data: the European Union if your address there has eu in it."),
            options=_RECURLY_REGIONS,
            read=chosen("tenant", _RECURLY_REGIONS),
        ),
        secret("api_key", N_("API key"), N_("In Recurly: Integrations, API credentials, private API keys.")),
    ),
    identify=_recurly_sites,
)

HELCIM = Provider(
    slug="helcim",
    name="Helcim",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use an API token made by the Helcim account's owner or administrator."),
        reads=(N_("Transactions and batches"), N_("Invoices and customers")),
        warning=N_("Give the token the permission to read, and none to process payments: it can do what it is given."),
        disconnect=N_("In Helcim, open All Tools, Integrations, API Access Configuration, and delete the token."),
        lasts=N_("Until the token is deleted."),
        help_url="https://devdocs.helcim.com/docs/creating-an-api-access-configuration",
    ),
    endpoints=Endpoints(identity_url="https://api.helcim.com/v2/connection-test"),
    fields=(
        secret(
            "api_token",
            N_("API token"),
            N_("In Helcim: All Tools, Integrations, API Access Configuration, New API Access."),
            pattern=PRINTABLE,
        ),
        LABEL,
    ),
    identify=proven(header="api-token", user="api_token", account_id="api_token", kind="secret"),
)

AFFIRM = Provider(
    slug="affirm",
    name="Affirm",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use the API keys of the Affirm merchant account, which an administrator sees."),
        reads=(N_("Transactions and refunds"), N_("Settlements")),
        warning=N_(
            "Affirm has no keys that only read: these can also capture and refund. We use them for reading only."
        ),
        disconnect=N_("In Affirm's merchant portal, open Developers, API keys, and replace the private key."),
        lasts=N_("Until the keys are replaced."),
        help_url="https://docs.affirm.com/developers",
    ),
    endpoints=Endpoints(identity_url="https://api.affirm.com/api/v1/transactions"),
    fields=(
        plain("public_key", N_("Public API key"), _AFFIRM_KEYS, pattern=KEY, hint=N_("Paste the whole public key.")),
        secret("private_key", N_("Private API key"), _AFFIRM_KEYS),
        LABEL,
    ),
    identify=proven(user="public_key", password="private_key", query="?limit=1", account_id="public_key", kind="plain"),
)

AFTERPAY = Provider(
    slug="afterpay",
    name="Afterpay / Clearpay",
    category=Category.PAYMENTS,
    mechanism=Mechanism.KEY_FORM,
    owner=OwnerText(
        role=N_("Use the merchant ID and secret key of the Afterpay or Clearpay account."),
        reads=(N_("Payments and refunds"), N_("The account's order limits")),
        warning=N_(
            "There are no keys that only read: these can also capture and refund. We use them for reading only."
        ),
        disconnect=N_("Ask Afterpay's merchant support to replace the secret key."),
        lasts=N_("Until the secret key is replaced."),
        help_url="https://help.afterpay.com",
    ),
    endpoints=Endpoints(identity_url="https://{host}/v2/configuration"),
    hosts={
        "global": {"host": "global-api.afterpay.com"},
        "us": {"host": "api.us.afterpay.com"},
        "au": {"host": "api.afterpay.com"},
    },
    fields=(
        Field(
            name="tenant",
            label=N_("Region"),
            help=N_("If the usual one refuses your keys, choose the one for older accounts of your country."),
            options=_AFTERPAY_REGIONS,
            read=chosen("tenant", _AFTERPAY_REGIONS),
        ),
        plain(
            "merchant_id",
            N_("Merchant ID"),
            _AFTERPAY_KEYS,
            pattern=r"[A-Za-z0-9_-]{1,64}",
            hint=N_("Enter the merchant ID: letters and digits only."),
        ),
        secret("secret_key", N_("Secret key"), _AFTERPAY_KEYS),
        LABEL,
    ),
    identify=proven(user="merchant_id", password="secret_key", account_id="merchant_id", kind="plain"),
)

PROVIDERS = (STRIPE, SUMUP, GOCARDLESS, MOLLIE, ADYEN, CHARGEBEE, PAYPAL, BRAINTREE, RECURLY, HELCIM, AFFIRM, AFTERPAY)
