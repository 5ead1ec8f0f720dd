#!/usr/bin/env bash
#
# machine.sh [BUILD]: states a second of our interpreter and of npm's aws-local-stepfunctions, in turns on the same machine.
#
# BUILD is an optimised build folder (default: what tools/build makes of `release`). The peer is installed by npm into a
# folder of its own (PEER_FOLDER keeps it; else it is made under TMPDIR and removed). Without node, npm or the network only
# our own figures come, and a line that says so.
set -eu

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
build=${1:-$("$root/tools/build" release)}
bench=$build/bench/bench_machine
ninja -C "$build" --quiet bench/bench_machine >&2
peer=${PEER_FOLDER:-}
package=aws-local-stepfunctions@3.0.0

if [ -z "$peer" ]; then
        peer=$(mktemp -d)
        trap 'rm -rf -- "$peer"' EXIT
fi

install_peer() {
        command -v node >/dev/null && command -v npm >/dev/null || return 1
        [ -d "$peer/node_modules/aws-local-stepfunctions" ] && return 0
        npm install --silent --no-fund --no-audit --prefix "$peer" "$package" >/dev/null 2>&1
}

if ! install_peer; then
        echo "skipped: $package needs node, npm and a registry that npm can reach; our own figures:"
        exec "$bench"
fi
"$bench" --json >"$peer/ours"
"$bench" --definitions | node "$root/bench/machine-peer.mjs" "$peer" >"$peer/theirs"
node - "$peer/ours" "$peer/theirs" <<'EOF'
const { readFileSync } = require("fs");
const lines = (path) => readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const [ours, theirs] = process.argv.slice(2).map(lines);
const row = (...cells) => console.log(cells[0].padEnd(38), ...cells.slice(1).map((cell) => String(cell).padStart(14)));
row("states a second", "records only", "and written", "peer", "ratio", "ratio written");
for (const { name, records, written } of ours) {
  const their = theirs.find((line) => line.name === name);
  if (their.error) row(their.what, records, written, "fails:", their.error);
  else row(their.what, records, written, their.rate, (records / their.rate).toFixed(1), (written / their.rate).toFixed(1));
}
EOF
