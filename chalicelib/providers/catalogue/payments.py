"""Payments and billing."""

import re
from datetime import timedelta

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Field, Mechanism, OwnerText, Renewal
from chalicelib.providers.reading import account, at, at_or, bearer, chosen, from_paths, from_token, get, token_in
from chalicelib.providers.ready import revoking


def _stripe_account(call: Call, grant: Grant, token: Json) -> Account:
    answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    account_id = at(answer, "id")
    name = at_or(answer, "settings.dashboard.display_name", at_or(answer, "business_profile.name", account_id))
    # Test mode and live mode are two accounts behind one id.
    return account(account_id if token.get("livemode") is not False else f"{account_id}:test", name)


def _stripe_deauthorize(call: Call, _grant: Grant, account: Account | None) -> None:
    if account is None:
        return
    form = {"client_id": call.client.client_id, "stripe_user_id": account.id.removesuffix(":test")}
    call.web.send("POST", call.url("revoke_url"), headers=bearer(call.client.client_secret), form=form)


def _chargebee_site(typed: str) -> str:
    """A stranger types this, and a host is built from it."""
    site = typed.strip().lower().removeprefix("https://").removesuffix("/").removesuffix(".chargebee.com")
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", site):
        raise InvalidField("site", N_("Enter the site's name, for example acme or acme-test."))
    return site


def _chargebee_key(typed: str) -> str:
    key = typed.strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{10,200}", key):
        raise InvalidField("api_key", N_("Paste the whole API key: letters, digits, _ and - only."))
    return key


def _chargebee_site_account(call: Call, grant: Grant, _token: Json) -> Account:
    """No account endpoint is documented; a read that needs the key proves it, and the site names the account."""
    answer = call.web.json("GET", call.url("identity_url"), auth=(grant.secrets["api_key"], ""))
    if not isinstance(answer.get("list"), list):
        raise AppDown("not a list")
    return account(call.words["site"], call.words["site"])


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
    revoke=_stripe_deauthorize,
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
            read=_chargebee_site,
        ),
        Field(
            name="api_key",
            label=N_("API key"),
            help=N_("In Chargebee: Settings, Configure Chargebee, API keys. Choose a read-only key."),
            secret=True,
            read=_chargebee_key,
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

PROVIDERS = (STRIPE, SUMUP, GOCARDLESS, MOLLIE, ADYEN, CHARGEBEE)
