#!/bin/bash
# A real TAP service with 482,106 real Gaia DR3 stars, for the tests:
# dachs.sh start [--no-install] | stop | status
#
# DaCHS runs in a container of the tests' Docker engine. The stars are loaded when
# its image is built, so a later start takes seconds. Prints TAP_URL=ADDRESS and
# CONTAINER_TAP_URL=ADDRESS, the same service as containers reach it.
# GAVIP_TAP_PORT changes the port (8080). PYTHON names a Python with pip, astropy and
# pyarrow; the default is the project's .venv. A service that TAP_URL already names is
# used and left alone.
set -euo pipefail
cd "$(dirname "$0")"
. ./machine.sh

PORT="${GAVIP_TAP_PORT:-8080}"
GIVEN_URL="${TAP_URL:-}"
TAP_URL="${TAP_URL:-http://127.0.0.1:$PORT/tap}"
CONTAINER=gavip-test-dachs
BY_HAND="run scripts/provision/all.sh once (about four minutes), or set TAP_URL to a service that has the table gaiadr3.gaia_source_lite"

python() {
    local venv=../../.venv/bin/python
    if [ -n "${PYTHON:-}" ]; then "$PYTHON" "$@"
    elif [ -x "$venv" ]; then "$venv" "$@"
    else python3 "$@"
    fi
}

# The image's name carries a hash of what it is made from: a change builds anew.
IMAGE="$CONTAINER:$(cat dachs/*.* dachs/Dockerfile | sha256sum | cut -c 1-12)"

answers() {
    python -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=5)' \
        "$TAP_URL/availability" >/dev/null 2>&1
}

# gateway: this machine's address on the containers' bridge, if it has one.
gateway() {
    local address
    address=$(docker network inspect bridge \
        --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}' | cut -d ' ' -f 1)
    [ -n "$address" ] && [ -n "$(ip -4 -o addr show to "$address" 2>/dev/null)" ] && echo "$address"
}

build() {
    local context="$STATE_DIR/dachs" log="$STATE_DIR/dachs-build.log"
    mkdir -p "$context"
    say "fetching the Gaia stars"
    if ! python ../make_stars.py "$context" >"$log" 2>&1 ||
        ! python dachs/stars.py "$context/stars.parquet" "$context/stars.csv" >>"$log" 2>&1; then
        tail -n 5 "$log" >&2
        fail "the Gaia stars could not be made" "look above; set PYTHON to a Python with pip, astropy and pyarrow"
    fi
    cp dachs/{Dockerfile,gavo.rc,q.rd,serve.sh} "$context/"
    printf '*\n!gavo.rc\n!q.rd\n!serve.sh\n!stars.csv\n' >"$context/.dockerignore"
    say "building the DaCHS image and loading the stars (three to four minutes, log: $log)"
    docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
    docker build --force-rm --tag "$IMAGE" "$context" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        fail "the DaCHS image could not be built" "look into $log; check that containers reach Debian's packages"
    }
    rm -rf "$context"
}

run() {
    local address error
    local options=(--publish "127.0.0.1:$PORT:8080")
    if address=$(gateway); then
        options+=(--publish "$address:$PORT:8080" --env "SERVER_URL=http://$address:$PORT")
    else
        options+=(--env "SERVER_URL=http://127.0.0.1:$PORT")
    fi
    docker rm --force "$CONTAINER" >/dev/null 2>&1 || true
    error=$(docker run --detach --name "$CONTAINER" "${options[@]}" "$IMAGE" 2>&1 >/dev/null) ||
        fail "the TAP service could not take port $PORT: $error" "free the port, or set GAVIP_TAP_PORT to another"
}

# current: does a container of today's image, port and bridge exist?
current() {
    local address found
    address=$(gateway) || address=127.0.0.1
    found=$(docker inspect "$CONTAINER" \
        --format '{{.Config.Image}} {{json .HostConfig.PortBindings}}' 2>/dev/null) || return 1
    [[ $found == "$IMAGE "*"{\"HostIp\":\"$address\",\"HostPort\":\"$PORT\"}"* ]]
}

# forget_old_images: what earlier recipes left.
forget_old_images() {
    local old
    docker images --format '{{.Repository}}:{{.Tag}}' "$CONTAINER" | while read -r old; do
        [ "$old" = "$IMAGE" ] || docker rmi "$old" >/dev/null 2>&1 || true
    done
}

print_addresses() {
    local address
    address=$(gateway) || address=127.0.0.1
    printf 'TAP_URL=%s\nCONTAINER_TAP_URL=http://%s:%s/tap\n' "$TAP_URL" "$address" "$PORT"
}

start() {
    if ! docker image inspect "$IMAGE" >/dev/null 2>&1; then
        [ "${1:-}" != --no-install ] || fail "the TAP service was never built here" "$BY_HAND"
        build
    fi
    if ! current || ! docker start "$CONTAINER" >/dev/null 2>&1; then
        run
        forget_old_images
    fi
    wait_until 60 answers || {
        docker logs --tail 10 "$CONTAINER" >&2
        fail "the TAP service did not answer at $TAP_URL within 60 s" "look into: docker logs $CONTAINER"
    }
    say "TAP service with 482,106 Gaia DR3 stars answers at $TAP_URL"
    print_addresses
}

stop() {
    docker stop --time 20 "$CONTAINER" >/dev/null 2>&1 || true
    say "TAP service stopped, its image is kept"
}

status() {
    answers || { say "no TAP service answers at $TAP_URL"; return 1; }
    print_addresses
}

use_engine() {
    local line
    line=$(./docker.sh "$@") || exit 1
    export "${line?}"
}

given() {
    answers || fail "no TAP service answers at $TAP_URL" "mend TAP_URL, or unset it to use the tests' own service"
    printf 'TAP_URL=%s\nCONTAINER_TAP_URL=%s\n' "$TAP_URL" "${CONTAINER_TAP_URL:-$TAP_URL}"
}

if [ -n "$GIVEN_URL" ] && [ "${1:-}" != stop ]; then
    given
    exit
fi

case "${1:-}" in
start)
    use_engine start ${2:+"$2"}
    if [ -w "$STATE_DIR" ]; then
        exec 9>"$STATE_DIR/dachs.lock"
        flock 9
    fi
    start "${2:-}"
    ;;
stop) use_engine status && stop ;;
status) use_engine status && status ;;
*) fail "usage: dachs.sh start [--no-install] | stop | status" "name one of the three" ;;
esac
