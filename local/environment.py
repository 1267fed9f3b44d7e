"""Makes the virtual environment. Runs on a bare Python: the standard library only."""

import fcntl
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "made-from"
PIP = ("-m", "pip", "--disable-pip-version-check", "-qq", "install")


def main(wanted: str) -> int:
    """Make ``.venv`` and stamp it with ``wanted``, unless someone else just did."""
    with (ROOT / "Makefile").open() as lock:
        # Two makes at once (a run and a test) must not install over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text().strip() == wanted:
            return 0
        print("Making the environment (a minute, once) …", flush=True)
        STAMP.unlink(missing_ok=True)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        if _install():
            print("The packages could not be installed; what pip said is above.", file=sys.stderr)
            return 1
        STAMP.write_text(wanted + "\n")
    print("The environment is ready.", flush=True)
    return 0


def _install() -> int:
    requirements = ("-r", "requirements-dev.txt", "-c", "requirements-lock.txt")
    return subprocess.run([ENVIRONMENT / "bin" / "python", *PIP, *requirements], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
