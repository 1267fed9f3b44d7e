"""`make package`: the zip and the template that are deployed, the same bytes from the same clone.

Chalice builds them in a clean copy; then the zip is finished for a cold start. Lambda's folder is read-only: a module
without bytecode is compiled again at every cold start, and a stale one would be checked against its source. So the zip
holds bytecode only (unchecked-hash, PEP 552), of the very Python that the template asks for.
"""

import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from deploy.pruning import pruned
from deploy.template import merged

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
STAGE = "production"
"""Chalice's stage, which only names its configuration. The stack's own stage is a parameter."""

_SOURCES = (".py", ".json")
_NOT_OURS = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def build(to: Path = BUILD) -> tuple[Path, Path]:
    """Make ``deployment.zip`` and ``template.json`` in ``to``; their paths."""
    with tempfile.TemporaryDirectory() as name:
        clean = Path(name)
        _copy(clean)
        _chalice_package(clean)
        files = pruned(_unzipped(clean / "out" / "deployment.zip"))
        template = json.loads((clean / "out" / "sam.json").read_text("utf-8"))
    to.mkdir(parents=True, exist_ok=True)
    _write_zip(_compiled(files), to / "deployment.zip")
    (to / "template.json").write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", "utf-8")
    return to / "deployment.zip", to / "template.json"


def _copy(clean: Path) -> None:
    """What git would give a clone, whatever lies about in this one; and the templates turned to Python."""
    from deploy.pages import renderer

    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, clean)
    shutil.copytree(ROOT / "chalicelib", clean / "chalicelib", ignore=_NOT_OURS)
    for file in (clean / "chalicelib").rglob("*"):
        if file.is_file() and file.suffix not in _SOURCES:
            file.unlink()
    (clean / ".chalice").mkdir()
    shutil.copy(ROOT / ".chalice" / "config.json", clean / ".chalice")
    shutil.copytree(ROOT / "templates", clean / "vendor" / "templates", ignore=_NOT_OURS)
    renderer().compile(clean / "vendor" / "templates" / "compiled")
    (clean / "merge.json").write_text(json.dumps(merged()), "utf-8")


def _chalice_package(clean: Path) -> None:
    command = (
        Path(sys.executable).parent / "chalice",
        "package",
        "--stage",
        STAGE,
        "--merge-template",
        "merge.json",
        "out",
    )
    done = subprocess.run(
        command,
        cwd=clean,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def _unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def _compiled(files: dict[str, bytes]) -> dict[str, bytes]:
    """Every ``x.py`` becomes ``x.pyc`` in its place; what is no Python stays."""
    return {
        (f"{name}c" if name.endswith(".py") else name): (_bytecode(name, body) if name.endswith(".py") else body)
        for name, body in files.items()
    }


def _bytecode(name: str, source: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source.py"
        file.write_bytes(source)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        made = py_compile.compile(
            str(file), str(file) + "c", dfile=name, doraise=True, optimize=0, invalidation_mode=mode
        )
        return Path(str(made)).read_bytes()


def _write_zip(files: dict[str, bytes], path: Path) -> None:
    """Names in order, one date, one mode: the same files give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
