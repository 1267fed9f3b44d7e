"""What `make deploy` and `make teardown` ask of AWS that the emulator does not mind either way."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy import __main__ as command
from deploy import data
from deploy.stack import Stack, marked
from deploy.stage import Refused, Stage
from tests.deployed.conftest import Package

STAGE = Stage(name="second", region="me-central-1", bucket="packages", secret="s", parameters={})


def _definition(package: Package, **parameters: str) -> str:
    template = json.loads(package.template.read_text())
    return json.dumps(marked(template, parameters)["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])


def test_api_gateway_shows_the_brand_of_now(package: Package) -> None:
    """SAM makes a new deployment for a definition with another text only; until then its pages stay the old ones."""
    before = _definition(package)
    assert _definition(package, LogRetentionDays="30", BaseUrl="https://a.example") == before
    assert _definition(package, ProductName="Client Connect") == before, "which it is by default"
    for name in ("ProductName", "SupportAddress", "PrivacyUrl", "TermsUrl"):
        assert _definition(package, **{name: "another"}) != before


def test_the_template_is_read_where_it_lies(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket of a younger region does not answer by S3's global name."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    session = boto3.session.Session(region_name=STAGE.region, aws_access_key_id="a", aws_secret_access_key="b")
    session.events.register("before-call.s3.PutObject", lambda **_: (SimpleNamespace(status_code=200), {}))
    url = Stack(session, STAGE, print)._publish(package.template, "s3://packages/x.zip", {})
    assert url.startswith("https://s3.me-central-1.amazonaws.com/packages/")
    assert Path(url).suffix == ".json"


class _NoStack:
    """CloudFormation where nothing stands (any more)."""

    def client(self, _name: str) -> "_NoStack":
        return self

    def describe_stacks(self, **_of: Any) -> Any:
        said = {"Error": {"Code": "ValidationError", "Message": "Stack with id client-connect-second does not exist"}}
        raise ClientError(said, "DescribeStacks")


def test_data_that_was_kept_can_be_lost_later() -> None:
    """Without a stack there is nothing to take down, but what the last one left."""
    session = _NoStack()
    stack = Stack(session, STAGE, print)
    with patch.object(data, "delete") as deleted:
        command._teardown(session, STAGE, stack, "delete-second")
        deleted.assert_called_once_with(session, STAGE)
        with pytest.raises(Refused, match="There is no stack"):
            command._teardown(session, STAGE, stack, "keep")
    assert deleted.call_count == 1
