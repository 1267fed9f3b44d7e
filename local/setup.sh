#!/bin/sh
# Makes .venv, once, and again when the requirement files change. Finds a suitable Python by running it: a name on the
# PATH proves nothing (pyenv leaves shims for versions that are not active, Debian a python3 without venv).
set -u
cd "$(dirname "$0")/.." || exit 1

suits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

# 3.13 and 3.12 first: the versions that the product is tested on and that Lambda runs.
find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.14 python3 python \
        "${HOME:-/nowhere}"/.pyenv/versions/3.13*/bin/python3 "${HOME:-/nowhere}"/.pyenv/versions/3.1[2-9]*/bin/python3; do
        if suits "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

if [ -n "${PYTHON:-}" ] && ! suits "$PYTHON"; then
    echo "PYTHON=$PYTHON is no Python 3.12 or newer with its venv module." >&2
    exit 1
fi

wanted=$(cat requirements.txt requirements-dev.txt requirements-lock.txt | cksum)
made=$(cat .venv/made-from 2>/dev/null)
if [ "$made" = "$wanted" ] && suits .venv/bin/python; then
    exit 0
fi

python=$(find_python) || {
    echo "Client Connect needs Python 3.12 or newer (with its venv module), and none was found: install it, or name it with make PYTHON=/path/to/python3." >&2
    exit 1
}
# -P: local/ holds a token.py, which must not stand before the standard one.
exec "$python" -P local/environment.py "$wanted"
