"""`make deploy`, `make diff`, `make teardown`: what they do, and what they say when something is missing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy import __main__ as command
from deploy import data, preparing
from deploy.stack import NOT_YET, Stack, filled_in
from deploy.stage import Refused, Stage, read
from tests.deployed.conftest import Package
from tests.deployed.emulator import REGION, Emulator
from tests.deployed.rehearsal import BUCKET, PARAMETERS, Rehearsal

TABLE = "client-connect-second-core"


@pytest.fixture
def session(stack: Rehearsal) -> Iterator[boto3.session.Session]:
    with patch.dict("os.environ", stack.emulator.environment):
        yield boto3.session.Session(region_name=REGION)


@pytest.fixture
def stage() -> Stage:
    return Stage(name="second", region=REGION, bucket=BUCKET, secret="client-connect/second", parameters=PARAMETERS)


def _stack(session: boto3.session.Session, stage: Stage, said: list[str] | None = None) -> Stack:
    return Stack(session, stage, (said if said is not None else []).append, pause=0.1)


def _gone(emulator: Emulator, stage: Stage) -> bool:
    try:
        found = emulator.client("cloudformation").describe_stacks(StackName=stage.stack)["Stacks"]
    except ClientError:
        return True
    return {one["StackStatus"] for one in found} == {"DELETE_COMPLETE"}


def _remembering(asked: list[dict[str, Any]]) -> Callable[..., None]:
    def remember(params: dict[str, Any], **_more: object) -> None:
        asked.append(params)

    return remember


def test_a_stack_goes_and_comes_back_with_its_data(
    session: boto3.session.Session, stack: Rehearsal, stage: Stage, package: Package
) -> None:
    """Without a domain, so the first time twice; its events are shown as they come."""
    said: list[str] = []
    assert preparing.make_secret(session, stage)
    assert not preparing.make_secret(session, stage), "the second time there is one"
    outputs = _stack(session, stage, said).up(package.archive, package.template)
    assert outputs["Pages"] == outputs["ApiUrl"] != NOT_YET
    assert "The address is known now: once more, with it." in said
    assert any("CREATE_COMPLETE" in line and "CoreTable" in line for line in said)

    key = stack.emulator.client("kms").describe_key(KeyId="alias/client-connect-second")["KeyMetadata"]["Arn"]
    dynamodb = stack.emulator.client("dynamodb")
    dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "E#acme"}, "sk": {"S": "1"}})
    _stack(session, stage).down()
    assert _gone(stack.emulator, stage)
    assert data.left_behind(stage)[0] == f"table {TABLE}"
    assert dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "E#acme"}, "sk": {"S": "1"}})["Item"]

    # The emulator cannot take tables over, so what AWS is asked to do is all that shows here.
    assert preparing.first_parameters(session, stage)["ExistingKeyArn"] == key
    asked: list[dict[str, Any]] = []
    session.events.register("provide-client-params.cloudformation.CreateChangeSet", _remembering(asked))
    _stack(session, stage).up(package.archive, package.template)
    assert [(one["ChangeSetType"], one["ImportExistingResources"]) for one in asked] == [
        ("CREATE", True),
        ("UPDATE", False),
    ]
    assert {"ParameterKey": "ExistingKeyArn", "ParameterValue": key} in asked[0]["Parameters"]
    assert {"ParameterKey": "ExistingKeyArn", "ParameterValue": key} in asked[1]["Parameters"]

    _stack(session, stage).down()
    data.delete(session, stage)
    with pytest.raises(Refused, match="restore-secret"):
        preparing.make_secret(session, stage)
    assert not [name for name in dynamodb.list_tables()["TableNames"] if name.startswith("client-connect-second")]
    data.delete(session, stage)


def test_tables_are_asked_for_by_names_that_cloudformation_can_take_over(package: Package) -> None:
    """AWS imports nothing whose name is a function of a parameter, and nothing that is not retained."""
    filled = json.loads(filled_in(json.loads(package.template.read_text()), "s3://bucket/key", "second"))
    tables = [one for one in filled["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]
    names = {one["Properties"]["TableName"] for one in tables}
    assert names == {f"client-connect-second-{table}" for table in ("core", "vault", "ephemeral")}
    assert {one["DeletionPolicy"] for one in tables} == {"Retain"}


def test_what_would_change_is_shown_and_nothing_is_touched(
    session: boto3.session.Session, stack: Rehearsal, package: Package
) -> None:
    assert _stack(session, stack.stage).changes(package.archive, package.template) == []
    other = replace(stack.stage, parameters={**stack.stage.parameters, "LogRetentionDays": "30"})
    changes = _stack(session, other).changes(package.archive, package.template)
    assert changes
    assert not [line for line in changes if "Table" in line or "Key" in line]
    assert _stack(session, stack.stage).changes(package.archive, package.template) == []


def test_deploying_the_same_again_changes_nothing(
    session: boto3.session.Session, stack: Rehearsal, package: Package
) -> None:
    said: list[str] = []
    assert _stack(session, stack.stage, said).up(package.archive, package.template) == stack.outputs
    assert said[-1] == "Nothing to change."


def test_a_stack_that_fails_says_why(session: boto3.session.Session, stack: Rehearsal, package: Package) -> None:
    """The emulator makes whatever it is asked to, so the failure is CloudFormation's words, put in its place."""
    said: list[str] = []
    watched = _stack(session, stack.stage, said)
    reasons = [
        ("CREATE_FAILED", "Sweep", "No more"),
        ("CREATE_FAILED", "CoreTable", "It is there"),
        ("X", "Alarms", ""),
    ]
    events = [
        {"EventId": str(number), "ResourceStatus": status, "LogicalResourceId": name, "ResourceStatusReason": reason}
        for number, (status, name, reason) in enumerate(reasons)
    ]
    failed = {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}
    with (
        patch.object(watched, "_events", lambda _id, seen: [e for e in events if e["EventId"] not in seen]),
        patch.object(watched._cloudformation, "describe_stacks", lambda **_: failed),
        pytest.raises(Refused, match=r"The stack is ROLLBACK_COMPLETE\. CoreTable: It is there"),
    ):
        watched._watch("id", set(), "CREATE_COMPLETE")
    assert [line.split()[1] for line in said] == ["Alarms", "CoreTable", "Sweep"]


# What is missing, in one line


def test_without_credentials(stage: Stage) -> None:
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "HOME": "/nonexistent"}
    with patch.dict("os.environ", nobody, clear=True), pytest.raises(Refused, match="AWS does not know you"):
        preparing.check_account(boto3.session.Session(region_name=REGION), stage)


def test_without_a_bucket(session: boto3.session.Session, stage: Stage) -> None:
    with pytest.raises(Refused, match=r"There is no bucket nobodys-bucket .*aws s3 mb s3://nobodys-bucket"):
        preparing.check_account(session, replace(stage, bucket="nobodys-bucket"))


def test_a_sender_that_ses_does_not_know_and_the_sandbox(stage: Stage) -> None:
    class Ses:
        class exceptions:  # noqa: N801 - as boto3 has it
            class NotFoundException(Exception):
                pass

        def get_email_identity(self, EmailIdentity: str) -> dict[str, object]:  # noqa: N803 - boto3's
            raise self.exceptions.NotFoundException

        def get_account(self) -> dict[str, object]:
            return {"ProductionAccessEnabled": False}

    class Session:
        def client(self, _name: str) -> Ses:
            return Ses()

    unverified, sandbox = preparing.mail_warnings(Session(), stage)
    assert "has not verified mail.bookkeep.example" in unverified
    assert "sandbox" in sandbox


def test_a_stage_is_read_or_refused(tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text(
        'region = "us-east-1"\nbucket = "b"\nsecret = "s"\n[parameters]\nLogRetentionDays = 30\n'
    )
    assert read("live", tmp_path).parameters == {"LogRetentionDays": "30"}
    assert read("live", tmp_path).stack == "client-connect-live"
    (tmp_path / "half.toml").write_text('region = "us-east-1"\n')
    (tmp_path / "bad.toml").write_text("region = ")
    for name, why in {
        "": "Which stage",
        "Live": "Which stage",
        "none": "There is no deploy/stages/none.toml",
        "half": "lacks bucket, secret, parameters",
        "bad": "cannot be read",
    }.items():
        with pytest.raises(Refused, match=why) as refused:
            read(name, tmp_path)
        assert len(str(refused.value).splitlines()) == 1


def test_the_example_is_a_stage_and_its_parameters_exist(package: Package) -> None:
    example = read("example")
    known = json.loads(package.template.read_text())["Parameters"]
    assert set(example.parameters) <= set(known)
    needed = {name for name, parameter in known.items() if "Default" not in parameter}
    assert needed - set(example.parameters) == {"Stage", "BaseUrl", "SecretName"}


def test_the_command_says_it_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["up", "no-such-stage"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "There is no deploy/stages/no-such-stage.toml: copy example.toml beside it and fill it in"
    ]


def test_there_is_no_stack_to_take_down(session: boto3.session.Session, stage: Stage) -> None:
    with pytest.raises(Refused, match="There is no stack client-connect-third in us-east-1"):
        _stack(session, replace(stage, name="third")).down()


def test_losing_data_wants_the_stages_name(session: boto3.session.Session, stage: Stage) -> None:
    with pytest.raises(Refused, match="DATA=delete-second"):
        command._teardown(session, stage, _stack(session, stage), "delete")
