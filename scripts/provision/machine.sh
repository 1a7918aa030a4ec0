# shellcheck shell=bash
# What every provisioning script asks of the machine. Sourced, never run.
#
# Progress and errors go to standard error; standard output carries only
# NAME=value lines, so that a caller can read the addresses. No script pipes into
# "grep -q": it stops reading early, and with pipefail a match can count as a failure.

STATE_DIR="${GAVIP_TEST_STATE:-/var/lib/gavip-test}"
export DEBIAN_FRONTEND=noninteractive

say() { printf '   %s\n' "$*" >&2; }

# fail WHAT MEND: says what went wrong and how to mend it, and ends the script.
fail() {
    printf 'error: %s\n  mend: %s\n' "$1" "$2" >&2
    exit 1
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# require_debian_root BY_HAND: BY_HAND says what to install where we cannot.
require_debian_root() {
    command -v apt-get >/dev/null || fail "this is not a Debian machine (no apt-get)" "$1"
    [ "$(id -u)" = 0 ] || fail "installing needs root" "run it as root, or: $1"
}

# apt_install PACKAGE[=VERSION]...: installs what is missing, updating lists once.
apt_install() {
    local wanted=() package log="$STATE_DIR/apt.log"
    for package in "$@"; do
        installed "${package%%=*}" || wanted+=("$package")
    done
    [ ${#wanted[@]} -gt 0 ] || return 0
    mkdir -p "$STATE_DIR"
    (
        flock 8
        say "installing ${wanted[*]} (log: $log)"
        if ! apt_get install "${wanted[@]}" >"$log" 2>&1; then
            apt_get update >>"$log" 2>&1 || true
            apt_get install "${wanted[@]}" >>"$log" 2>&1
        fi
    ) 8>"$STATE_DIR/apt.lock" || {
        tail -n 5 "$log" >&2
        fail "apt-get could not install: ${wanted[*]}" \
            "look into $log; check the network and /etc/apt/sources.list"
    }
}

apt_get() {
    local verb="$1"
    shift
    if [ "$verb" = update ]; then
        apt-get update
    else
        apt-get "$verb" -y --no-install-recommends --allow-downgrades \
            -o DPkg::Lock::Timeout=300 "$@" </dev/null 8>&-
    fi
}

# debian_mirror: the mirror that this machine's own apt uses.
debian_mirror() {
    local mirror
    # shellcheck disable=SC2016 # apt itself fills this in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1)
    printf '%s\n' "${mirror:-http://deb.debian.org/debian/}"
}

# wait_until SECONDS COMMAND...: waits on a condition, asking twice a second.
wait_until() {
    local tries=$(($1 * 2))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.5
    done
}

# runs PIDFILE WORD: is the process of PIDFILE alive, and WORD in its command line?
# (A process id can be another program's by now.)
runs() {
    local pid command
    pid=$(cat "$1" 2>/dev/null) || return 1
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/${pid:-none}/cmdline") || return 1
    [[ $command == *"$2"* ]]
}

# end_process PIDFILE WORD SECONDS: asks the process to end, then makes it.
end_process() {
    local pid
    runs "$1" "$2" || return 0
    pid=$(cat "$1")
    kill "$pid"
    wait_until "$3" eval "! kill -0 $pid" || kill -KILL "$pid"
}
