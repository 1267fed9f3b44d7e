"""The template: what holds before anything is deployed, and what no emulator can show."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import logs
from chalicelib.domain import LetterKind
from chalicelib.handlers.edge import SECURITY_HEADERS
from chalicelib.outbound.bus import SOURCE
from chalicelib.services import delivering
from chalicelib.services.revoking import GIVE_UP, SECONDS
from chalicelib.settings import load
from chalicelib.storage.models import CoreItem, EphemeralItem, VaultItem
from deploy.functions import FUNCTIONS
from deploy.template import CREDENTIALS
from local.background import MAPPING
from tests.deployed.conftest import Package
from tests.deployed.emulator import PROGRAM

LINTER = PROGRAM.parent / "cfn-lint"


@pytest.fixture(scope="module")
def template(package: Package) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(package.template.read_text())
    return made


@pytest.fixture
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def _lint(file: Path) -> str:
    done = subprocess.run(
        [LINTER, "--regions", "us-east-1", "--", file], capture_output=True, text=True, check=False, cwd=file.parent
    )
    return done.stdout + done.stderr


def test_the_linter_is_content(package: Package) -> None:
    assert _lint(package.template) == ""


@pytest.mark.parametrize(
    ("resource", "member", "value", "complaint"),
    [
        ("CoreTable", "BillngMode", "PAY_PER_REQUEST", "BillngMode"),
        ("APIHandler", "Role", {"Fn::GetAtt": ["NoSuchRole", "Arn"]}, "NoSuchRole"),
    ],
)
def test_the_linter_would_not_be(
    template: dict[str, Any], tmp_path: Path, resource: str, member: str, value: object, complaint: str
) -> None:
    template = json.loads(json.dumps(template))
    template["Resources"][resource]["Properties"][member] = value
    (tmp_path / "template.json").write_text(json.dumps(template))
    assert complaint in _lint(tmp_path / "template.json")


# Tables


KEPT = {
    "CoreTable": ("client-connect-${Stage}-core", ["pk HASH", "sk RANGE"]),
    "VaultTable": ("client-connect-${Stage}-vault", ["entity_id HASH", "connection_id RANGE"]),
    "EphemeralTable": ("client-connect-${Stage}-ephemeral", ["pk HASH"]),
}
"""Logical ids, names and keys: another of any of these would be another table, and an empty one."""


def test_no_table_is_ever_replaced(resources: dict[str, Any]) -> None:
    found = {
        name: (
            resource["Properties"]["TableName"]["Fn::Sub"],
            [f"{key['AttributeName']} {key['KeyType']}" for key in resource["Properties"]["KeySchema"]],
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }
    assert found == KEPT


def test_data_outlives_the_stack(resources: dict[str, Any]) -> None:
    data = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::SES::EmailIdentity"}
    for name, resource in resources.items():
        if resource["Type"] in data:
            kept = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
            assert (kept, name) == (("Retain", "Retain"), name)
    for name in KEPT:
        properties = resources[name]["Properties"]
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_tables_are_what_the_models_say(resources: dict[str, Any]) -> None:
    """The local run and the tests make the tables from the models, the stack from the template."""
    for model, name in ((CoreItem, "CoreTable"), (VaultItem, "VaultTable"), (EphemeralItem, "EphemeralTable")):
        properties, said = resources[name]["Properties"], model._get_schema()
        assert _entries(said["key_schema"]) == _entries(properties["KeySchema"])
        assert _entries(said["attribute_definitions"]) == _entries(properties["AttributeDefinitions"])
        modelled = {index["index_name"]: index for index in model._get_schema()["global_secondary_indexes"]}
        indexes = {index["IndexName"]: index for index in resources[name]["Properties"]["GlobalSecondaryIndexes"]}
        assert indexes.keys() == modelled.keys()
        for index_name, index in indexes.items():
            assert index["Projection"] == modelled[index_name]["projection"]
            assert _entries(index["KeySchema"]) == _entries(modelled[index_name]["key_schema"])


def _entries(found: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    return sorted(sorted(entry.values()) for entry in found)


def test_only_core_has_a_stream_and_only_the_ephemeral_pass(resources: dict[str, Any]) -> None:
    streams = {name: resources[name]["Properties"].get("StreamSpecification") for name in KEPT}
    assert streams == {"CoreTable": {"StreamViewType": "NEW_IMAGE"}, "VaultTable": None, "EphemeralTable": None}
    passing = {name: resources[name]["Properties"].get("TimeToLiveSpecification") for name in KEPT}
    assert passing["EphemeralTable"] == {"AttributeName": "expires_at", "Enabled": True}
    assert passing["CoreTable"] is passing["VaultTable"] is None


# The stream's mapping


def test_the_mapping_is_the_one_that_is_rehearsed(resources: dict[str, Any]) -> None:
    """Threats 27, 28. The tests' pump keeps to the same numbers as AWS will."""
    mapping = resources["OnCoreChange"]["Properties"]["Events"]["OnCoreChangeDynamodbEventSource"]["Properties"]
    assert mapping["BatchSize"] == MAPPING.batch_size
    assert mapping["MaximumRetryAttempts"] == MAPPING.maximum_retry_attempts
    assert mapping["BisectBatchOnFunctionError"] is MAPPING.bisect_batch_on_function_error is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["StreamFailures", "Arn"]}}}
    [entry] = mapping["FilterCriteria"]["Filters"]
    assert json.loads(entry["Pattern"]) == {"eventName": ["INSERT"]}
    assert MAPPING.filter_criteria({"eventName": "INSERT"})
    assert not MAPPING.filter_criteria({"eventName": "MODIFY"})


def test_whoever_sends_letters_ends_before_a_letters_lease(resources: dict[str, Any]) -> None:
    from chalicelib.services.posting import LEASE

    for name in ("OnCoreChange", "Sweep"):
        assert resources[name]["Properties"]["Timeout"] < LEASE.total_seconds()


# What API Gateway does by itself


def test_its_own_answers_are_ours(resources: dict[str, Any]) -> None:
    """Threat 13. What never reaches a function has the friendly page and the headers all the same."""
    answers = resources["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    assert {"MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == 404
    for name, answer in answers.items():
        headers = {key.removeprefix("gatewayresponse.header."): v for key, v in answer["responseParameters"].items()}
        assert {key: value.strip("'") for key, value in headers.items() if key in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], name
        page = answer["responseTemplates"]["text/html"]["Fn::Sub"]
        assert "<h1" in page
        assert "${SupportAddress}" in page
        assert set(re.findall(r"\$.", page)) == {"${"}, "API Gateway would fill in any other"
        assert set(re.findall(r"\$\{(\w+)\}", page)) <= set(PARAMETERS)
        assert json.loads(answer["responseTemplates"]["application/json"])["type"].startswith("urn:client-connect:")


PARAMETERS = ("ProductName", "BaseUrl", "SupportAddress", "PrivacyUrl", "TermsUrl")


def test_nothing_that_holds_whole_addresses_is_kept(resources: dict[str, Any]) -> None:
    """Threats 10, 25. The access log has routes; execution logs and the stage's traces, which hold paths, are off."""
    api = resources["RestAPI"]["Properties"]
    assert set(re.findall(r"\$context\.([\w.]+)", api["AccessLogSetting"]["Format"])) == {
        *("requestTime", "requestId", "httpMethod", "resourcePath", "status", "responseLength"),
        *("responseLatency", "integrationLatency", "error.responseType"),
    }
    [everywhere] = api["MethodSettings"]
    assert (everywhere["ResourcePath"], everywhere["HttpMethod"]) == ("/*", "*")
    assert everywhere["LoggingLevel"] == "OFF"
    assert everywhere["DataTraceEnabled"] is False
    assert api["TracingEnabled"] is False
    assert everywhere["ThrottlingRateLimit"] > 0


def test_functions_are_traced_and_pages_compressed(resources: dict[str, Any]) -> None:
    assert {resources[function.name]["Properties"]["Tracing"] for function in FUNCTIONS} == {"Active"}
    assert resources["RestAPI"]["Properties"]["MinimumCompressionSize"] <= 1400
    binary = resources["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]
    assert not [kind for kind in binary if kind.startswith(("text/", "*/"))]


# Roles


def test_no_role_may_more_than_it_must(resources: dict[str, Any]) -> None:
    """Threat 25. The pages write to the vault and never read it; nobody has ``*`` where AWS takes an ARN."""
    for function in FUNCTIONS:
        [policy] = resources[f"{function.name}Role"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action]
            if statement["Resource"] == "*":
                assert set(statement["Action"]) <= {*TRACING, "dynamodb:ListStreams"}, "AWS takes no ARN for these"
    assert _may("APIHandler", resources, "VaultTable") == {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    actions = {name: _may(name, resources) for name in (function.name for function in FUNCTIONS)}
    for name in ("CredentialsHandler", "KeepAlive"):
        found = _may(name, resources, "VaultTable") - {"dynamodb:Query"}
        assert found == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
        assert not {"dynamodb:GetItem", "dynamodb:Query"} & _may(name, resources, "CoreTable")
    assert _may("OnRevocation", resources, "VaultTable") == {"dynamodb:GetItem", "dynamodb:DeleteItem"}
    opening = [name for name in actions if "kms:Decrypt" in actions[name]]
    assert sorted(opening) == ["CredentialsHandler", "KeepAlive", "OnRevocation", "OnWebhook"]
    assert _may("OnWebhook", resources, "VaultTable") == set()
    assert not {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem"} & actions["OnWebhook"]
    [decrypt] = [one for one in _statements("OnWebhook", resources) if one["Action"] == ["kms:Decrypt"]]
    assert decrypt["Condition"] == {"StringEquals": {"kms:EncryptionContext:purpose": "webhook"}}
    making = [name for name in actions if "kms:GenerateDataKey" in actions[name]]
    assert sorted(making) == ["APIHandler", "CredentialsHandler", "KeepAlive", "OnRevocation"]
    _no_reading_by_writing(resources)
    assert [name for name in actions if "ses:SendEmail" in actions[name]] == ["OnCoreChange", "Sweep"]


def test_only_our_own_events_are_put_on_one_bus(resources: dict[str, Any]) -> None:
    """Threat 45. By whoever reads the stream, and the sweep."""
    putting = [one.name for one in FUNCTIONS if "events:PutEvents" in _may(one.name, resources)]
    assert putting == ["OnCoreChange", "Sweep"]
    for name in putting:
        [statement] = [one for one in _statements(name, resources) if one["Action"] == ["events:PutEvents"]]
        assert statement["Resource"]["Fn::Sub"].endswith(":event-bus/${EventBus}")
        assert statement["Condition"] == {"StringEquals": {"events:source": SOURCE}}


def test_the_queue_for_webhooks_is_patient(resources: dict[str, Any]) -> None:
    """A receiver has three days; what it does not take then ends where an alarm looks."""
    queue, parked = (resources[name]["Properties"] for name in ("Webhooks", "WebhookFailures"))
    assert queue["SqsManagedSseEnabled"] is parked["SqsManagedSseEnabled"] is True
    function = resources["OnWebhook"]["Properties"]
    assert function["Timeout"] >= 2 * delivering.SECONDS
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["WebhookFailures", "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] == delivering.TRIES
    longest = sum((delivering.LONGEST_PAUSE,) * 6, timedelta(hours=12))
    assert timedelta(seconds=queue["MessageRetentionPeriod"]) > longest
    assert delivering.LONGEST_PAUSE + timedelta(seconds=function["Timeout"]) < timedelta(hours=12), "SQS's own limit"
    [mapping] = function["Events"].values()
    assert mapping["Properties"]["BatchSize"] == 1
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "WebhookFailuresWaiting" in resources


def _statements(function: str, resources: dict[str, Any]) -> list[dict[str, Any]]:
    [policy] = resources[f"{function}Role"]["Properties"]["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def _no_reading_by_writing(resources: dict[str, Any]) -> None:
    """DynamoDB answers a write with what was there, if it is asked to."""
    [policy] = resources["APIHandlerRole"]["Properties"]["Policies"]
    [vault] = [one for one in policy["PolicyDocument"]["Statement"] if "VaultTable" in json.dumps(one["Resource"])]
    assert vault["Condition"] == {"StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}}


def test_the_queue_of_revocations_is_sealed_and_patient(resources: dict[str, Any]) -> None:
    """Threat 43. Encrypted; a try has its whole time; what breaks ends where an alarm looks."""
    queue, parked = (resources[name]["Properties"] for name in ("Revocations", "RevocationFailures"))
    assert queue["SqsManagedSseEnabled"] is parked["SqsManagedSseEnabled"] is True
    function = resources["OnRevocation"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["RevocationFailures", "Arn"]}
    assert queue["MessageRetentionPeriod"] > GIVE_UP.total_seconds() * 2
    assert "RevocationFailuresWaiting" in resources
    [mapping] = function["Events"].values()
    assert mapping["Properties"]["BatchSize"] == 1
    assert mapping["Properties"]["Queue"] == {"Fn::GetAtt": ["Revocations", "Arn"]}
    assert function["Timeout"] > SECONDS * 3


TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_letters_have_our_sender_whomever_the_sandbox_asks_about(resources: dict[str, Any]) -> None:
    """Threat 41. In its sandbox SES wants the right for the recipient's identity too; without a condition it would be
    the right to send as anybody whom the account has verified."""
    ours = {"identity/${MailIdentity}", "configuration-set/client-connect-${Stage}-*"}
    for name in ("OnCoreChange", "Sweep"):
        [policy] = resources[f"{name}Role"]["Properties"]["Policies"]
        [statement, sandbox] = [
            one for one in policy["PolicyDocument"]["Statement"] if one["Action"][0].startswith("ses:")
        ]
        assert {entry["Fn::Sub"].partition("AccountId}:")[2] for entry in statement["Resource"]} == ours
        assert sandbox["Resource"]["Fn::Sub"].endswith(":identity/*")
        [senders] = sandbox["Condition"]["StringLike"].values()
        assert {entry["Fn::Sub"].rpartition("@")[2].removeprefix("*.") for entry in senders} == {"${MailIdentity}"}


def test_logging_waits_for_the_role_that_may_log(resources: dict[str, Any]) -> None:
    """In an account where nothing of API Gateway's ever was: first the API, then the role, then the stage that logs.

    SAM makes the stage of the API's properties and gives it no DependsOn, so a variable has to name the role.
    """
    assert "RestAPI" in resources["ApiGatewayAccount"]["DependsOn"]
    assert "ApiGatewayAccount" not in resources["RestAPI"]["DependsOn"]
    assert resources["RestAPI"]["Properties"]["Variables"] == {
        "LogRole": {"Fn::If": ["MakesLogRole", {"Ref": "ApiGatewayAccount"}, "found"]}
    }


def test_one_route_goes_to_the_function_that_may_open_grants(resources: dict[str, Any]) -> None:
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    functions = {
        path: set(re.findall(r"functions/\$\{(\w+)\.Arn\}", json.dumps(methods))) for path, methods in paths.items()
    }
    assert functions.pop(CREDENTIALS) == {"CredentialsHandler"}
    assert set.union(*functions.values()) == {"APIHandler"}
    same = ("Runtime", "Handler", "CodeUri", "Architectures")
    api, credentials = (resources[name]["Properties"] for name in ("APIHandler", "CredentialsHandler"))
    assert [api[name] for name in same] == [credentials[name] for name in same]
    permission = resources["CredentialsHandlerInvokePermission"]["Properties"]
    assert permission["Principal"] == "apigateway.amazonaws.com"


def _may(function: str, resources: dict[str, Any], resource: str = "") -> set[str]:
    [policy] = resources[f"{function}Role"]["Properties"]["Policies"]
    return {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        if resource in json.dumps(statement["Resource"])
    }


def test_every_function_has_its_own_role_log_and_alarms(template: dict[str, Any], resources: dict[str, Any]) -> None:
    functions = {name for name, resource in resources.items() if resource["Type"] == "AWS::Serverless::Function"}
    assert functions == {function.name for function in FUNCTIONS}
    for name in functions:
        properties = resources[name]["Properties"]
        assert properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        assert properties["LoggingConfig"] == {
            "LogGroup": {"Ref": f"{name}Log"},
            "LogFormat": "JSON",
            "ApplicationLogLevel": "INFO",
        }
        assert resources[f"{name}Log"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert {f"{name}Errors", f"{name}Throttles"} <= set(resources)


# Settings, letters, alarms


def test_the_environment_is_what_the_product_reads(template: dict[str, Any]) -> None:
    """Threat 25. Each variable is a setting; the secret ones come from the secret and stand in no template."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    secret = {"SIGNING_KEYS", "API_SECRET", "WEBHOOK_SECRETS", "APP_CREDENTIALS", "APP_ENDPOINTS"}
    assert not secret & set(variables)
    values = {
        **dict.fromkeys(variables, "x"),
        "BASE_URL": "https://a.example",
        "MAIL_FROM": "a@b.example",
        "SUPPORT_ADDRESS": "a@b.example",
        "PRIVACY_URL": "https://a.example",
        "TERMS_URL": "https://a.example",
        "BRAND_COLOUR": "#1f5fbf",
        "BRAND_LOGO": "",
        "LANGUAGE_TAG": "en",
        "API_JWKS_URL": "https://a.example/keys",
        "MAIL_EVENTS_TOPIC": "arn:aws:sns:us-east-1:123456789012:mail-events",
        "REVOCATIONS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/revocations",
        "WEBHOOKS_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/webhooks",
        "WEBHOOK_URL": "https://hooks.example/events",
        "WEBHOOK_SECRETS": f"whsec_{'5e' * 18}",
        "SIGNING_KEYS": f"1:{'5e' * 32}",
    }
    load(values)
    for name in (
        "BASE_URL",
        "CORE_TABLE",
        "KMS_KEY_ID",
        "REVOCATIONS_QUEUE",
        "WEBHOOKS_QUEUE",
        "MAIL_FROM",
        "API_ISSUER",
        "API_AUDIENCE",
    ):
        with pytest.raises(Exception, match=name):
            load({key: value for key, value in values.items() if key != name})


def test_every_kind_of_letter_has_its_configuration_set(resources: dict[str, Any]) -> None:
    """Threat 40. SES tells of each letter; nothing follows who opens or clicks."""
    names = {
        resource["Properties"]["Name"]["Fn::Sub"]: name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::SES::ConfigurationSet"
    }
    assert set(names) == {f"client-connect-${{Stage}}-{kind}" for kind in LetterKind}
    destinations = [r for r in resources.values() if r["Type"] == "AWS::SES::ConfigurationSetEventDestination"]
    assert {d["Properties"]["ConfigurationSetName"]["Ref"] for d in destinations} == set(names.values())
    for destination in destinations:
        said = destination["Properties"]["EventDestination"]
        assert said["SnsDestination"] == {"TopicARN": {"Ref": "MailEvents"}}
        # Not SES's BOUNCE and DELIVERY_DELAY: CloudFormation refused those for years ("invalid event type").
        assert set(said["MatchingEventTypes"]) == {
            *("bounce", "complaint", "delivery", "deliveryDelay", "reject", "renderingFailure", "send"),
        }


def test_only_ses_of_this_account_publishes_mail_events(resources: dict[str, Any]) -> None:
    """Threat 41. Whoever could publish could say that an address bounces."""
    [statement] = resources["MailEventsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert "configuration-set/client-connect-${Stage}-*" in json.dumps(statement["Condition"]["ArnLike"])


def test_alarms_are_about_metrics_that_somebody_writes(resources: dict[str, Any]) -> None:
    alarms = {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    ours = {alarm["MetricName"] for alarm in alarms.values() if alarm["Namespace"] == logs.NAMESPACE}
    assert ours == {
        *("outbox_age", "letters_unknown", "parked", "server_errors"),
        *("revocations_given_up", "erasure_age"),
        *("refresh_failed", "refresh_lost", "client_rejected", "breaker_opened", "grants_late"),
    }
    shown = set(re.findall(rf'"{logs.NAMESPACE}", "(\w+)"', json.dumps(resources["Dashboard"]).replace("\\", "")))
    assert {"connected", "connection_failed", "letters_sent", "outbox_age"} <= shown
    assert ours | shown <= set(logs.METRICS)
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())
