"""The environment becomes one frozen object, or a refusal that names everything wrong at once."""

import dataclasses
import json
import re

import pytest

from chalicelib.settings import LOGOS, Brand, SettingsRefused, load, load_site

SECRETS = {
    "api": "sentinel-api-secret-0123456789abcdef",
    "client": "sentinel-client-secret",
    "signing": "5e" * 32,
}
WHSEC = f"whsec_{'5e' * 18}"
GOOD = {
    "BASE_URL": "https://connect.example.com",
    "CORE_TABLE": "core",
    "VAULT_TABLE": "vault",
    "EPHEMERAL_TABLE": "ephemeral",
    "KMS_KEY_ID": "alias/grants",
    "REVOCATIONS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/revocations",
    "WEBHOOKS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/webhooks",
    "MAIL_FROM": "Client Connect <connect@example.com>",
    "SIGNING_KEYS": f"1:{SECRETS['signing']}",
    "API_ISSUER": "https://issuer.example",
    "API_AUDIENCE": "client-connect",
    "API_SECRET": SECRETS["api"],
    "APP_CREDENTIALS": json.dumps({"square": {"client_id": "sq-id", "client_secret": SECRETS["client"]}}),
    "APP_ENDPOINTS": json.dumps({"square": {"token_url": "https://sandbox.example/token"}}),
}
REQUIRED = (
    *("BASE_URL", "CORE_TABLE", "VAULT_TABLE", "EPHEMERAL_TABLE", "KMS_KEY_ID", "REVOCATIONS_QUEUE", "MAIL_FROM"),
    *("WEBHOOKS_QUEUE", "SIGNING_KEYS", "API_ISSUER", "API_AUDIENCE"),
)


def refused(**changes: str) -> list[str]:
    """The variables that a refusal names."""
    with pytest.raises(SettingsRefused) as refusal:
        load(GOOD | changes)
    return [line.partition(":")[0] for line in str(refusal.value).splitlines()]


def test_a_good_environment() -> None:
    settings = load(GOOD)
    assert settings.base_url == "https://connect.example.com"
    assert settings.signing_keys == {1: bytes.fromhex("5e" * 32)}
    assert settings.clients["square"].client_id == "sq-id"
    assert settings.endpoints["square"]["token_url"] == "https://sandbox.example/token"


def test_everything_has_a_default_that_can_have_one() -> None:
    settings = load({name: value for name, value in GOOD.items() if not name.startswith("APP_")})
    assert settings.language == "en"
    assert settings.clients == {}
    assert settings.endpoints == {}
    assert (settings.mail_configuration_sets, settings.mail_events_topic) == ("", "")
    assert settings.brand == Brand(
        product_name="Client Connect",
        support_address="support@bookkeep.com",
        privacy_url="https://www.bookkeep.com/privacy",
        terms_url="https://www.bookkeep.com/terms",
        colour="#1f5fbf",
        logo="",
    )


def test_a_refusal_names_everything_at_once() -> None:
    with pytest.raises(SettingsRefused) as refusal:
        load({"BRAND_COLOUR": "red", "APP_CREDENTIALS": "no"})
    named = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", str(refusal.value)))
    assert named == {*REQUIRED, "API_SECRET", "API_JWKS_URL", "BRAND_COLOUR", "APP_CREDENTIALS"}


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("nothing", ["", "  "])
def test_what_is_missing_is_named(name: str, nothing: str) -> None:
    assert refused(**{name: nothing}) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "connect.example.com"),
        ("BASE_URL", "https://connect.example.com/"),
        ("BASE_URL", "https://connect.example.com/live/"),
        ("BASE_URL", "https://connect.example.com?x=1"),
        ("BASE_URL", "ftp://connect.example.com"),
        ("BASE_URL", "https://"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b@c"),
        ("MAIL_CONFIGURATION_SETS", "two words"),
        ("MAIL_CONFIGURATION_SETS", "x" * 41),
        ("WEBHOOK_SECRETS", "5e" * 32),
        ("WEBHOOK_SECRETS", "whsec_c2hvcnQ="),
        ("WEBHOOK_SECRETS", f"{WHSEC},"),
        ("WEBHOOK_SECRETS", f"{WHSEC},{WHSEC}="),
        ("MAIL_EVENTS_TOPIC", "mail-events"),
        ("MAIL_EVENTS_TOPIC", "arn:aws:sqs:us-east-1:123456789012:mail-events"),
        ("MAIL_EVENTS_TOPIC", "arn:aws:sns:us-east-1:123456789012:mail-events:subscription"),
        ("SIGNING_KEYS", "5e" * 32),
        ("SIGNING_KEYS", f"256:{'5e' * 32}"),
        ("SIGNING_KEYS", f"1:{'5e' * 31}"),
        ("SIGNING_KEYS", f"1:{'5E' * 32}"),
        ("SIGNING_KEYS", f"1:{'5e' * 32},1:{'6f' * 32}"),
        ("SIGNING_KEYS", f"1:{'5e' * 32},zwei"),
        ("SIGNING_KEYS", ","),
        ("PRODUCT_NAME", "two\nlines"),
        ("PRODUCT_NAME", "x" * 61),
        ("SUPPORT_ADDRESS", "https://help.example"),
        ("PRIVACY_URL", "javascript:alert(1)"),
        ("TERMS_URL", 'https://x.example/"><script>'),
        ("BRAND_COLOUR", "#1F5FBF"),
        ("BRAND_COLOUR", "#1f5fbf;}"),
        ("BRAND_COLOUR", "#1f5"),
        ("BRAND_LOGO", "../../app.py"),
        ("BRAND_LOGO", "missing.png"),
        ("LANGUAGE_TAG", "English"),
        ("API_SECRET", "short"),
        ("API_SECRET", f"{SECRETS['api']},short"),
        ("API_SECRET", f"{SECRETS['api']},"),
        ("APP_CREDENTIALS", "[]"),
        ("APP_CREDENTIALS", "null"),
        ("APP_CREDENTIALS", '{"square": "id"}'),
        ("APP_CREDENTIALS", '{"square": {"client_id": 1}}'),
        ("APP_CREDENTIALS", '{"square": {"client_id": "x", "cleint_secret": "y"}}'),
        ("APP_ENDPOINTS", '{"square": {"token": "https://x.example"}}'),
        ("APP_ENDPOINTS", "{"),
    ],
)
def test_what_is_malformed_is_named(name: str, value: str) -> None:
    assert refused(**{name: value}) == [name]


def test_both_ways_to_sign_are_too_many() -> None:
    assert refused(API_JWKS_URL="https://issuer.example/keys") == ["API_SECRET, API_JWKS_URL"]


def test_no_way_to_sign_is_too_few() -> None:
    assert refused(API_SECRET="") == ["API_SECRET, API_JWKS_URL"]


def test_keys_at_an_address_instead_of_a_secret() -> None:
    settings = load(GOOD | {"API_SECRET": "", "API_JWKS_URL": "https://issuer.example/keys"})
    assert settings.api_jwks_url == "https://issuer.example/keys"
    assert refused(API_SECRET="", API_JWKS_URL="issuer.example/keys") == ["API_JWKS_URL"]


def test_two_secrets_while_one_replaces_the_other() -> None:
    assert load(GOOD | {"API_SECRET": f"{SECRETS['api']}, {'b' * 32}"}).api_secrets == (SECRETS["api"], "b" * 32)
    assert load(GOOD).api_secrets == (SECRETS["api"],)


def test_a_webhook_needs_what_signs_for_it() -> None:
    url = "https://hooks.example/events?of=connect"
    settings = load(GOOD | {"WEBHOOK_URL": url, "WEBHOOK_SECRETS": f"{WHSEC}, {WHSEC}"})
    assert (settings.webhook_url, settings.webhook_secrets) == (url, (WHSEC, WHSEC))
    assert WHSEC not in repr(settings)
    assert refused(WEBHOOK_URL=url) == ["WEBHOOK_SECRETS"]
    assert refused(WEBHOOK_URL="hooks.example", WEBHOOK_SECRETS=WHSEC) == ["WEBHOOK_URL"]


def test_a_page_needs_no_secret() -> None:
    """While the secrets cannot be read, a page says so."""
    site = load_site({name: GOOD[name] for name in ("BASE_URL",)})
    assert (site.origin, site.brand.product_name) == ("https://connect.example.com", "Client Connect")
    with pytest.raises(SettingsRefused):
        load_site({"BASE_URL": "connect.example.com"})


def test_the_first_key_signs() -> None:
    settings = load(GOOD | {"SIGNING_KEYS": f"7:{'aa' * 32}, 3:{'bb' * 32}"})
    assert list(settings.signing_keys) == [7, 3]


def test_an_app_without_a_client_id_is_not_configured() -> None:
    assert load(GOOD | {"APP_CREDENTIALS": '{"square": {"client_id": ""}, "ebay": {}}'}).clients == {}


def test_a_stage_prefix() -> None:
    settings = load(GOOD | {"BASE_URL": "https://abc.execute-api.us-east-1.amazonaws.com/live"})
    assert settings.base_path == "/live"
    assert settings.origin == "https://abc.execute-api.us-east-1.amazonaws.com"


def test_a_logo_that_exists_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    (LOGOS.__class__(str(tmp_path)) / "acme-2.svg").write_text("<svg/>")
    monkeypatch.setattr("chalicelib.settings.LOGOS", LOGOS.__class__(str(tmp_path)))
    assert load(GOOD | {"BRAND_LOGO": "acme-2.svg"}).brand.logo == "acme-2.svg"


def test_settings_do_not_show_secrets() -> None:
    """Threat 25. What is printed by accident, in a traceback or a log, holds no secret."""
    shown = repr(load(GOOD))
    assert not [name for name, secret in SECRETS.items() if secret in shown]
    assert "^" not in shown, "the signing key's bytes (0x5e is a caret)"


def test_a_refusal_does_not_show_values() -> None:
    """Threat 25. A refusal ends in a log."""
    with pytest.raises(SettingsRefused) as refusal:
        load(GOOD | {"SIGNING_KEYS": "1:sentinel-signing-key", "APP_CREDENTIALS": '{"sentinel-credentials'})
    assert "sentinel" not in str(refusal.value)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(GOOD).base_url = "https://elsewhere.example"  # type: ignore[misc]
