"""One package for a run of the tests, one deployed stack for each test process that needs it."""

import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.packaging import build
from tests.deployed import rehearsal
from tests.deployed.rehearsal import Rehearsal


@dataclass(frozen=True)
class Package:
    archive: Path
    template: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.deployed)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Package:
    """Built by the first process that asks; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if hasattr(request.config, "workerinput") else base) / "package"
    place.mkdir(exist_ok=True)
    made = Package(place / "deployment.zip", place / "template.json")
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.template.exists():
            build(place)
    return made


@pytest.fixture(scope="session")
def stack(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal.deployed(tmp_path_factory.mktemp("emulator"), package.archive, package.template) as running:
        yield running
