#!/bin/sh
# Install Debian packages where that needs no question; elsewhere say what to install, and exit 1.
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install with your package manager what Debian calls: $*" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    as_root="env"
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
else
    echo "Please run: sudo apt-get install $*" >&2
    exit 1
fi

apt() {
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

# The lock of the lists has no timeout of its own, and a machine that has just started updates them.
for wait in 5 15 30 0; do
    apt update && break
    sleep "$wait"
done
apt install -y --no-install-recommends "$@"
