#!/bin/sh
# with-clock.sh LABEL COMMAND...: runs the command and says every few seconds that it is still at it.
set -u
label=$1
shift
start=$(date +%s)
(while sleep 3 </dev/null >/dev/null 2>&1; do
    echo "  ... $label, $(($(date +%s) - start)) s"
done) &
clock=$!
trap 'kill $clock 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Cargo's moving bar and these lines would write over each other.
CARGO_TERM_PROGRESS_WHEN=never "$@"
