"""The merge template: everything that Chalice does not know of. Singular things are YAML, what repeats is made here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer

from chalicelib.domain import LetterKind
from deploy import alarms, functions
from deploy.pages import gateway_responses

PIECES = Path(__file__).parent / "template"

CREDENTIALS = "/v1/entities/{entity_id}/connections/{connection_id}/credentials"
"""The route that hands out credentials: Chalice puts all routes into one function, and this one belongs into another."""
_CREDENTIALS_URI = {
    "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "${CredentialsHandler.Arn}/invocations"
}

# As CloudFormation has always named them; SES's own capitals it refused for years. Opening and clicking are not followed: letters hold no images to count and no rewritten links.
_MAIL_EVENTS = ["send", "delivery", "deliveryDelay", "bounce", "complaint", "reject", "renderingFailure"]


def merged() -> dict[str, Any]:
    """The whole merge template, for ``chalice package --merge-template``."""
    template: dict[str, Any] = {"Description": "Client Connect: owners connect their apps by a link"}
    for file in sorted(PIECES.glob("*.yaml")):
        for section, entries in YAMLTemplateSerializer().load_template(file.read_text("utf-8"), file.name).items():
            _add(template, section, entries.items())
    for made in (functions.resources(), alarms.resources(), _configuration_sets()):
        _add(template, "Resources", made)
    template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"] = {
        "x-amazon-apigateway-gateway-responses": gateway_responses(),
        "paths": {CREDENTIALS: {"get": {"x-amazon-apigateway-integration": {"uri": _CREDENTIALS_URI}}}},
    }
    template["Globals"] = {"Function": {"Environment": {"Variables": _environment()}}}
    return template


def _add(template: dict[str, Any], section: str, entries: Any) -> None:
    place = template.setdefault(section, {})
    for name, entry in entries:
        assert name not in place, f"{section}/{name} is there twice"
        place[name] = entry


def _environment() -> dict[str, Any]:
    """What chalicelib/settings.py reads. No secret among it: those lie in the secret that SECRET_ID names."""
    return {
        "BASE_URL": {"Ref": "BaseUrl"},
        "STAGE": {"Ref": "Stage"},
        "CORE_TABLE": {"Ref": "CoreTable"},
        "VAULT_TABLE": {"Ref": "VaultTable"},
        "EPHEMERAL_TABLE": {"Ref": "EphemeralTable"},
        "KMS_KEY_ID": {"Fn::If": ["MakesKey", {"Fn::GetAtt": ["GrantsKey", "Arn"]}, {"Ref": "ExistingKeyArn"}]},
        "REVOCATIONS_QUEUE": {"Ref": "Revocations"},
        "WEBHOOKS_QUEUE": {"Ref": "Webhooks"},
        "EVENT_BUS": {"Ref": "EventBus"},
        "WEBHOOK_URL": {"Ref": "WebhookUrl"},
        "SECRET_ID": {"Ref": "SecretName"},
        "MAIL_FROM": {"Ref": "MailFrom"},
        "MAIL_CONFIGURATION_SETS": {"Fn::Sub": "client-connect-${Stage}"},
        "MAIL_EVENTS_TOPIC": {"Ref": "MailEvents"},
        "PRODUCT_NAME": {"Ref": "ProductName"},
        "SUPPORT_ADDRESS": {"Ref": "SupportAddress"},
        "PRIVACY_URL": {"Ref": "PrivacyUrl"},
        "TERMS_URL": {"Ref": "TermsUrl"},
        "BRAND_COLOUR": {"Ref": "BrandColour"},
        "BRAND_LOGO": {"Ref": "BrandLogo"},
        "LANGUAGE_TAG": {"Ref": "LanguageTag"},
        "API_ISSUER": {"Ref": "ApiIssuer"},
        "API_AUDIENCE": {"Ref": "ApiAudience"},
        "API_JWKS_URL": {"Ref": "ApiJwksUrl"},
    }


def _configuration_sets() -> Iterator[tuple[str, dict[str, Any]]]:
    """One for each kind of letter, so that SES's figures tell them apart; all report to one topic."""
    for kind in LetterKind:
        name = "".join(word.capitalize() for word in kind.value.split("_"))
        yield (
            f"{name}Letters",
            {
                "Type": "AWS::SES::ConfigurationSet",
                "Properties": {
                    "Name": {"Fn::Sub": f"client-connect-${{Stage}}-{kind.value}"},
                    "ReputationOptions": {"ReputationMetricsEnabled": True},
                    "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
                    # Who is not written to is for us to say, and for an admin to lift.
                    "SuppressionOptions": {"SuppressedReasons": []},
                },
            },
        )
        yield (
            f"{name}LetterEvents",
            {
                "Type": "AWS::SES::ConfigurationSetEventDestination",
                "DependsOn": ["MailEventsPolicy"],
                "Properties": {
                    "ConfigurationSetName": {"Ref": f"{name}Letters"},
                    "EventDestination": {
                        "Name": "mail-events",
                        "Enabled": True,
                        "MatchingEventTypes": _MAIL_EVENTS,
                        "SnsDestination": {"TopicARN": {"Ref": "MailEvents"}},
                    },
                },
            },
        )
