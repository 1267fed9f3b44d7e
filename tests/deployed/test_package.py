"""The zip: what is in it, what is not, and that two builds of one clone are the same bytes."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.functions import FUNCTIONS
from deploy.packaging import BUILD, build
from deploy.pruning import SERVICES
from tests.deployed.conftest import Package

ROOT = Path(__file__).parents[2]
MOST_BYTES = 16 * 1024 * 1024
HANDLERS = (
    "app",
    "chalicelib.handlers.streams",
    "chalicelib.handlers.schedules",
    "chalicelib.handlers.mail_events",
    "chalicelib.handlers.revocations",
    "chalicelib.handlers.webhooks",
)
UNCHECKED_HASH = 0b01


@pytest.fixture(scope="module")
def files(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(package.archive) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_two_builds_are_the_same_bytes(package: Package, tmp_path: Path) -> None:
    archive, template = build(tmp_path)
    assert archive.read_bytes() == package.archive.read_bytes()
    assert template.read_bytes() == package.template.read_bytes()


def test_it_is_small(package: Package) -> None:
    assert package.archive.stat().st_size < MOST_BYTES


def test_templates_are_in_it(files: dict[str, bytes]) -> None:
    ours = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "templates").rglob("*")
        if file.suffix in {".html", ".css", ".js", ".svg"}
    }
    assert ours <= set(files)
    compiled = [name for name in files if name.startswith("templates/compiled/")]
    written = [name for name in files if name.startswith("templates/") and name.endswith((".html", ".txt"))]
    assert len(compiled) == len(written)


def test_everything_is_compiled_once_and_for_all(files: dict[str, bytes]) -> None:
    """PEP 552: bytes 4 to 8 of a .pyc are flags; unchecked, so that no source is looked for and none is needed."""
    assert not [name for name in files if name.endswith(".py")]
    bytecode = {name: body for name, body in files.items() if name.endswith(".pyc")}
    assert len(bytecode) > 300
    flags = {int.from_bytes(body[4:8], "little") for body in bytecode.values()}
    assert flags == {UNCHECKED_HASH}


def test_nothing_travels_that_does_not_run(files: dict[str, bytes]) -> None:
    """Threat 25. Nothing of a developer's machine, nothing of the tests, nothing that installs."""
    unwanted = re.compile(
        r"(^|/)(__pycache__|tests?|pip|setuptools|wheel|local|deploy|benchmarks|moto|authlib|\.git|\.venv)(/|$)"
        r"|\.env|\.dist-info/|\.pem\.key|\.pyi$|(^|/)\.[^/]*$"
    )
    assert [name for name in files if unwanted.search(name)] == []
    services = {name.split("/")[2] for name in files if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == set(SERVICES)


def test_no_secret_travels(files: dict[str, bytes], tmp_path: Path) -> None:
    """Threat 25. What lies about in a clone while it is packaged stays there."""
    markers = (b"sentinel-", b"BEGIN PRIVATE KEY-----\nM", b"BEGIN RSA PRIVATE KEY-----\nM", b"AKIA")
    found = [(name, marker) for name, body in files.items() for marker in markers if marker in body]
    assert [(name, marker) for name, marker in found if not name.startswith("botocore/")] == []


def test_every_service_that_is_asked_is_in_it() -> None:
    """Of botocore's models only those are packed; tests elsewhere have them all, and would not miss one."""
    source = "".join(file.read_text("utf-8") for file in (ROOT / "chalicelib").rglob("*.py"))
    asked = set(re.findall(r'aws\.client\(\s*"(\w+)"', source))
    assert {"kms", "sqs", "events"} <= asked, "the search works"
    assert asked | {"dynamodb", "sts"} == set(SERVICES)


@pytest.mark.parametrize("handler", HANDLERS)
def test_each_handler_finds_all_it_imports(package: Package, tmp_path: Path, handler: str) -> None:
    """Every module of ours, imported in a Python that has the zip and nothing else."""
    with zipfile.ZipFile(package.archive) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys, importlib, pathlib\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"importlib.import_module({handler!r})\n"
        f"for file in sorted(pathlib.Path({str(tmp_path)!r}, 'chalicelib').rglob('*.pyc')):\n"
        f"    name = '.'.join(file.relative_to({str(tmp_path)!r}).with_suffix('').parts)\n"
        "    importlib.import_module(name.removesuffix('.__init__'))\n"
        "import boto3, cryptography.hazmat.primitives.ciphers.aead, jinja2.ext, jwt, requests, segno, email_validator\n"
        f"for service in {SERVICES}:\n"
        "    boto3.session.Session(region_name='us-east-1').client(service)\n"
        f"outside = [name for name, module in sys.modules.items() if 'site-packages' in (getattr(module, '__file__', '') or '')]\n"
        "print(outside)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_functions_are_the_handlers(package: Package) -> None:
    found = re.findall(r'"Handler": "([\w.]+)\.\w+"', package.template.read_text())
    assert set(found) == set(HANDLERS), "what is imported below"
    assert len(found) == len(FUNCTIONS)


def test_building_leaves_the_clone_as_it_was(package: Package) -> None:
    assert package.archive.parent != BUILD
    assert not (ROOT / ".chalice" / "deployments").exists()
    assert not (ROOT / "templates" / "compiled").exists()
