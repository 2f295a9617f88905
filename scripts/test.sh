#!/bin/sh
# All tests of the workspace: with cargo-nextest when it is installed, else with cargo test.
# Profile `dev` (opt-level 1): on two cores the time goes into compiling, and release takes longer in all.
set -eu
cargo=${CARGO:-cargo}
here=$(dirname "$0")

if $cargo nextest --version >/dev/null 2>&1; then
    "$here/with-clock.sh" "compiling the tests" $cargo nextest run --workspace --no-run
    exec "$here/with-clock.sh" "testing" $cargo nextest run --workspace --no-fail-fast "$@"
fi
"$here/with-clock.sh" "compiling the tests" $cargo test --workspace --no-run
exec "$here/with-clock.sh" "testing" $cargo test --workspace --no-fail-fast "$@"
