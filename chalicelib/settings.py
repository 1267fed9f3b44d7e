"""The environment, read once into one frozen object, or a refusal that names everything wrong at once."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

LOGOS = Path(__file__).parent.parent / "templates" / "logos"


class SettingsRefused(Exception):
    """The environment will not do. The message has a line for each thing that is missing or malformed."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the product. docs/operating.md explains each."""

    base_url: str
    core_table: str
    vault_table: str
    ephemeral_table: str
    kms_key_id: str
    mail_from: str
    signing_keys: Mapping[int, bytes] = field(repr=False)
    """By key id; the first signs, all verify."""
    brand: Brand
    language: str
    api_issuer: str
    api_audience: str
    api_secret: str = field(repr=False)
    api_jwks_url: str
    clients: Mapping[str, Client]
    endpoints: Mapping[str, Mapping[str, str]]

    @property
    def base_path(self) -> str:
        """The path that precedes every route, as under an API Gateway stage; usually empty."""
        return urlsplit(self.base_url).path

    @property
    def origin(self) -> str:
        """Scheme and host of our own pages."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    :raises SettingsRefused: naming everything that is missing or malformed.
    """
    read = _Reader(environ)
    settings = Settings(
        base_url=read.matching(
            "BASE_URL", r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?", "an address without a final slash"
        ),
        core_table=read.required("CORE_TABLE"),
        vault_table=read.required("VAULT_TABLE"),
        ephemeral_table=read.required("EPHEMERAL_TABLE"),
        kms_key_id=read.required("KMS_KEY_ID"),
        mail_from=read.address("MAIL_FROM"),
        signing_keys=read.signing_keys("SIGNING_KEYS"),
        brand=_brand(read),
        language=read.matching("LANGUAGE_TAG", r"[a-z]{2,3}(_[A-Z]{2})?", "a language like en or pt_BR", default="en"),
        api_issuer=read.required("API_ISSUER"),
        api_audience=read.required("API_AUDIENCE"),
        api_secret=read.optional("API_SECRET"),
        api_jwks_url=read.optional("API_JWKS_URL"),
        clients=read.clients("APP_CREDENTIALS"),
        endpoints=read.endpoints("APP_ENDPOINTS"),
    )
    _one_way_to_sign(settings, read)
    if read.wrong:
        raise SettingsRefused("\n".join(read.wrong))
    return settings


def _brand(read: "_Reader") -> Brand:
    return Brand(
        product_name=read.matching(
            "PRODUCT_NAME", r"[^\x00-\x1f\x7f]{1,60}", "one short line", default="Client Connect"
        ),
        support_address=read.address("SUPPORT_ADDRESS", default="support@bookkeep.com"),
        privacy_url=read.web_address("PRIVACY_URL", default="https://www.bookkeep.com/privacy"),
        terms_url=read.web_address("TERMS_URL", default="https://www.bookkeep.com/terms"),
        colour=read.matching("BRAND_COLOUR", r"#[0-9a-f]{6}", "a colour like #1f5fbf", default="#1f5fbf"),
        logo=read.logo("BRAND_LOGO"),
    )


def _one_way_to_sign(settings: Settings, read: "_Reader") -> None:
    if bool(settings.api_secret) == bool(settings.api_jwks_url):
        read.wrong.append("API_SECRET, API_JWKS_URL: set exactly one of the two")
    if settings.api_secret and len(settings.api_secret) < 32:
        read.wrong.append("API_SECRET: at least 32 characters")
    if settings.api_jwks_url:
        read.web_address("API_JWKS_URL")


class _Reader:
    """Reads variables, and remembers what was wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.wrong: list[str] = []

    def optional(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def required(self, name: str, default: str = "") -> str:
        value = self.optional(name, default)
        if not value:
            self.wrong.append(f"{name}: missing")
        return value

    def matching(self, name: str, pattern: str, what: str, default: str = "") -> str:
        value = self.required(name, default)
        if value and not re.fullmatch(pattern, value):
            self.wrong.append(f"{name}: must be {what}")
        return value

    def web_address(self, name: str, default: str = "") -> str:
        return self.matching(name, r"https?://[^\s<>\"']+", "an http(s) address", default)

    def address(self, name: str, default: str = "") -> str:
        value = self.required(name, default)
        if value and not re.fullmatch(r"[^\s@]+@[^\s@]+", parseaddr(value)[1]):
            self.wrong.append(f"{name}: must be an email address")
        return value

    def logo(self, name: str) -> str:
        value = self.optional(name)
        if value and not (re.fullmatch(r"[a-z0-9-]+\.(svg|png)", value) and (LOGOS / value).is_file()):
            self.wrong.append(f"{name}: must name a .svg or .png file in templates/logos")
        return value

    def signing_keys(self, name: str) -> dict[int, bytes]:
        keys: dict[int, bytes] = {}
        value = self.required(name)
        for entry in value.split(",") if value else ():
            match = re.fullmatch(r"\s*(\d{1,3}):([0-9a-f]{64})\s*", entry)
            if not match or int(match[1]) > 255 or int(match[1]) in keys:
                self.wrong.append(f"{name}: must be a list of id:hex, ids from 0 to 255, each 64 hex digits")
                return {}
            keys[int(match[1])] = bytes.fromhex(match[2])
        return keys

    def clients(self, name: str) -> dict[str, Client]:
        fields = {"client_id", "client_secret", "redirect_alias"}
        found = self._objects(name, "app → client_id, client_secret, redirect_alias", fields)
        return {slug: Client(**entry) for slug, entry in found.items() if entry.get("client_id")}

    def endpoints(self, name: str) -> dict[str, dict[str, str]]:
        fields = {"authorize_url", "token_url", "identity_url", "details_url", "revoke_url"}
        return self._objects(name, "app → authorize_url, token_url, identity_url, details_url, revoke_url", fields)

    def _objects(self, name: str, what: str, fields: set[str]) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self.optional(name, "{}"))
            if all(_strings(entry, fields) for entry in found.values()):
                return dict(found)
        except (ValueError, AttributeError):
            pass
        self.wrong.append(f"{name}: must be a JSON object, {what}")
        return {}


def _strings(entry: object, fields: set[str]) -> bool:
    return isinstance(entry, dict) and set(entry) <= fields and all(isinstance(value, str) for value in entry.values())
