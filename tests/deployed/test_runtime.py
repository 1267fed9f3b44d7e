"""The zip under Lambda's own runtime client: what it does there. How fast, `make bench` says."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.runtime.function import Broken, running
from benchmarks.runtime.report import Ready, done, ready
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from tests.deployed.conftest import Package


@pytest.fixture(scope="module")
def here(package: Package) -> Iterator[Ready]:
    with ready(package.archive) as made:
        yield made


def test_the_packaged_function_serves_a_page_and_a_callback_from_what_is_in_the_zip(here: Ready) -> None:
    served = done(here, here.ours)
    page, callback = served.answers
    assert page["statusCode"] == 200
    assert "Connect your apps to Acme Coffee LLC" in page["body"]
    assert page["body"].count('class="icon"') == len(
        [app for app in PROVIDERS.values() if app.ask_owner or app.mechanism is Mechanism.REQUEST]
    )
    assert (callback["statusCode"], callback["body"]) == (303, "")
    assert callback["headers"]["Location"].startswith("/attempts/")
    assert served.calls == (
        "GetSecretValue",
        "Query consistently",
        "UpdateItem",
        "POST /token",
        "GET /me",
        "GenerateDataKey",
        "TransactWriteItems, ConditionCheck core, Put core, Put vault, Put core, Put core, Update ephemeral",
    )


def test_the_floor_that_it_is_measured_against_does_the_same(here: Ready) -> None:
    ours = done(here, here.ours)
    assert done(here, here.floor) == ours
    assert done(here, here.compiled) == ours


def test_neither_request_needs_boto3_or_a_templates_source(here: Ready) -> None:
    """A cold start would pay a tenth of its time for the one, and a sixth for the other."""
    task = here.ours.task.with_name("without")
    sources = shutil.ignore_patterns("boto3", "s3transfer", "*.html")
    shutil.copytree(here.ours.task, task, ignore=sources)
    assert done(here, replace(here.ours, task=task)).answers == done(here, here.ours).answers


def test_a_function_that_does_not_start_is_no_measurement(here: Ready) -> None:
    with (
        running(replace(here.ours, handler="app.nothing"), here.outside.environment) as function,
        pytest.raises(Broken, match="HandlerNotFound"),
    ):
        function.invoke(here.scene.landing())


def test_what_a_function_used_only_grows(here: Ready) -> None:
    with running(here.ours, here.outside.environment) as function:
        first, second = (function.invoke(here.scene.landing()) for _ in range(2))
        assert 0 < first.cpu < second.cpu
        assert first.wall < second.wall
        assert function.peak() > 20_000
