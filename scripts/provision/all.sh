#!/bin/bash
# Everything real that the tests need: a Docker engine, Chromium, a TAP service.
#
# Prints NAME=value lines and keeps them in $GAVIP_TEST_STATE/provisioned.env.
# What could not be had is named at the end; the exit status is then 1.
set -uo pipefail
cd "$(dirname "$0")" || exit
. ./machine.sh

began=$(date +%s)
missing=()
addresses=""
for part in docker chromium dachs; do
    say "$part:"
    if lines=$(./"$part.sh" start); then
        addresses+="$lines"$'\n'
    else
        missing+=("$part")
    fi
done
[ ! -w "$STATE_DIR" ] || printf '%s' "$addresses" >"$STATE_DIR/provisioned.env"
printf '%s' "$addresses"
say "provisioned in $(($(date +%s) - began)) s"
[ ${#missing[@]} -eq 0 ] || fail "could not be provided: ${missing[*]}" \
    "see above; tests that need them are skipped, or fail with CI=true or GAVIP_REQUIRE=1"
