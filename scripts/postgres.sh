#!/bin/sh
# Find a PostgreSQL for the store tests, or install it where that needs no question.
# Without it those tests are skipped, except in CI, where they fail.
set -eu

if [ -n "${TEST_POSTGRES_URL:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
echo "Installing PostgreSQL for the store tests."
sh "$(dirname "$0")/apt.sh" postgresql || echo "No PostgreSQL: its store tests will be skipped."
