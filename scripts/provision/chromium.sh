#!/bin/bash
# Chromium for the browser tests: chromium.sh start [--no-install] | status
#
# "start" makes sure that it is there; nothing keeps running. Prints CHROMIUM=PATH.
set -euo pipefail
cd "$(dirname "$0")"
. ./machine.sh

BY_HAND="install Chromium with your system's packages, or set CHROMIUM to the browser's path"

path() {
    local candidate
    for candidate in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then
            printf 'CHROMIUM=%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

case "${1:-}" in
start)
    if ! path >/dev/null; then
        [ "${2:-}" != --no-install ] || fail "Chromium is not installed" "$BY_HAND"
        require_debian_root "$BY_HAND"
        apt_install chromium fonts-dejavu-core
    fi
    path || fail "Chromium is not where it was installed to" "$BY_HAND"
    ;;
status) path || { say "Chromium is not installed"; exit 1; } ;;
*) fail "usage: chromium.sh start [--no-install] | status" "name one of the two" ;;
esac
