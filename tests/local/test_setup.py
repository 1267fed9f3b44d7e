"""`make` finds a Python that works, or says in one line what is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "cksum", "dirname")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout on a machine with a shell and no Python."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    (tmp_path / "local").mkdir()
    shutil.copy(ROOT / "local" / "setup.sh", tmp_path / "local")
    # Only says what it was run with: making a real environment takes a minute.
    (tmp_path / "local" / "environment.py").write_text("import sys; print('made by', sys.executable, sys.argv[1])")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-lock.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def setup(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "local/setup.sh"],
        cwd=machine,
        env={"PATH": str(machine / "bin"), "HOME": str(machine)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_without_python_one_line_says_so(machine: Path) -> None:
    done = setup(machine)
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("Client Connect needs Python 3.12 or newer")


def test_names_that_do_not_run_are_passed_over(machine: Path) -> None:
    program(machine / "bin" / "python3.13", "#!/bin/sh\necho 'shim: command not found' >&2\nexit 127\n")
    program(machine / "bin" / "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    done = setup(machine)
    assert done.returncode == 0
    assert done.stdout.startswith("made by")
    assert done.stderr == ""


def test_pyenvs_versions_are_found_without_a_path(machine: Path) -> None:
    place = machine / ".pyenv" / "versions" / "3.12.7" / "bin"
    place.mkdir(parents=True)
    program(place / "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert setup(machine).returncode == 0


def test_a_chosen_python_must_do(machine: Path) -> None:
    done = setup(machine, PYTHON="/no/such/python")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["PYTHON=/no/such/python is no Python 3.12 or newer with its venv module."]


def test_an_environment_of_the_same_requirements_is_kept(machine: Path) -> None:
    made = setup(machine, PYTHON=sys.executable).stdout.split(maxsplit=3)[3]
    (machine / ".venv" / "bin").mkdir(parents=True)
    program(machine / ".venv" / "bin" / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (machine / ".venv" / "made-from").write_text(made)
    assert setup(machine, PYTHON=sys.executable).stdout == ""
    with (machine / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert setup(machine, PYTHON=sys.executable).stdout.startswith("made by")
