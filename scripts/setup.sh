#!/bin/sh
# Installs the apt packages that are missing, and nothing when none is.
#   scripts/setup.sh            what build, demo and tests need
#   scripts/setup.sh --python   what scripts/setup-python.sh needs
set -eu

fail() {
    echo "setup: $*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

missing=""
want() { missing="$missing $1"; }

if [ "${1:-}" = "--python" ]; then
    # Debian has a python3 whose venv module lacks ensurepip until python3-venv is there.
    have python3 || want python3
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || want python3-venv
else
    have cargo || fail "Rust is missing: install Rust 1.85 or newer with rustup, then run make again"
    have make || want make
    have g++ || want g++
    have verilator || want verilator
    # The waveform writer of Verilator's runtime compresses with zlib.
    [ -f /usr/include/zlib.h ] || want zlib1g-dev
fi

if [ -n "$missing" ]; then
    have apt-get || fail "missing:$missing. No apt-get here: install them with your system's package manager"
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || fail "missing:$missing. No sudo here: as root run apt-get install$missing"
        sudo="sudo"
    fi
    echo "setup: installing$missing"
    # shellcheck disable=SC2086
    { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } ||
        fail "apt-get failed, its message is above; install$missing by hand and run make again"
fi

if [ "${1:-}" != "--python" ]; then
    version=$(verilator --version | awk '{ print $2 }')
    [ "${version%%.*}" -ge 5 ] 2>/dev/null || fail "Verilator $version is too old: 5.006 or newer is needed (Debian 12, Ubuntu 24.04)"
    echo "setup: Verilator $version, $(g++ -dumpfullversion -dumpversion | sed 's/^/g++ /'), $(cargo --version | cut -d' ' -f1-2)"
fi
