#!/bin/sh
# Find mono, which compiles and runs the NinjaTrader add-on for its tests, or install it where that needs no question.
# Without it those tests are skipped, except in CI, where they fail.
set -eu

if command -v mcs >/dev/null 2>&1 && command -v mono >/dev/null 2>&1; then
    exit 0
fi
echo "Installing mono for the tests of the NinjaTrader add-on."
sh "$(dirname "$0")/apt.sh" mono-mcs mono-runtime libmono-system-core4.0-cil libmono-system-net-http4.0-cil \
    || echo "No mono: the tests of the NinjaTrader add-on will be skipped."
