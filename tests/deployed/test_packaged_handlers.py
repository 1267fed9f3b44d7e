"""The tests of what no emulator shows (hosts, poison, wrong records, KMS, SES), against the bytes that ship.

The same tests run against the source elsewhere; here `app` and `chalicelib` come out of the zip.
"""

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.deployed.conftest import Package

ROOT = Path(__file__).parents[2]
THREATS = {16, 27, 28, 33, 38}
OURS = ("app.pyc", "chalicelib/", "templates/")


def _tests() -> Iterator[str]:
    for file in sorted((ROOT / "tests" / "security").glob("test_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                numbers = re.match(r"Threats? ([\d, –]+)\.", ast.get_docstring(node) or "")
                if numbers and THREATS & {int(number) for number in re.findall(r"\d+", numbers[1])}:
                    yield f"{file.relative_to(ROOT)}::{node.name}"


def test_threats_16_27_28_33_and_38_on_the_packaged_handlers(package: Package, tmp_path: Path) -> None:
    """Threats 16, 27, 28, 33, 38."""
    with zipfile.ZipFile(package.archive) as archive:
        for name in archive.namelist():
            if name.startswith(OURS):
                archive.extract(name, tmp_path)
    wanted = list(_tests())
    assert len(wanted) > 20, wanted
    (tmp_path / "whence.py").write_text(
        "import app, chalicelib, pathlib\n"
        f"home = pathlib.Path({str(tmp_path)!r})\n"
        "assert {home} == {pathlib.Path(app.__file__).parent, pathlib.Path(chalicelib.__file__).parents[1]}\n"
    )
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "whence")
    done = subprocess.run(
        [*command, "-o", f"pythonpath={tmp_path} {ROOT}", *wanted],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "SLIPCOVER"))}
        | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    print(done.stdout[-200:])
