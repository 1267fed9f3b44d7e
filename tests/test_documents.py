"""docs/operating.md is read at three in the morning: whatever rings, can be set or is counted stands in it, as the code has it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.model import OperationModel
from botocore.session import get_session
from chalice.package import YAMLTemplateSerializer

from chalicelib import logs
from chalicelib.outbound.secrets import MEMBERS
from deploy import alarms
from deploy.functions import FUNCTIONS
from deploy.template import PIECES, merged

ROOT = Path(__file__).parent.parent
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
OF_THE_CLI = {"query", "output", "max-items", "cli-binary-format", "no-deletion-protection-enabled"}
"""Options of the CLI itself, and its way to say that something is false."""


def _named(name: str) -> bool:
    return f"`{name}`" in OPERATING


def _section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## )", OPERATING, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def test_every_alarm_has_its_remedy() -> None:
    """An alarm's name stands in a heading, or in bold beneath its kind's."""
    rings = {name for name, made in alarms.resources() if made["Type"] == "AWS::CloudWatch::Alarm"}
    section = _section("Alarms")
    titled = " ".join(re.findall(r"^### .*$|\*\*\w+\*\*", section, re.MULTILINE))
    assert rings - set(re.findall(r"\w+", titled)) == set()
    for remedy in section.split("\n### ")[1:]:
        assert {"*Means*", "*People*", "*Do*"} <= set(re.findall(r"\*\w+\*", remedy)), remedy.splitlines()[0]
    assert f"{len(rings)} × 0.10" in _section("What it costs")


def test_every_parameter_is_explained() -> None:
    made = YAMLTemplateSerializer().load_template((PIECES / "parameters.yaml").read_text("utf-8"), "parameters.yaml")
    section = _section("Settings")
    assert {name for name in made["Parameters"] if f"`{name}`" not in section} == set()


def test_every_setting_is_explained() -> None:
    """Those that chalicelib/settings.py asks for by name, in the table of settings."""
    source = (ROOT / "chalicelib" / "settings.py").read_text("utf-8")
    asked = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', source))
    assert {"BASE_URL", "SIGNING_KEYS", "APP_CREDENTIALS", "MAIL_EVENTS_TOPIC"} <= asked, "the search works"
    variables = set(merged()["Globals"]["Function"]["Environment"]["Variables"])
    section = _section("Settings")
    assert {name for name in asked | variables | set(MEMBERS) if f"`{name}`" not in section} == set()


def test_every_log_is_named() -> None:
    assert {function.log for function in FUNCTIONS if f"`{function.log}`" not in _section("Logs and metrics")} == set()


def test_every_metric_is_explained() -> None:
    """Letters' states share a row."""
    assert {name for name in logs.METRICS if not name.startswith("letters_") and not _named(name)} == set()
    states = {name.removeprefix("letters_") for name in logs.METRICS if name.startswith("letters_")}
    assert {state for state in states if not _named(state)} == set()


# What one copies from the page


def _commands() -> Iterator[list[str]]:
    """Each AWS command of the page: in a block, over several lines; or inside a sentence."""
    text = OPERATING.replace("\\\n", " ")
    for line in re.findall(r"^ *(aws .*)$|`(aws [^`]*)`|(?:\$\(|\{ )(aws [^)`;]*)", text, re.MULTILINE):
        yield shlex.split(re.sub(r'"\$\((.*?)\)"', "substituted", "".join(line)), comments=False)


def _operation(service: str, operation: str) -> OperationModel:
    model = get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    return model.operation_model(names[operation])


COMMANDS = [command for command in _commands() if command[1] not in {"s3", "logs"} and command[2] != "wait"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[1:3]))
def test_every_command_is_one_that_aws_has(command: list[str]) -> None:
    """Service, operation and options, against AWS's own description of its services."""
    _aws, service, operation, *more = command
    shape = _operation(service, operation).input_shape
    members = {xform_name(name, "-") for name in (shape.members if shape else ())}
    options = {word.removeprefix("--") for word in more if word.startswith("--")} - OF_THE_CLI
    known = members | {f"no-{name}" for name in members}
    assert options - known == set()
    required = {xform_name(name, "-") for name in (shape.required_members if shape else ())}
    assert required - options == set()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 25


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)]+)\)", page.read_text("utf-8")):
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target
