"""One set of simulators for each test process; a fresh AWS for each test."""

import compileall
import gc
import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

from chalicelib import rendering
from local import configuration
from local.simulators import Simulators
from tests.rendering.samples import BRAND
from tests.support.chromium import chromium, new_context, watch
from tests.support.logged import Listener
from tests.support.world import BASE_URL, World, environment, forget
from tests.support.world import world as made

__all__ = ["chromium", "new_context", "watch"]

# A busy machine is no failure: examples are counted here, not milliseconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("unhurried")

AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some wait for Chromium or for the emulator."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, whatever the order: begun last, it would run on alone."""
    items.sort(key=lambda item: "tests/load" not in item.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test measured (``record_property("numbers", …)``), whatever process it ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "numbers":
                terminalreporter.write_line(f"{report.nodeid}: {value}")


@pytest.fixture(scope="session", autouse=True)
def listener() -> Iterator[Listener]:
    """Threat 25. Hears everything from INFO up that any test logs, from its first to its last."""
    root, listening = logging.getLogger(), Listener()
    before = root.level
    root.addHandler(listening)
    root.setLevel(logging.INFO)
    yield listening
    root.setLevel(before)
    root.removeHandler(listening)
    listening.check()


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(listener: Listener) -> Iterator[None]:
    """Threat 25. Whatever a test is about: no secret, no connect link and nobody's address in any log."""
    yield
    listener.check()


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As they ship. They would be compiled anew in every test."""
    folder = tmp_path_factory.mktemp("templates")
    rendering.Renderer(BRAND, "").compile(folder)
    compileall.compile_dir(folder, quiet=1)
    with patch.object(rendering, "COMPILED", folder):
        yield


@pytest.fixture(scope="session", autouse=True)
def _seldom_collected() -> Iterator[None]:
    """What moto and the catalogue hold stays: looking through it for garbage again and again took a seventh of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    clients = configuration.clients(BASE_URL)
    with Simulators(clients) as running, patch.dict(os.environ, AWS | environment(running, clients)):
        forget()
        yield running


@pytest.fixture
def world(simulators: Simulators) -> Iterator[World]:
    """The product, ready; settings that a test changes are put back."""
    before = _environ()
    with made(simulators) as ready:
        yield ready
    if _environ() != before:
        for name in set(_environ()) - set(before):
            del os.environ[name]
        os.environ.update(before)
        forget()


def _environ() -> dict[str, str]:
    """Without pytest's own note of where it is, which changes all the time."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


class Clock:
    """The product's time, which a test can turn on."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> Iterator[Clock]:
    from chalicelib import keys

    clock = Clock(keys.now())
    with patch("chalicelib.keys.now", lambda: clock.now):
        yield clock
