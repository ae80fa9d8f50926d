#!/bin/sh
# Make the environment .venv with the first Python 3.11 or later that is found.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    for candidate in python3.11 python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Signalbox needs Python 3.11 or later: please install python3.11." >&2
    return 1
}

make_venv() {
    "$python" -m venv "$@" .venv || { rm -rf .venv; return 1; }
}

python=$(find_python)
echo "Making the environment .venv with $("$python" --version)."
if "$python" -c 'import ensurepip' 2>/dev/null; then
    make_venv
elif sh scripts/apt.sh "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; then
    make_venv
else
    echo "Taking pip from PyPI instead."
    make_venv --without-pip
    .venv/bin/python scripts/fetch_pip.py || { rm -rf .venv; exit 1; }
fi
