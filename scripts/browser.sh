#!/bin/sh
# Find Chromium for the browser tests, or install it where that needs no question.
# Without it those tests are skipped, except in CI, where they fail.
set -eu
cd "$(dirname "$0")/.."

if .venv/bin/python tests/support/chromium.py 2>/dev/null; then
    exit 0
fi
echo "Installing Chromium for the browser tests."
# Ubuntu's chromium package only points at a snap; Playwright's own build runs there.
if grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then
    .venv/bin/python -m playwright install --with-deps chromium || true
else
    # Playwright's own Node.js needs libatomic, which a small Debian has not.
    sh scripts/apt.sh chromium libatomic1 || true
fi
.venv/bin/python tests/support/chromium.py || echo "No Chromium: the browser tests will be skipped."
