"""Makes a virtual environment. Runs on a bare Python: the standard library only."""

import fcntl
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = {
    "development": (".venv", ("-r", "requirements-dev.txt", "-c", "requirements-lock.txt")),
    "rehearsal": (".venv-rehearsal", ("-r", "requirements-rehearsal.txt", "-c", "requirements-rehearsal-lock.txt")),
}
PIP = ("-m", "pip", "--disable-pip-version-check", "-qq", "install")


def main(wanted: str, kind: str = "development") -> int:
    """Make the environment of this kind and stamp it with ``wanted``, unless someone else just did."""
    folder, requirements = ENVIRONMENTS[kind]
    environment = ROOT / folder
    stamp = environment / "made-from"
    with (ROOT / "Makefile").open() as lock:
        # Two makes at once (a run and a test) must not install over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text().strip() == wanted:
            return 0
        print(f"Making the {kind} environment (a minute, once) …", flush=True)
        stamp.unlink(missing_ok=True)
        venv.create(environment, with_pip=True, clear=True)
        if _install(environment, requirements):
            print("The packages could not be installed; what pip said is above.", file=sys.stderr)
            return 1
        stamp.write_text(wanted + "\n")
    print("The environment is ready.", flush=True)
    return 0


def _install(environment: Path, requirements: tuple[str, ...]) -> int:
    return subprocess.run([environment / "bin" / "python", *PIP, *requirements], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
