#!/bin/bash
# A Docker engine for the tests: docker.sh start [--no-install] | stop | status
#
# An engine that already answers (DOCKER_HOST, else the default socket) is used
# and left alone. Otherwise a private one is started with folders, socket and
# bridge of its own, so that it gets in nobody's way. Prints DOCKER_HOST=ADDRESS.
# GAVIP_TEST_STATE names its folder (/var/lib/gavip-test), GAVIP_TEST_BRIDGE its bridge
# (gavip-test0): a second private engine needs both to be other ones.
set -euo pipefail
cd "$(dirname "$0")"
. ./machine.sh

HOME_DIR="$STATE_DIR/docker"
PIDFILE="$HOME_DIR/dockerd.pid"
PRIVATE_HOST="unix://$HOME_DIR/docker.sock"
DEFAULT_HOST="unix:///var/run/docker.sock"
BRIDGE="${GAVIP_TEST_BRIDGE:-gavip-test0}"
BASE_IMAGE=debian:bookworm-slim
BY_HAND="install a Docker engine (https://docs.docker.com/engine/install/), start it, and set DOCKER_HOST if its socket is not the default one"

answers() { timeout 10 docker -H "$1" version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# address: the engine to use, the existing one first.
address() {
    local host
    command -v docker >/dev/null || return 1
    for host in "${DOCKER_HOST:-}" "$DEFAULT_HOST" "$PRIVATE_HOST"; do
        if [ -n "$host" ] && answers "$host"; then
            printf '%s\n' "$host"
            return 0
        fi
    done
    return 1
}

# free_address: a bridge address whose network this machine does not route to.
free_address() {
    local candidate
    for candidate in 172.31.240.1 10.213.0.1 192.168.240.1; do
        if [ -z "$(ip -4 route show to match "$candidate" | sed '/^default/d')" ]; then
            printf '%s/24\n' "$candidate"
            return 0
        fi
    done
    fail "no free network for the containers' bridge" "free one of 172.31.240.0/24, 10.213.0.0/24, 192.168.240.0/24"
}

outward_mtu() {
    local device
    device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    cat "/sys/class/net/${device:-none}/mtu" 2>/dev/null || echo 1500
}

make_bridge() {
    ip link show "$BRIDGE" >/dev/null 2>&1 && return 0
    ip link add "$BRIDGE" type bridge
    ip addr add "$(free_address)" dev "$BRIDGE"
    ip link set "$BRIDGE" up
}

start_private() {
    mkdir -p "$HOME_DIR"
    if runs "$PIDFILE" "$HOME_DIR"; then
        say "the private Docker engine runs but does not answer: waiting for it"
        wait_until 30 answers "$PRIVATE_HOST" && return 0
        end_process "$PIDFILE" "$HOME_DIR" 30
    fi
    make_bridge
    say "starting a private Docker engine under $HOME_DIR"
    rm -f "$PIDFILE"
    setsid dockerd --host "$PRIVATE_HOST" --bridge "$BRIDGE" --mtu "$(outward_mtu)" \
        --data-root "$HOME_DIR/data" --exec-root "$HOME_DIR/exec" --pidfile "$PIDFILE" \
        </dev/null >"$HOME_DIR/dockerd.log" 2>&1 9>&- &
    wait_until 60 answers "$PRIVATE_HOST" || {
        tail -n 5 "$HOME_DIR/dockerd.log" >&2
        fail "the Docker engine did not come up within 60 s" "look into $HOME_DIR/dockerd.log; $BY_HAND"
    }
}

# make_base_image: the image that Dockerfiles start from, where no registry has it.
make_base_image() {
    local root="$STATE_DIR/base-image" mirror
    docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return 0
    say "fetching the base image $BASE_IMAGE"
    timeout 120 docker pull -q "$BASE_IMAGE" >/dev/null 2>&1 && return 0
    say "no registry has it: making it with debootstrap (about half a minute)"
    require_debian_root "docker pull $BASE_IMAGE, with access to an image registry"
    apt_install debootstrap
    mirror=$(debian_mirror)
    rm -rf "$root"
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$STATE_DIR/debootstrap.log" 2>&1 ||
        fail "debootstrap could not make the base image" "look into $STATE_DIR/debootstrap.log"
    printf 'deb %s %s main\n' "$mirror" bookworm "$mirror" bookworm-updates \
        "${mirror%/debian*}/debian-security" bookworm-security >"$root/etc/apt/sources.list"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/{doc,man,locale,info}/*
    tar --numeric-owner -C "$root" -c . | docker import --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        - "$BASE_IMAGE" >/dev/null
    rm -rf "$root"
}

start() {
    local host
    if ! host=$(address); then
        if [ "${1:-}" != --no-install ]; then
            require_debian_root "$BY_HAND"
            apt_install docker.io iptables iproute2 ca-certificates
            host=$(address) || true # a packaged service may have come up by itself
        fi
    fi
    if [ -z "$host" ]; then
        command -v dockerd >/dev/null || fail "no Docker engine answers and none is installed" "$BY_HAND"
        [ "$(id -u)" = 0 ] || fail "starting a Docker engine needs root" "$BY_HAND"
        start_private
        host="$PRIVATE_HOST"
    fi
    export DOCKER_HOST="$host"
    make_base_image
    say "Docker engine $(docker version --format '{{.Server.Version}}') answers at $host"
    printf 'DOCKER_HOST=%s\n' "$host"
}

stop() {
    if ! runs "$PIDFILE" "$HOME_DIR"; then
        say "no private Docker engine runs; any other is left alone"
        return 0
    fi
    end_process "$PIDFILE" "$HOME_DIR" 60
    ip link delete "$BRIDGE" 2>/dev/null || true
    say "private Docker engine stopped, its images are kept in $HOME_DIR"
}

status() {
    local host
    host=$(address) || { say "no Docker engine answers"; return 1; }
    printf 'DOCKER_HOST=%s\n' "$host"
}

mkdir -p "$STATE_DIR" 2>/dev/null || true
case "${1:-}" in
start)
    if [ -w "$STATE_DIR" ]; then
        exec 9>"$STATE_DIR/docker.lock"
        flock 9
    fi
    start "${2:-}"
    ;;
stop) stop ;;
status) status ;;
*) fail "usage: docker.sh start [--no-install] | stop | status" "name one of the three" ;;
esac
