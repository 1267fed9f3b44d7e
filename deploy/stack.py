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
        code = self._upload(archive)
        outputs = self._apply(template, code)
        if outputs["Pages"] == NOT_YET:
            self._say("The address is known now: once more, with it.")
            outputs = self._apply(template, code)
        return outputs

    def changes(self, archive: Path, template: Path) -> list[str]:
        """A line for each resource that ``up`` would touch; nothing is touched."""
        made = self._change_set(template, self._upload(archive), "diff")
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

    def outputs(self) -> Outputs:
        """:raises Refused: if there is no such stack."""
        found = self._found()
        if not found:
            raise Refused(f"There is no stack {self._stage.stack} in {self._stage.region}")
        return _outputs(found)

    def stands(self) -> bool:
        """Whether there is anything to take down."""
        return bool(self._found())

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
            parameters |= {name: before[name] for name in ("CreateMailIdentity", "CreateLogRole")}
            # Another key than so far only if the stage's file says so.
            parameters.setdefault("ExistingKeyArn", before["ExistingKeyArn"])
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

    def _upload(self, archive: Path) -> str:
        """The package under a name made of what it holds; where it lies."""
        s3, bucket = self._session.client("s3"), self._stage.bucket
        key = f"{hashlib.sha256(archive.read_bytes()).hexdigest()}.zip"
        self._say(f"Uploading the package ({archive.stat().st_size / 1e6:.1f} MB) …")
        s3.upload_file(str(archive), bucket, key)
        return f"s3://{bucket}/{key}"

    def _publish(self, template: Path, code: str, parameters: Parameters) -> str:
        """The template likewise; its address, the region's own: not every region answers by the global one."""
        s3, bucket = self._session.client("s3"), self._stage.bucket
        body = filled_in(marked(json.loads(template.read_text("utf-8")), parameters), code, self._stage.name)
        name = f"{hashlib.sha256(body).hexdigest()}.json"
        s3.put_object(Bucket=bucket, Key=name, Body=body)
        return f"{s3.meta.endpoint_url}/{bucket}/{name}"

    def _apply(self, template: Path, code: str) -> Outputs:
        made = self._change_set(template, code, "deploy")
        if made is None:
            self._say("Nothing to change.")
            return _outputs(self._found())
        seen = {event["EventId"] for event in self._events(made["StackId"], set())}
        self._cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
        return _outputs(self._watch(made["StackId"], seen, "CREATE_COMPLETE", "UPDATE_COMPLETE"))

    def _change_set(self, template: Path, code: str, name: str) -> dict[str, Any] | None:
        """A change set that is ready, or none if there is nothing to change."""
        found = self._found()
        parameters = self._parameters(found)
        made: dict[str, Any] = self._cloudformation.create_change_set(
            StackName=self._stage.stack,
            ChangeSetName=f"{name}-{time.time_ns()}",
            ChangeSetType="UPDATE" if found else "CREATE",
            TemplateURL=self._publish(template, code, parameters),
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


def marked(template: dict[str, Any], parameters: Parameters) -> dict[str, Any]:
    """With a mark of what API Gateway's own pages show.

    SAM deploys an API again only when its definition as it stands here is another; a parameter's value is none of that.
    """
    definition = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    text = json.dumps(definition)
    shown = {
        name: parameters.get(name, parameter.get("Default"))
        for name, parameter in template["Parameters"].items()
        if f"${{{name}}}" in text
    }
    digest = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    definition["info"]["description"] = f"Pages of {digest[:12]}"
    return template


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
