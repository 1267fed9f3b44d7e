"""Payments and billing."""

import re

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.providers.parts import Category, ClientAuth, Endpoints, Field, Mechanism, OwnerText
from chalicelib.providers.reading import account, at, at_or, bearer, get


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

PROVIDERS = (STRIPE, CHARGEBEE)
