"""The product's settings for a local run: fresh secrets, and every app that is simulated."""

import json
import os
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from local.simulators import Client, Simulators
from local.token import AUDIENCE, ISSUER

if TYPE_CHECKING:
    from chalicelib.providers.base import Provider

_REGISTERED = frozenset({"oauth2", "install"})
"""The mechanisms for which an app must know us."""

OTHER_NAMES = {
    "ebay": {"alias": "Bookkeep-ClientConnect-Local"},
    "amazon_seller": {"application_id": "amzn1.sellerapps.app.local"},
    "tiktok_shop": {"application_id": "7000000000000000001"},
    "mindbody": {"api_key": "local-mindbody-api-key"},
}
"""What an app knows us by, beside client id and secret."""

TABLES = {"CORE_TABLE": "local-core", "VAULT_TABLE": "local-vault", "EPHEMERAL_TABLE": "local-ephemeral"}
REVOCATIONS = "revocations"
"""The queue's name."""
WEBHOOKS = "webhooks"
"""As well."""
MAIL_FROM = "Client Connect <connect@mail.bookkeep.example>"

# A developer's own AWS profile has no say in a local run, nor does a proxy between servers of one machine. ``None``
# unsets a variable: botocore takes an empty profile for the name of one.
APART: Mapping[str, str | None] = {
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "API_JWKS_URL": None,
    "SECRET_ID": None,
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


def clients(base_url: str) -> dict[str, Client]:
    """Our registrations with the simulated apps, made up for this run."""
    return {
        slug: Client(
            client_id=_client_id(slug),
            client_secret=secrets.token_urlsafe(24),
            redirect_uri=f"{base_url}/callback/{slug}",
            **OTHER_NAMES.get(slug, {}),
        )
        for slug, row in simulated().items()
        if row.mechanism in _REGISTERED
    }


def simulated() -> Mapping[str, "Provider"]:
    """The rows of the apps that are simulated."""
    from chalicelib.providers.catalogue import PROVIDERS
    from local.simulators.apps import ALL

    known = {app.id for app in ALL}
    return {slug: row for slug, row in PROVIDERS.items() if slug in known}


def _client_id(slug: str) -> str:
    """Mollie's begin with app_."""
    return f"{'app_' if slug == 'mollie' else ''}local-{slug}-{secrets.token_hex(4)}"


def product(base_url: str, kms_key_id: str, registered: Mapping[str, Client], api_secret: str) -> dict[str, str]:
    """The product's environment, but for the apps' endpoints. What the caller's environment says of the brand stays."""
    return {
        **TABLES,
        "BASE_URL": base_url,
        "KMS_KEY_ID": kms_key_id,
        "REVOCATIONS_QUEUE": f"https://sqs.us-east-1.amazonaws.com/123456789012/{REVOCATIONS}",
        "WEBHOOKS_QUEUE": f"https://sqs.us-east-1.amazonaws.com/123456789012/{WEBHOOKS}",
        "EVENT_BUS": "default",
        "MAIL_FROM": MAIL_FROM,
        "SIGNING_KEYS": f"1:{secrets.token_hex(32)}",
        "API_ISSUER": ISSUER,
        "API_AUDIENCE": AUDIENCE,
        "API_SECRET": api_secret,
        "APP_CREDENTIALS": json.dumps({slug: _credentials(client) for slug, client in registered.items()}),
    }


def endpoints(simulators: Simulators) -> dict[str, str]:
    """The setting that sends the product to the simulated apps instead of the real ones."""
    pointed = {
        slug: {name: simulators.simulated(template) for name, template in vars_of(row.endpoints).items() if template}
        for slug, row in simulated().items()
    }
    return {"APP_ENDPOINTS": json.dumps(pointed)}


def vars_of(row: object) -> dict[str, str]:
    """A slotted dataclass's fields."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}  # type: ignore[attr-defined]


def _credentials(client: Client) -> dict[str, str]:
    found = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_alias": client.alias,
        "application_id": client.application_id,
        "api_key": client.api_key,
    }
    return {name: value for name, value in found.items() if value}
