"""The environment, read once into one frozen object, or a refusal that names everything wrong at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.variables import Variables

LOGOS = Path(__file__).parent.parent / "templates" / "logos"
SHORTEST_SECRET = 32
_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
_SIGNS_WEBHOOKS = r"whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?"


class SettingsRefused(Exception):
    """The settings will not do. The message has a line for each thing that is missing or malformed, and no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How the product presents itself."""

    product_name: str
    support_address: str
    privacy_url: str
    terms_url: str
    colour: str
    logo: str
    """The name of a file in ``templates/logos``; empty for the product's name in type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Our registration with an app."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    redirect_alias: str = ""
    """eBay's RuName: what stands in ``redirect_uri`` instead of the address."""
    application_id: str = ""
    """What an authorize request names, where it is not the client id: Amazon's application, TikTok Shop's service."""
    authorize_params: str = ""
    """Sent with authorize requests besides, as a query: ``version=beta`` while Amazon's app is a draft."""
    public_key: str = ""
    """What verifies an app's notices, where it is not our secret: Wix's, for our app, as PEM."""
    api_key: str = field(default="", repr=False)
    """What calls name us by beside a token: Mindbody's API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What it takes to show a page. No secret is among it: while the secrets cannot be read, a page says so."""

    base_url: str
    brand: Brand
    language: str

    @property
    def base_path(self) -> str:
        """The path that precedes every route, as under an API Gateway stage; usually empty."""
        return urlsplit(self.base_url).path

    @property
    def origin(self) -> str:
        """Scheme and host of our own pages."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Site):
    """Every setting of the product. docs/operating.md explains each."""

    core_table: str
    vault_table: str
    ephemeral_table: str
    kms_key_id: str
    revocations_queue: str
    """The address of the queue of grants that are to be given back."""
    webhooks_queue: str
    """The address of the queue of events that are to be posted to a webhook."""
    event_bus: str
    """Where every event is put; empty for nowhere."""
    webhook_url: str = field(repr=False)
    """Where every event is posted to; empty for nowhere."""
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Each signs: the receiver changes from one to the next."""
    mail_from: str
    mail_configuration_sets: str
    """Precedes the kind of a letter in its configuration set's name; empty: SES says nothing of our letters."""
    mail_events_topic: str
    signing_keys: Mapping[int, bytes] = field(repr=False)
    """By key id; the first signs, all verify."""
    api_issuer: str
    api_audience: str
    api_secrets: tuple[str, ...] = field(repr=False)
    """Each verifies: the platform changes from one to the next."""
    api_jwks_url: str
    clients: Mapping[str, Client]
    endpoints: Mapping[str, Mapping[str, str]]


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """:raises SettingsRefused: naming everything that is missing or malformed."""
    read = Variables(environ)
    site = _site(read)
    settings = Settings(
        base_url=site.base_url,
        brand=site.brand,
        language=site.language,
        core_table=read.required("CORE_TABLE"),
        vault_table=read.required("VAULT_TABLE"),
        ephemeral_table=read.required("EPHEMERAL_TABLE"),
        kms_key_id=read.required("KMS_KEY_ID"),
        revocations_queue=read.web_address("REVOCATIONS_QUEUE"),
        webhooks_queue=read.web_address("WEBHOOKS_QUEUE"),
        event_bus=read.optional("EVENT_BUS"),
        webhook_url=read.matching_if_set("WEBHOOK_URL", r"https?://[^\s<>\"']+", "an http(s) address"),
        webhook_secrets=read.listed("WEBHOOK_SECRETS", _SIGNS_WEBHOOKS, "whsec_ and base64 of at least 24 bytes, each"),
        mail_from=read.address("MAIL_FROM"),
        mail_configuration_sets=read.matching_if_set("MAIL_CONFIGURATION_SETS", r"[A-Za-z0-9_-]{1,40}", "a short name"),
        mail_events_topic=read.matching_if_set("MAIL_EVENTS_TOPIC", _TOPIC, "the ARN of an SNS topic"),
        signing_keys=read.numbered_keys("SIGNING_KEYS"),
        api_issuer=read.required("API_ISSUER"),
        api_audience=read.required("API_AUDIENCE"),
        api_secrets=read.listed("API_SECRET"),
        api_jwks_url=read.optional("API_JWKS_URL"),
        clients=_clients(read),
        endpoints=read.objects("APP_ENDPOINTS", _ENDPOINTS),
    )
    _check_what_signs(settings, read)
    _refuse(read.wrong)
    return settings


def load_site(environ: Mapping[str, str] = os.environ) -> Site:
    """The same for a page's part of them."""
    read = Variables(environ)
    site = _site(read)
    _refuse(read.wrong)
    return site


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise SettingsRefused("\n".join(wrong))


def _site(read: Variables) -> Site:
    return Site(
        base_url=read.matching(
            "BASE_URL", r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?", "an address without a final slash"
        ),
        brand=_brand(read),
        language=read.matching("LANGUAGE_TAG", r"[a-z]{2,3}(_[A-Z]{2})?", "a language like en or pt_BR", default="en"),
    )


def _brand(read: Variables) -> Brand:
    logo = read.optional("BRAND_LOGO")
    if logo and not (re.fullmatch(r"[a-z0-9-]+\.(svg|png)", logo) and (LOGOS / logo).is_file()):
        read.wrong.append("BRAND_LOGO: must name a .svg or .png file in templates/logos")
    return Brand(
        product_name=read.matching(
            "PRODUCT_NAME", r"[^\x00-\x1f\x7f]{1,60}", "one short line", default="Client Connect"
        ),
        support_address=read.address("SUPPORT_ADDRESS", default="support@bookkeep.com"),
        privacy_url=read.web_address("PRIVACY_URL", default="https://www.bookkeep.com/privacy"),
        terms_url=read.web_address("TERMS_URL", default="https://www.bookkeep.com/terms"),
        colour=read.matching("BRAND_COLOUR", r"#[0-9a-f]{6}", "a colour like #1f5fbf", default="#1f5fbf"),
        logo=logo,
    )


_ENDPOINTS = ("authorize_url", "token_url", "refresh_url", "identity_url", "details_url", "revoke_url")
_CLIENT = tuple(field.name for field in fields(Client))


def _clients(read: Variables) -> dict[str, Client]:
    found = read.objects("APP_CREDENTIALS", _CLIENT)
    return {slug: Client(**entry) for slug, entry in found.items() if entry.get("client_id")}


def _check_what_signs(settings: Settings, read: Variables) -> None:
    if bool(settings.api_secrets) == bool(settings.api_jwks_url):
        read.wrong.append("API_SECRET, API_JWKS_URL: set exactly one of the two")
    if any(len(secret) < SHORTEST_SECRET for secret in settings.api_secrets):
        read.wrong.append(f"API_SECRET: at least {SHORTEST_SECRET} characters; of two, each")
    if settings.api_jwks_url:
        read.web_address("API_JWKS_URL")
    if settings.webhook_url and not settings.webhook_secrets:
        read.wrong.append("WEBHOOK_SECRETS: missing, while WEBHOOK_URL is set")
