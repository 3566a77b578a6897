#!/usr/bin/env bash
# Builds the native module and the package, packs them, installs what was packed into an empty folder, and runs every
# test against that: the behaviours that all SDKs share, OpenWA's own names, webhooks, types, Node 18, 20 and 22.
#
#     bindings-node/test.sh           everything
#     bindings-node/test.sh NAME...   only the test files whose name contains one of these words
#
# OPENWA_BINARY is the gateway with the sandbox: target/debug/openwa unless set.
set -euo pipefail
cd "$(dirname "$0")"

# Options for the run of the tests, such as a reporter, are not for what is built before.
options="${NODE_OPTIONS:-}"
unset NODE_OPTIONS

target="${CARGO_TARGET_DIR:-$PWD/../target}"
export OPENWA_BINARY="${OPENWA_BINARY:-$target/debug/openwa}"
[ -x "$OPENWA_BINARY" ] || { echo "$OPENWA_BINARY is not there: build it with 'cargo b', or set OPENWA_BINARY." >&2; exit 1; }

# Installs from the lock file, when that is another one than was installed.
install() {
    cmp -s "$1/package-lock.json" "$1/node_modules/.openwa-lock" && return
    npm ci --prefix "$1" --no-audit --no-fund --ignore-scripts --loglevel=error
    cp "$1/package-lock.json" "$1/node_modules/.openwa-lock"
}
install .
install test/nodes

cargo build --quiet --locked --release --package openwa-node
platform="$(node -p 'process.platform + "-" + process.arch + (process.report.getReport().header.glibcVersionRuntime ? "-gnu" : "-musl")')"
# Nobody reads symbols from a package, and they are a quarter of the file.
strip -o "openwa.$platform.node" "$target/release/libopenwa_node.so"
rm -rf dist
npm run --silent build
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
node scripts/release.mjs "$work"
# Who tests programs over the package takes it from here.
mkdir -p release
cp "$work"/*.tgz release/
export OPENWA_TEST_APP="$work/app"
mkdir "$OPENWA_TEST_APP"
echo '{ "private": true }' > "$OPENWA_TEST_APP/package.json"
npm install --prefix "$OPENWA_TEST_APP" --offline --no-audit --no-fund --ignore-scripts --loglevel=error "$work"/*.tgz

files=(test/*.test.mjs)
if [ $# -gt 0 ]; then
    files=()
    for word in "$@"; do files+=(test/*"$word"*.test.mjs); done
fi
NODE_OPTIONS="$options" node --expose-gc --test --test-concurrency=2 "${files[@]}"
