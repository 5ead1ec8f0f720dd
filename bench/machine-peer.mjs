/*
 * machine-peer.mjs: the definitions of bench/machine.c on npm's aws-local-stepfunctions, in memory, no calls.
 *
 *   bench_machine --definitions | node bench/machine-peer.mjs FOLDER
 *
 * FOLDER holds node_modules with the package: bench/machine.sh makes it. Prints a line of JSON a workload, in the form of
 * `bench_machine --json`. The best of the runs that fit into three seconds, one at least, as there.
 */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SECONDS_A_FIGURE = 3;
const { StateMachine } = createRequire(join(process.argv[2], "here.js"))("aws-local-stepfunctions");
const workloads = JSON.parse(readFileSync(0, "utf8"));

async function measure({ definition, input, states }) {
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const start = performance.now();
  let best = 0;
  do {
    const begun = performance.now();
    await machine.run(input).result;
    best = Math.max(best, states / ((performance.now() - begun) / 1000));
  } while (performance.now() - start < SECONDS_A_FIGURE * 1000);
  return best;
}

for (const [name, workload] of Object.entries(workloads)) {
  try {
    console.log(JSON.stringify({ name, what: workload.what, rate: Math.round(await measure(workload)) }));
  } catch (error) {
    console.log(JSON.stringify({ name, what: workload.what, error: String(error.message).slice(0, 200) }));
  }
}
