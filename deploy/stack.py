"""A stage's CloudFormation stack: create or update, compare, delete."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.preparing import Parameters, first_parameters
from deploy.stage import Refused, Stage

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
NOT_YET = "https://not-known-yet.invalid"
"""The first time, a stack without a domain does not know its own address."""
_NO_CHANGE = ("didn't contain changes", "No updates are to be performed")

type Say = Callable[[str], None]
type Outputs = dict[str, str]


class Stack:
    """The stack of one stage. ``pause`` is how long to wait between two looks at it, in seconds."""

    def __init__(self, session: Any, stage: Stage, say: Say, pause: float = 2.0) -> None:
        self._session, self._stage, self._say, self._pause = session, stage, say, pause
        self._cloudformation = session.client("cloudformation")

    def up(self, archive: Path, template: Path) -> Outputs:
        """Create or update it; its outputs. Without a domain a new stack is applied twice: its own address is a parameter.

        :raises Refused: with CloudFormation's reason.
        """
        url = self._upload(archive, template)
        outputs = self._apply(url)
        if outputs["Pages"] == NOT_YET:
            self._say("The address is known now: once more, with it.")
            outputs = self._apply(url)
        return outputs

    def changes(self, archive: Path, template: Path) -> list[str]:
        """A line for each resource that ``up`` would touch; nothing is touched."""
        made = self._change_set(self._upload(archive, template), "diff")
        if made is None:
            return []
        try:
            return [_line(change["ResourceChange"]) for change in self._all_changes(made)]
        finally:
            self._cloudformation.delete_change_set(ChangeSetName=made["ChangeSetId"])

    def down(self) -> None:
        """Delete it. Tables, key and mail identity stay: their deletion policy says so.

        :raises Refused: if there is none.
        """
        found = self._found()
        if not found:
            raise Refused(f"There is no stack {self._stage.stack} in {self._stage.region}")
        stack_id = found["StackId"]
        seen = {event["EventId"] for event in self._events(stack_id, set())}
        self._cloudformation.delete_stack(StackName=stack_id)
        self._watch(stack_id, seen, "DELETE_COMPLETE")

    def _found(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=self._stage.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
        # A stack that is only a change set so far is none yet.
        return {} if found["StackStatus"] == "REVIEW_IN_PROGRESS" else found

    def _parameters(self, found: dict[str, Any]) -> Parameters:
        parameters = {**self._stage.parameters, "Stage": self._stage.name, "SecretName": self._stage.secret}
        before = {entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", ())}
        if found:
            parameters |= {name: before[name] for name in ("CreateMailIdentity", "CreateLogRole", "ExistingKeyArn")}
        else:
            parameters |= first_parameters(self._session, self._stage)
        return {**parameters, "BaseUrl": self._base_url(found)}

    def _base_url(self, found: dict[str, Any]) -> str:
        given = self._stage.parameters
        if given.get("BaseUrl"):
            return given["BaseUrl"]
        if given.get("DomainName"):
            return f"https://{given['DomainName']}"
        return _outputs(found).get("ApiUrl", NOT_YET)

    def _upload(self, archive: Path, template: Path) -> str:
        """Package and template under names made of what they hold; the template's address."""
        s3, bucket = self._session.client("s3"), self._stage.bucket
        key = f"{hashlib.sha256(archive.read_bytes()).hexdigest()}.zip"
        self._say(f"Uploading the package ({archive.stat().st_size / 1e6:.1f} MB) …")
        s3.upload_file(str(archive), bucket, key)
        body = filled_in(json.loads(template.read_text("utf-8")), f"s3://{bucket}/{key}", self._stage.name)
        name = f"{hashlib.sha256(body).hexdigest()}.json"
        s3.put_object(Bucket=bucket, Key=name, Body=body)
        address: str = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": name})
        return address.partition("?")[0]

    def _apply(self, url: str) -> Outputs:
        made = self._change_set(url, "deploy")
        if made is None:
            self._say("Nothing to change.")
            return _outputs(self._found())
        seen = {event["EventId"] for event in self._events(made["StackId"], set())}
        self._cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
        return _outputs(self._watch(made["StackId"], seen, "CREATE_COMPLETE", "UPDATE_COMPLETE"))

    def _change_set(self, url: str, name: str) -> dict[str, Any] | None:
        """A change set that is ready, or none if there is nothing to change."""
        found = self._found()
        parameters = self._parameters(found)
        made: dict[str, Any] = self._cloudformation.create_change_set(
            StackName=self._stage.stack,
            ChangeSetName=f"{name}-{time.time_ns()}",
            ChangeSetType="UPDATE" if found else "CREATE",
            TemplateURL=url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=CAPABILITIES,
            # What an earlier stack of this stage left behind (its tables) becomes part of the new one.
            ImportExistingResources=not found,
        )
        while True:
            described: dict[str, Any] = self._cloudformation.describe_change_set(ChangeSetName=made["Id"])
            if described["Status"] == "CREATE_COMPLETE":
                return described
            if described["Status"] == "FAILED":
                break
            time.sleep(self._pause)
        self._cloudformation.delete_change_set(ChangeSetName=made["Id"])
        reason = described.get("StatusReason", "")
        if any(words in reason for words in _NO_CHANGE):
            return None
        raise Refused(f"CloudFormation refuses the change: {reason}")

    def _all_changes(self, described: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from described.get("Changes", ())
        while token := described.get("NextToken"):
            described = self._cloudformation.describe_change_set(
                ChangeSetName=described["ChangeSetId"], NextToken=token
            )
            yield from described.get("Changes", ())

    def _watch(self, stack_id: str, seen: set[str], *good: str) -> dict[str, Any]:
        """Say each event as it comes, until the stack is at rest.

        :raises Refused: if it does not end well, with the first reason that CloudFormation gave.
        """
        failed = ""
        while True:
            stack: dict[str, Any] = self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            for event in reversed(self._events(stack_id, seen)):
                seen.add(event["EventId"])
                reason = event.get("ResourceStatusReason", "")
                self._say(f"  {event['ResourceStatus']:<28} {event['LogicalResourceId']}  {reason}".rstrip())
                if "FAILED" in event["ResourceStatus"] and not failed:
                    failed = f"{event['LogicalResourceId']}: {reason}"
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            time.sleep(self._pause)
        if stack["StackStatus"] not in good:
            raise Refused(f"The stack is {stack['StackStatus']}. {failed}")
        return stack

    def _events(self, stack_id: str, seen: set[str]) -> list[dict[str, Any]]:
        """Those since the last that was seen, newest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        events = (event for page in pages for event in page["StackEvents"])
        return list(takewhile(lambda event: event["EventId"] not in seen, events))


def _outputs(stack: dict[str, Any]) -> Outputs:
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", ())}


def filled_in(template: dict[str, Any], place: str, stage: str) -> bytes:
    """Where the code lies, and the tables' names in full: CloudFormation takes no table over whose name is a function.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html (read 2026-11)
    """
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = place
        elif resource["Type"] == "AWS::DynamoDB::Table":
            properties["TableName"] = properties["TableName"]["Fn::Sub"].replace("${Stage}", stage)
    return json.dumps(template, sort_keys=True, separators=(",", ":")).encode()


def _line(change: dict[str, Any]) -> str:
    replaced = "  REPLACED" if change.get("Replacement") in {"True", "Conditional"} else ""
    return f"{change['Action']:<8} {change['LogicalResourceId']} ({change['ResourceType']}){replaced}"
